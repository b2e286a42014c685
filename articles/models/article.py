"""The write side, which readers never touch: articles and their blocks."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from content_editor.models import Region, create_plugin_base
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from articles.blocks import KINDS, clean_data
from articles.models.taxonomy import Author, Category, Series, Snippet, Tag
from core.lib.prefix_search import words_index
from core.lib.triggers import frozen

REGION = "main"


def new_feed_id() -> str:
    return uuid4().urn


class Kind(models.TextChoices):
    """What is written at the desk: an article, or a page of the site such as About, which stands outside the blog."""

    ARTICLE = "article"
    PAGE = "page"


def address_of(kind: str, slug: str) -> str:
    """Where readers find an article, or a page."""
    return reverse("page" if kind == Kind.PAGE else "articles:article", args=[slug])


class Article(models.Model):
    """An article or page as the newsroom writes it. `articles.documents` changes it, `articles.publishing` publishes it."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        IN_REVIEW = "in_review", "in review"
        SENT_BACK = "sent_back", "sent back"
        SCHEDULED = "scheduled", "scheduled"
        PUBLISHED = "published", "published"
        ARCHIVED = "archived", "archived"

    regions: ClassVar[list[Region]] = [Region(key=REGION, title="Text")]

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.ARTICLE, editable=False)
    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=120)
    standfirst = models.TextField(blank=True, help_text="One or two sentences under the title and on cards.")
    language = models.CharField(max_length=35, blank=True, help_text="Its code; empty: the site's.")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="articles")
    authors = models.ManyToManyField(Author, through="ArticleAuthor", related_name="articles")
    tags = models.ManyToManyField(Tag, blank=True, related_name="articles")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True, related_name="articles")
    part = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Its place in the series; empty: by date.")
    cta = models.ForeignKey(
        Snippet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
        limit_choices_to={"kind": Snippet.Kind.CTA},
        verbose_name="call-to-action card",
    )
    cover = models.JSONField(null=True, blank=True, help_text="The keys of an image block.")
    seo_title = models.CharField("title for search", max_length=120, blank=True)
    seo_description = models.CharField("description for search", max_length=320, blank=True)
    social_title = models.CharField("title for social sites", max_length=120, blank=True)
    social_image = models.CharField("picture for social sites", max_length=200, blank=True)
    canonical = models.CharField(
        "first published at",
        max_length=500,
        blank=True,
        help_text="The address that search engines should show instead.",
    )
    noindex = models.BooleanField("kept from search engines", default=False)
    corrections = models.JSONField(default=list, blank=True, help_text="What was corrected, by day.")
    reading_minutes = models.PositiveSmallIntegerField(
        "reading time", null=True, blank=True, help_text="In minutes; empty: counted from the words."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    sent_back_reason = models.CharField(
        max_length=400,
        blank=True,
        editable=False,
        help_text="What its author has to do before it is sent to review again.",
    )
    version = models.PositiveIntegerField(default=0, editable=False, help_text="Grows with every saved change.")
    publish_at = models.DateTimeField(null=True, blank=True)
    scheduled_version = models.PositiveIntegerField(
        null=True, editable=False, help_text="The version that will be published: what is typed later waits."
    )
    unpublish_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When readers first saw it.")
    feed_id = models.CharField(
        max_length=500,
        unique=True,
        default=new_feed_id,
        editable=False,
        help_text="What readers of feeds know it by. It never changes, whatever becomes of the slug.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-changed_at"]
        permissions = [("publish_article", "Can publish articles")]
        indexes = [
            models.Index(fields=["-changed_at"], name="article_changed"),
            models.Index(fields=["publish_at"], name="article_due", condition=Q(publish_at__isnull=False)),
            models.Index(fields=["unpublish_at"], name="article_ending", condition=Q(unpublish_at__isnull=False)),
            models.Index(fields=["state", "-changed_at"], name="article_state_changed"),
            models.Index(fields=["title"], name="article_title"),
            models.Index(F("published_at").desc(nulls_last=True), F("id").desc(), name="article_newest"),
            words_index("title", "slug", "standfirst", name="article_words"),
        ]
        triggers = [frozen("kind", words="An article stays an article, and a page a page.")]
        constraints = [
            models.UniqueConstraint(fields=["slug", "kind"], name="article_slug_unique"),
            models.CheckConstraint(condition=Q(kind__in=["article", "page"]), name="article_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "in_review", "sent_back", "scheduled", "published", "archived"]),
                name="article_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="sent_back") ^ Q(sent_back_reason=""), name="article_sent_back_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(publish_at__isnull=False), name="article_scheduled_has_time"
            ),
            models.CheckConstraint(
                condition=Q(publish_at__isnull=True, scheduled_version__isnull=True)
                | Q(publish_at__isnull=False, scheduled_version__isnull=False),
                name="article_schedule_names_version",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="article_published_has_time"
            ),
            models.CheckConstraint(
                condition=Q(unpublish_at__isnull=True)
                | Q(publish_at__isnull=True)
                | Q(unpublish_at__gt=F("publish_at")),
                name="article_ends_after_it_starts",
                violation_error_message="The end is before the start.",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="article_has_title"),
            models.CheckConstraint(
                condition=Q(series__isnull=False) | Q(part__isnull=True), name="article_part_of_a_series"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return address_of(self.kind, self.slug)

    @property
    def is_page(self) -> bool:
        return self.kind == Kind.PAGE


class Page(Article):
    """A page of the site, such as About, among what is written at the desk."""

    class Meta:
        proxy = True


class ArticleAuthor(models.Model):
    """An author's place in a byline."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="byline")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["article", "author"], name="article_author_once"),
            models.UniqueConstraint(fields=["article", "position"], name="article_author_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} in {self.article_id}"


if TYPE_CHECKING:

    class _PluginBase(models.Model):
        region = models.CharField(max_length=255)
        ordering = models.IntegerField(default=0)

        class Meta:
            abstract = True

else:
    _PluginBase = create_plugin_base(Article)


class Block(_PluginBase):
    """One block of an article. All kinds share a table, so that an article's blocks are one query."""

    parent = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="blocks")
    kind = models.CharField(max_length=20)
    data = models.JSONField(default=dict)

    block_type: ClassVar[str] = ""

    class Meta:
        ordering = ["ordering"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(KINDS)), name="block_kind_known"),
            models.UniqueConstraint(
                fields=["parent", "region", "ordering"],
                name="block_place_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.kind = self.kind or self.block_type
        self.data = clean_data(self.kind, self.data)
        super().save(*args, **kwargs)


def _proxy(kind: str) -> type[Block]:
    """The proxy model of a kind of block, which the desk needs."""
    form = KINDS[kind]
    meta = type("Meta", (), {"proxy": True, "verbose_name": form.block_name, "verbose_name_plural": form.block_name})
    attributes = {"__module__": __name__, "__doc__": form.__doc__, "Meta": meta, "block_type": kind}
    return type(f"{form.__name__}Block", (Block,), attributes)


BLOCK_MODELS: dict[str, type[Block]] = {kind: _proxy(kind) for kind in KINDS}
# Django's shell and pickle look a model up by name in its module.
globals().update({model.__name__: model for model in BLOCK_MODELS.values()})
