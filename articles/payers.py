"""Sponsors who are named in articles: what must wait for a decision, and what readers are told after it (sponsors.flags)."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from articles import cache_tags
from articles.aliases import current_names
from articles.document_schema import Document
from articles.models import Article, Publication
from articles.paid import Paid
from articles.texts import texts_of
from sponsors import flags
from sponsors.flags import Described, Standing, Verdict
from sponsors.models import Flag
from sponsors.names import Text

NOUN = "article"


def standings(document: Document, article: Article | None) -> list[Standing]:
    """The sponsors that a document names, and what was decided about each."""
    return flags.standings(NOUN, article.pk if article else None, texts_of(document))


def paid_of(found: Iterable[Standing]) -> Paid:
    """What readers are told of the sponsors that are named."""
    found = list(found)
    named = [each for each in found if each.verdict == Verdict.DISCLOSED]
    return {
        "named": [
            {"sponsor": each.mention.sponsor_name, "on": (each.at or timezone.now()).date().isoformat()}
            for each in named
        ],
        "is_open": any(each.refuses for each in found),
    }


def look_at(article: Article) -> None:
    """Raise the flags that an article needs now, and let go of those that it needs no more."""
    flags.look_at(NOUN, article.pk)


def flags_of(article: Article) -> list[Flag]:
    """The flags of an article whose text is still there, the open ones first."""
    rows = Flag.objects.standing().filter(noun=NOUN, about=article.pk).select_related("sponsor")
    return sorted(rows, key=lambda row: not row.is_open)


def may_decide(user: Any) -> bool:
    """Whether somebody decides about the flags of articles."""
    return flags.may_decide(user, NOUN)


class Articles:
    """Articles and pages as a source of flags: as written, as scheduled and as readers see them."""

    noun = NOUN
    seen_with, decided_with = "articles.view_article", "articles.publish_article"

    def keys(self, after: int, limit: int) -> list[int]:
        rows = Article.objects.filter(pk__gt=after).exclude(state=Article.State.ARCHIVED).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:limit])

    def texts(self, key: int) -> list[list[Text]]:
        article = Article.objects.select_related("publication").filter(pk=key).first()
        if article is None or article.state == Article.State.ARCHIVED:
            return []
        live = getattr(article, "publication", None)
        versions = {article.version, article.scheduled_version, live.version if live else None}
        rows = article.revisions.filter(version__in=[version for version in versions if version]).order_by("version")
        return [list(texts_of(current_names(document))) for document in rows.values_list("document", flat=True)]

    def described(self, keys: Iterable[int]) -> dict[int, Described]:
        rows = Article.objects.filter(pk__in=list(keys)).select_related("publication")
        return {row.pk: Described(row.title, _desk(row), _public(row)) for row in rows}

    def decided(self, key: int) -> bool:
        """Tell readers what holds now of the version that they see."""
        live = Publication.every.select_for_update(of=("self",)).filter(article=key).select_related("article").first()
        if live is None:
            return False
        revision = live.article.revisions.filter(version=live.version).first()
        if revision is None:
            return False
        found = standings(current_names(revision.document), live.article)
        flags.log_published(live.title, live.get_absolute_url(), found)
        paid = paid_of(found)
        if paid == live.paid:
            return False
        Publication.every.filter(pk=live.pk).update(paid=paid)
        cache_tags.purge_article(live)
        return True


def _desk(row: Article) -> str:
    return reverse("admin:articles_article_change", args=[row.pk])


def _public(row: Article) -> str:
    live: Any = getattr(row, "publication", None)
    return live.get_absolute_url() if live else ""
