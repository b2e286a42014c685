"""What leads the front page and a section: the stories pinned there that are live, in their order."""

from collections import defaultdict
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, DateTimeField, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from articles.models import MostRead, Pin, Publication

MOST = 12  # in one place


def standing() -> QuerySet[Any]:
    """The pins whose time is not over."""
    return Pin.objects.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()))


class Front(NamedTuple):
    """The publications that the front page chooses from, by key: what is pinned in each place, the newest, the most read."""

    pinned: dict[int | None, list[int]]  # by the key of the category; None is the front page
    newest: list[int]
    read: list[int]


def front(number: int) -> Front:
    """All of it in one query; of the newest, `number` and as many as may be pinned besides."""
    none, no_time = Cast(Value(None), BigIntegerField()), Cast(Value(None), DateTimeField())
    live: dict[str, Any] = {"article__publication__isnull": False}
    of_article, columns = F("article__publication"), ("what", "place", "number", "at", "key")
    pins = standing().filter(**live).order_by()
    read = MostRead.objects.filter(**live).order_by()
    newest = Publication.objects.live()[: number + MOST]
    parts = [
        pins.annotate(what=Value("pin"), place=F("category"), number=F("position"), at=no_time, key=of_article),
        read.annotate(what=Value("read"), place=none, number=F("rank"), at=no_time, key=of_article),
        newest.annotate(what=Value("newest"), place=none, number=Value(0), at=F("published_at"), key=F("pk")),
    ]
    first, *others = (part.values_list(*columns) for part in parts)
    found = Front(defaultdict(list), [], [])
    rows = sorted(
        first.union(*others, all=True), key=lambda row: (row[2], -row[3].timestamp() if row[3] else 0, -row[4])
    )
    for what, place, _, _, key in rows:
        {"pin": found.pinned[place], "read": found.read, "newest": found.newest}[what].append(key)
    return found


def of_category() -> ArraySubquery:
    """What is pinned in a category, as a column of it."""
    rows = standing().filter(category=OuterRef("pk"), article__publication__isnull=False)
    return ArraySubquery(rows.order_by("position", "pk").values("article__publication"))
