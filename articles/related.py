"""Related articles: the ones that share most tags with an article and, among these, most words.

An article's own are found when it is published. That may change those of others as well, as may taking an article down
or merging tags. A row in `RelatedRefresh` asks for each of them to be refreshed, and the worker does so within seconds.
"""

import logging
import re
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Q, QuerySet

from articles.cache_tags import purge_pages
from articles.models import Publication, RelatedRefresh
from core import doorbell
from core.pagecache import bump

logger = logging.getLogger(__name__)

SHOWN = 3
NEIGHBOURS = 30
CONSIDERED = 300
MAX_WORDS = 12
AT_ONCE = 200
RUN_SECONDS = 20


def relate(publication: Publication) -> list[Publication]:
    """Find the related articles of one, and store them."""
    found = _nearest(publication, SHOWN)
    publication.related.set(found)
    return found


def relate_with_neighbours(publication: Publication) -> None:
    """The same for an article that is new or changed; and refresh those that it may now be related to."""
    near = [neighbour.pk for neighbour in _nearest(publication, NEIGHBOURS)]
    publication.related.set(near[:SHOWN])
    refresh_later({*near, *shown_with(publication).values_list("pk", flat=True)})


def relate_all(numbers: Collection[int]) -> None:
    """Find the related articles of many, and then once more those of the articles found."""
    found = _relate_each(sorted(numbers))
    _relate_each(sorted(found.difference(numbers)))
    bump()


def _relate_each(numbers: Sequence[int]) -> set[int]:
    """Find the related articles of some, a few hundred at a time; return the keys of all that were found."""
    found: set[int] = set()
    through = Publication.related.through
    for start in range(0, len(numbers), AT_ONCE):
        with transaction.atomic():
            some = Publication.objects.filter(pk__in=numbers[start : start + AT_ONCE]).prefetch_related("tags")
            near = {publication.pk: [other.pk for other in _nearest(publication, SHOWN)] for publication in some}
            rows = [through(from_publication_id=key, to_publication_id=other) for key in near for other in near[key]]
            through.objects.filter(from_publication__in=near).delete()
            through.objects.bulk_create(rows, ignore_conflicts=True)
            found.update(*near.values())
    return found


def shown_with(publication: Publication) -> QuerySet[Publication]:
    """The articles whose pages show this one as related."""
    return Publication.objects.filter(related=publication)


def refresh_later(keys: Iterable[int]) -> None:
    """Have the related articles of these publications refreshed soon after this transaction.

    A row that already exists is updated, which locks it: the worker must not take it before our changes are visible.
    Rows are written in one order, so that two transactions wait for each other instead of deadlocking.
    """
    if rows := sorted(keys):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO articles_relatedrefresh (publication_id, asked_at)"
                " SELECT key, statement_timestamp() FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (key, place) ORDER BY place"
                " ON CONFLICT (publication_id) DO UPDATE SET asked_at = excluded.asked_at",
                [rows],
            )
        doorbell.ring("articles.tasks.refresh_related")


def refresh_due() -> int:
    """Refresh what is due, newest first, for some seconds; return how many articles that were."""
    refreshed, changed, until = 0, list[str](), time.monotonic() + RUN_SECONDS
    failed = set[int]()
    while time.monotonic() < until:
        try:
            slug = _refresh_next(failed)
        except IntegrityError:
            continue  # an article that was found has just been taken down
        if slug is None:
            break
        changed += [slug] if slug else []
        refreshed += 1
    if changed:
        with transaction.atomic():
            bump()
            purge_pages(changed)
    return refreshed


@transaction.atomic
def _refresh_next(failed: set[int]) -> str | None:
    """Refresh one article: its slug if its related ones changed, "" if not, None if no refresh is due.

    One over which it fails is added to `failed` and passed over; it stays due, and is tried again in the next run.
    """
    free = RelatedRefresh.objects.select_for_update(skip_locked=True, of=("self",)).exclude(pk__in=failed)
    row = free.select_related("publication").first()
    if row is None:
        return None
    key = row.pk
    try:
        with transaction.atomic():
            return _refresh(row)
    except (IntegrityError, OperationalError):
        raise
    except Exception:
        logger.exception("The related articles of publication %s could not be refreshed", row.publication_id)
        failed.add(key)
        return ""


def _refresh(row: Any) -> str:
    publication = row.publication
    row.delete()  # first, so that anyone asking meanwhile waits, and then asks again
    before = set(publication.related.values_list("pk", flat=True))
    has_changed = before != {related.pk for related in relate(publication)}
    return publication.slug if has_changed else ""


def _nearest(publication: Publication, count: int) -> list[Publication]:
    """The nearest of the newest that share a tag (or else the category): by shared tags, then by shared words."""
    others = Publication.objects.live().exclude(pk=publication.pk)
    tags = [tag.pk for tag in publication.tags.all()]
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
