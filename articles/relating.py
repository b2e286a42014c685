"""Which articles go with one: those that share its tags, and among them those that share its words."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Count, F, Q

from articles.models import Publication

SHOWN = 3
CONSIDERED = 300
MAX_WORDS = 12


def relate(publication: Publication, *, both_ways: bool = True) -> None:
    """Find an article's companions and keep them with it; and let the companions think again."""
    companions = _companions(publication)
    publication.related.set(companions)
    if both_ways:
        for companion in companions:
            relate(companion, both_ways=False)


def _companions(publication: Publication) -> list[Publication]:
    """Among the newest that share a tag (else the category): the most tags first, then the nearest words."""
    others = Publication.objects.live().exclude(pk=publication.pk)
    tags = list(publication.tags.values_list("pk", flat=True))
    near = others.filter(tags__in=tags) if tags else others.filter(category=publication.category_id)
    newest = list(near.values_list("pk", flat=True).distinct()[:CONSIDERED])
    ranked = Publication.objects.filter(pk__in=newest).annotate(shared=Count("tags", filter=_in(tags), distinct=True))
    words = re.findall(r"[A-Za-z]{4,}", f"{publication.title} {publication.standfirst}")[:MAX_WORDS]
    if words:
        query = SearchQuery(" | ".join(words), search_type="raw", config="english")
        ranked = ranked.annotate(rank=SearchRank(F("search"), query)).order_by("-shared", "-rank", "-published_at")
    else:
        ranked = ranked.order_by("-shared", "-published_at")
    return list(ranked.only("pk", "title", "standfirst", "category")[:SHOWN])


def _in(tags: list[int]) -> Q:
    return Q(tags__in=tags)
