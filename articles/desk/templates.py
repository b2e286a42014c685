"""Articles as templates for new ones."""

from django.utils import timezone

from articles.aliases import current_names
from articles.document_schema import Document, Seo
from articles.documents import document_of
from articles.models import Article, ArticleTemplate


def make_template(article: Article, *, name: str) -> ArticleTemplate:
    """Keep an article as it is now as the template of this name, in place of one that has it."""
    defaults = {"document": without_its_own(document_of(article)), "changed_at": timezone.now()}
    return ArticleTemplate.objects.update_or_create(name=name, defaults=defaults)[0]


def without_its_own(document: Document) -> Document:
    """A document without what belongs to one article alone: address, byline, number, corrections, what search shows."""
    seo: Seo = {"title": "", "description": ""}
    if document["seo"].get("noindex"):
        seo["noindex"] = True
    kept: Document = {**document, "slug": "", "authors": [], "seo": seo}
    kept.pop("corrections", None)
    kept.pop("part", None)
    return kept


def begun_from(template: ArticleTemplate, *, authors: list[str]) -> Document:
    """The document that a new article begins with; whoever writes it signs it."""
    return {**current_names(template.document), "authors": authors}
