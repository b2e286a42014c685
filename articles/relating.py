"""Which articles go with one: those that share its tags, and among them those that share its words."""

import re
from collections.abc import Collection, Sequence

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import transaction
from django.db.models import Count, F, Q

from articles.models import Publication
from cms.lib.pagecache import bump

SHOWN = 3
CONSIDERED = 300
MAX_WORDS = 12
AT_ONCE = 200


def relate(publication: Publication, *, both_ways: bool = True) -> list[Publication]:
    """Find an article's companions and keep them with it; and let the companions think again."""
    companions = _companions(publication)
    publication.related.set(companions)
    if both_ways:
        for companion in companions:
            relate(companion, both_ways=False)
    return companions


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
                named.update(companion.pk for companion in relate(publication, both_ways=False))
    return named


def _companions(publication: Publication) -> list[Publication]:
    """Among the newest that share a tag (else the category): the most tags first, then the nearest words."""
    others = Publication.objects.live().exclude(pk=publication.pk)
    tags = list(publication.tags.values_list("pk", flat=True))
    near = others.filter(tags__in=tags) if tags else others.filter(category=publication.category_id)
    newest = near.values("pk", "published_at").distinct().order_by("-published_at", "-pk")[:CONSIDERED]
    ranked = Publication.objects.filter(pk__in=newest.values("pk")).annotate(
        shared=Count("tags", filter=_in(tags), distinct=True)
    )
    words = re.findall(r"[A-Za-z]{4,}", f"{publication.title} {publication.standfirst}")[:MAX_WORDS]
    if words:
        query = SearchQuery(" | ".join(words), search_type="raw", config="english")
        ranked = ranked.annotate(rank=SearchRank(F("search"), query)).order_by("-shared", "-rank", "-published_at")
    else:
        ranked = ranked.order_by("-shared", "-published_at")
    return list(ranked.only("pk", "title", "standfirst", "category")[:SHOWN])


def _in(tags: list[int]) -> Q:
    return Q(tags__in=tags)
