"""An article as programs see and send it: its document, and where it stands."""

import re
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from rest_framework import serializers

from articles.desk import checks
from articles.document_schema import KEYS, DocumentError
from articles.documents import StaleVersion, apply_document, document_of
from articles.importing.html.to_blocks import convert
from articles.importing.markdown.render import markdown_html
from articles.importing.posts import ConversionNotes
from articles.models import Article
from articles.rendering import rendered
from core.api.fields import Line, Markup, Prose
from core.api.problems import Outdated

ALONE = ("markdown", "html", "reason", "publish")  # what is sent beside the document's own parts
MOST = 2_000_000  # characters of a text
_QUOTED = re.compile(r"“(?:seo )?(\w+)”")


class ArticleCard(serializers.ModelSerializer[Article]):
    """An article in the list of the desk."""

    category: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)
    url = serializers.SerializerMethodField(help_text="Where readers see it, once it is published.")
    edit_url = serializers.SerializerMethodField(help_text="Its page at the desk.")

    class Meta:
        model = Article
        fields = [
            "id", "kind", "title", "slug", "state", "version", "category", "changed_at", "published_at", "publish_at",
            "unpublish_at", "url", "edit_url",
        ]  # fmt: skip

    def get_url(self, article: Article) -> str:
        return settings.SITE_URL + article.get_absolute_url()

    def get_edit_url(self, article: Article) -> str:
        return settings.SITE_URL + reverse("admin:articles_article_change", args=[article.pk])


class FindingShown(serializers.Serializer[Any]):
    text = serializers.CharField()
    blocking = serializers.BooleanField(help_text="Whether it keeps the article from being published.")


class ArticleWhole(ArticleCard):
    """An article with its document."""

    standfirst = serializers.CharField()
    language = serializers.CharField(help_text="Where it is another than the site’s.")
    category: Any = serializers.CharField(allow_null=True)
    authors = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    series = serializers.CharField(allow_null=True)
    part = serializers.IntegerField(allow_null=True)
    seo = serializers.DictField()
    cta = serializers.CharField(allow_null=True, help_text="The slug of a call-to-action card.")
    cover = serializers.DictField(allow_null=True)
    reading_minutes = serializers.IntegerField(allow_null=True)
    corrections = serializers.ListField(child=serializers.DictField())
    blocks = serializers.ListField(child=serializers.DictField())
    html = serializers.CharField(required=False, help_text="Only with include=html: as readers would see it.")
    checks = FindingShown(
        many=True, required=False, help_text="Only with include=checks: what is found before it is published."
    )

    class Meta(ArticleCard.Meta):
        fields = [
            *ArticleCard.Meta.fields, "sent_back_reason", "scheduled_version", "standfirst", "language", "authors", "tags",
            "series", "part", "seo", "cta", "cover", "reading_minutes", "corrections", "blocks", "html", "checks",
        ]  # fmt: skip

    def to_representation(self, instance: Article) -> Any:
        document = document_of(instance)
        values = {"language": "", "series": None, "part": None, "corrections": [], **document}
        own = ("version", "kind", "title", "slug")
        row: Any = _Row(instance, {k: v for k, v in values.items() if k not in own})
        return super().to_representation(row)


class _Row:
    """An article whose parts are those of its document."""

    def __init__(self, article: Article, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
        self.article = article

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["article"], name)

    @property
    def html(self) -> str:
        return rendered(document_of(self.article)).html

    @property
    def checks(self) -> Any:
        document = document_of(self.article)
        return checks.findings_of(document, rendered(document), self.article)


class ArticleSent(serializers.Serializer[Any]):
    """What a program sends of an article. The text is one of blocks, Markdown and HTML."""

    title = Line(max_length=200)
    slug = serializers.CharField(required=False, max_length=120, help_text="Else it is made from the title.")
    standfirst = Line(required=False, allow_blank=True, max_length=2000)
    kind = serializers.ChoiceField(["page"], required=False, help_text="Only of a page such as About.")
    language = serializers.CharField(required=False, allow_blank=True, max_length=35)
    category = serializers.SlugField(
        required=False, allow_null=True, help_text="A slug, like those of authors and tags."
    )
    authors = serializers.ListField(child=serializers.SlugField(), required=False, max_length=50)
    tags = serializers.ListField(child=serializers.SlugField(), required=False, max_length=100)
    series = serializers.SlugField(required=False, allow_null=True)
    part = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=9999)
    seo = serializers.DictField(
        required=False, help_text="title, description, social_title, social_image, canonical, noindex"
    )
    cta = serializers.SlugField(required=False, allow_null=True)
    cover = serializers.DictField(
        required=False, allow_null=True, help_text="src of one of our pictures, alt, caption, credit, focal"
    )
    reading_minutes = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=600)
    corrections = serializers.ListField(child=serializers.DictField(), required=False, max_length=20)
    blocks = serializers.ListField(child=serializers.DictField(), required=False, max_length=1000)
    markdown = Markup(
        required=False, allow_blank=True, max_length=MOST, help_text="Instead of blocks.", trim_whitespace=False
    )
    html = Markup(required=False, allow_blank=True, max_length=MOST, help_text="Likewise.", trim_whitespace=False)
    reason = Prose(required=False, allow_blank=True, max_length=200, help_text="Why, for the list of versions.")

    def validate(self, attrs: Any) -> Any:
        if len({"blocks", "markdown", "html"} & set(attrs)) > 1:
            raise serializers.ValidationError({"blocks": ["Send one of blocks, markdown and html."]})
        if unknown := sorted(set(self.initial_data) - set(self.fields)):
            raise serializers.ValidationError({key: ["There is no such field."] for key in unknown[:20]})
        return attrs

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError({"non_field_errors": ["Send an object with a title."]})
        return super().to_internal_value(data)


class ArticleNew(ArticleSent):
    publish = serializers.BooleanField(required=False, help_text="Publish it at once, if it can be published.")


@transaction.atomic
def store(article: Article, sent: dict[str, Any], *, by: Any) -> None:
    """Make an article what a program sent, and leave what it did not send. Raises ValidationError and Outdated."""
    is_new = article._state.adding
    document: dict[str, Any] = {} if is_new else dict(document_of(article))
    document |= {name: value for name, value in sent.items() if name in KEYS}
    if "markdown" in sent or "html" in sent:
        html = sent["html"] if "html" in sent else markdown_html(sent["markdown"])
        document["blocks"] = convert(html, ConversionNotes(), site=settings.SITE_URL).blocks
    version = None if is_new else article.version
    try:
        apply_document(article, document, by=by, reason=sent.get("reason") or "By the API", expected_version=version)
    except StaleVersion as error:
        raise Outdated(str(error)) from None
    except DocumentError as error:
        raise serializers.ValidationError(by_field(error.problems)) from None


def by_field(problems: list[str]) -> dict[str, list[str]]:
    """What is wrong with a document, by the part of it that is named."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        quoted = _QUOTED.search(problem)
        words = re.findall(r"\w+", problem.lower())
        named = [quoted[1]] if quoted else []
        named += [key for word in words[:5] for key in (word, f"{word}s")]
        otherwise = "blocks" if words[:1] == ["image"] else "non_field_errors"
        part = next((key for key in named if key in KEYS), otherwise)
        found.setdefault(part, []).append(problem)
    return found
