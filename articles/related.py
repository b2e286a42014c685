"""Which articles go with one: those that share its tags, and among them those that share its words.

An article's own companions are found when it is published. For others something may have changed with it: a nearer one
came, one went, tags became one. They are written down as due, and the worker looks at them within seconds.
"""

import re
import time
from collections.abc import Collection, Iterable, Sequence

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet

from articles.cache_tags import purge_pages
from articles.models import Publication, RelatedRefresh
from core import doorbell
from core.pagecache import bump

SHOWN = 3
NEIGHBOURS = 30
CONSIDERED = 300
MAX_WORDS = 12
AT_ONCE = 200
RUN_SECONDS = 20


def relate(publication: Publication) -> list[Publication]:
    """Find an article's companions and keep them with it."""
    companions = _nearest(publication, SHOWN)
    publication.related.set(companions)
    return companions


def relate_with_neighbours(publication: Publication) -> None:
    """The same for an article that is new or changed; and have those thought over that it may now be nearest to."""
    near = [neighbour.pk for neighbour in _nearest(publication, NEIGHBOURS)]
    publication.related.set(near[:SHOWN])
    refresh_later({*near, *shown_with(publication).values_list("pk", flat=True)})


def relate_all(numbers: Collection[int]) -> None:
    """Find the companions of many articles, each once; others that they name think again."""
    named = _relate_each(sorted(numbers))
    _relate_each(sorted(named.difference(numbers)))
    bump()


def _relate_each(numbers: Sequence[int]) -> set[int]:
    """Find companions, a few hundred articles at a time; return who they are."""
    named: set[int] = set()
    for start in range(0, len(numbers), AT_ONCE):
        with transaction.atomic():
            for publication in Publication.objects.filter(pk__in=numbers[start : start + AT_ONCE]):
                named.update(companion.pk for companion in relate(publication))
    return named


def shown_with(publication: Publication) -> QuerySet[Publication]:
    """Those whose pages show this one as a companion."""
    return Publication.objects.filter(related=publication)


def refresh_later(keys: Iterable[int]) -> None:
    """Have these publications' companions found anew, soon after the transaction.

    A row that is there already is written again, which locks it: the worker must not take it before what we did is
    to be seen. In one order, so that two who do this wait for each other and not in a circle.
    """
    if rows := [RelatedRefresh(publication_id=key) for key in sorted(keys)]:
        RelatedRefresh.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["asked_at"], unique_fields=["publication"]
        )
        doorbell.ring("articles.tasks.refresh_related")


def refresh_due() -> int:
    """Find the companions of what is due, the newest first, for some seconds; return how many were looked at."""
    looked, changed, until = 0, list[str](), time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        try:
            slug = _refresh_next()
        except IntegrityError:
            continue  # a companion was taken down in this moment
        if slug is None:
            break
        changed += [slug] if slug else []
        looked += 1
    if changed:
        with transaction.atomic():
            bump()
            purge_pages(changed)
    return looked


@transaction.atomic
def _refresh_next() -> str | None:
    """Find the companions of one that is due; its slug if they changed, "" if not, None where none is due."""
    free = RelatedRefresh.objects.select_for_update(skip_locked=True, of=("self",))
    row = free.select_related("publication").first()
    if row is None:
        return None
    publication = row.publication
    row.delete()  # first, so that whoever asks meanwhile waits, and asks anew
    before = set(publication.related.values_list("pk", flat=True))
    has_changed = before != {companion.pk for companion in relate(publication)}
    return publication.slug if has_changed else ""


def _nearest(publication: Publication, count: int) -> list[Publication]:
    """Among the newest that share a tag (else the category): the most tags first, then the nearest words."""
    others = Publication.objects.live().exclude(pk=publication.pk)
    tags = list(publication.tags.values_list("pk", flat=True))
    near = others.filter(tags__in=tags) if tags else others.filter(category=publication.category_id)
    newest = near.values("pk", "published_at").distinct().order_by("-published_at", "-pk")[:CONSIDERED]
    shared = Count("tags", filter=Q(tags__in=tags), distinct=True)
    ranked = Publication.objects.filter(pk__in=newest.values("pk")).annotate(shared=shared)
    words = re.findall(r"[A-Za-z]{4,}", f"{publication.title} {publication.standfirst}")[:MAX_WORDS]
    if words:
        query = SearchQuery(" | ".join(words), search_type="raw", config="english")
        ranked = ranked.annotate(rank=SearchRank(F("search"), query)).order_by("-shared", "-rank", "-published_at")
    else:
        ranked = ranked.order_by("-shared", "-published_at")
    return list(ranked.only("pk", "title", "standfirst", "category")[:count])
