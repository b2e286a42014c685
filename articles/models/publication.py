"""The read side: publications, one per live article and rendered once; their frames; redirects from old addresses."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from articles.models.article import Article, Kind, address_of
from articles.models.taxonomy import Author, Category, Series, Snippet, Tag
from articles.querysets import BylineRow, PublicationQuerySet, TagRow
from core import pagecache
from core.lib.prefix_search import searchable_column, words_index

TITLE_WORDS = SearchVector(searchable_column(F("title")), config="english")


class ArticlesManager(models.Manager.from_queryset(PublicationQuerySet)):  # type: ignore[misc]
    """Published articles. Lists, feeds, search and counts know of no pages."""

    def get_queryset(self) -> PublicationQuerySet:
        found: PublicationQuerySet = super().get_queryset().filter(kind=Kind.ARTICLE)
        return found


class Publication(models.Model):
    """An article or page as readers see it. Only `articles.publishing` writes it."""

    article = models.OneToOneField(Article, on_delete=models.CASCADE, related_name="publication")
    version = models.PositiveIntegerField(help_text="The article's version that readers see.")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.ARTICLE)
    slug = models.SlugField(max_length=120)
    title = models.CharField(max_length=200)
    standfirst = models.TextField(blank=True)
    language = models.CharField(max_length=35, blank=True)
    seo_title = models.CharField(max_length=120, blank=True)
    seo_description = models.CharField(max_length=320, blank=True)
    social_title = models.CharField(max_length=120, blank=True)
    canonical = models.CharField(max_length=500, blank=True)
    noindex = models.BooleanField(default=False)
    corrections = models.JSONField(default=list)
    paid = models.JSONField(
        null=True, help_text="Who paid us and is named (articles.paid); empty: nobody has looked yet."
    )
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="publications")
    authors = models.ManyToManyField(Author, through="PublicationAuthor", related_name="publications")
    tags = models.ManyToManyField(Tag, related_name="publications")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, db_index=False, related_name="publications")
    part = models.PositiveSmallIntegerField(null=True, help_text="Its number among the parts, as staff gave it.")
    cta = models.ForeignKey(Snippet, on_delete=models.PROTECT, null=True, related_name="+")
    snippets = models.ManyToManyField(Snippet, related_name="publications", help_text="Cards placed in the text.")
    also_read = models.ManyToManyField(Article, related_name="+", help_text="Articles named in the text.")
    related = models.ManyToManyField("self", symmetrical=False, related_name="+", help_text="What goes with it.")
    html = models.TextField(help_text="The body, with marks where a page puts what changes without the article.")
    text = models.TextField(help_text="The body's plain words.")
    toc = models.JSONField(default=list)
    faq = models.JSONField(default=list)
    image = models.JSONField(null=True, help_text="The picture on cards and at the top of the page.")
    social_image = models.CharField(max_length=200, blank=True)
    reading_minutes = models.PositiveSmallIntegerField()
    words = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=SearchVector(searchable_column(F("title")), weight="A", config="english")
        + SearchVector(searchable_column(F("standfirst")), weight="B", config="english")
        + SearchVector(searchable_column(F("text")), weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ArticlesManager()
    every = PublicationQuerySet.as_manager()

    byline_rows: list[BylineRow]  # with cards() and feed_items()
    tag_rows: list[TagRow]  # with feed_items()
    feed_id: str  # with feed_items()

    BODY_FIELDS: ClassVar[tuple[str, ...]] = ("html", "text", "toc", "faq", "search")

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [
            GinIndex(fields=["search"], name="publication_search"),
            GinIndex(TITLE_WORDS, name="publication_title_search"),
            models.Index(fields=["-published_at", "-id"], name="publication_newest", condition=Q(kind="article")),
            models.Index(
                fields=["category", "-published_at"], name="publication_category_newest", condition=Q(kind="article")
            ),
            models.Index(fields=["article", "version"], name="publication_version"),
            models.Index(fields=["id"], name="publication_pages", condition=Q(kind="page")),
            models.Index(
                fields=["series", "part", "published_at"], name="publication_series", condition=Q(series__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["slug", "kind"], name="publication_slug_unique"),
            models.CheckConstraint(condition=Q(kind__in=["article", "page"]), name="publication_kind_known"),
            models.CheckConstraint(condition=Q(updated_at__gte=F("published_at")), name="publication_updated_after"),
            models.CheckConstraint(condition=Q(reading_minutes__gte=1), name="publication_takes_a_minute"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return address_of(self.kind, self.slug)

    @property
    def url(self) -> str:
        return self.get_absolute_url()


class ArticleFrame(models.Model):
    """An article's page without its body, as last rendered (see articles.frames).

    A cache in an unlogged table, which may be emptied at any time and is empty after a crash of the database.
    """

    publication = models.OneToOneField(Publication, on_delete=models.CASCADE, primary_key=True, related_name="frame")
    key = models.BinaryField(help_text="A digest of all that it was rendered from.")
    html = models.TextField()

    def __str__(self) -> str:
        return f"the frame of {self.publication_id}"


class PublicationAuthor(models.Model):
    """An author's place in a published byline."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="byline")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="bylines")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["publication", "author"], name="publication_author_once")]

    def __str__(self) -> str:
        return f"{self.author_id} in {self.publication_id}"


class RelatedRefresh(models.Model):
    """A request to refresh the related articles of a publication; see articles.related."""

    publication = models.OneToOneField(Publication, on_delete=models.CASCADE, primary_key=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-publication"]

    def __str__(self) -> str:
        return str(self.pk)


class Redirect(models.Model):
    """A permanent redirect from an old address."""

    path = models.CharField("from", max_length=500, unique=True, help_text="A path of this site, such as /blog/old/.")
    target = models.CharField("to", max_length=500, help_text="A path of this site, or an https address.")
    automatic = models.BooleanField(default=False, editable=False, help_text="Made when an address changed.")
    is_followed = models.BooleanField(
        default=True, editable=False, help_text="Whether links in texts lead to where the page is now (articles.moves)."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["path"]
        indexes = [
            models.Index(fields=["target"], name="redirect_target"),
            models.Index(fields=["id"], name="redirect_to_follow", condition=Q(is_followed=False)),
            words_index("path", "target", name="redirect_words"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(path__regex=r"^/[^/\s]\S*$"),
                name="redirect_from_path",
                violation_error_message="Write the old address as a path of this site, such as /blog/old/.",
            ),
            models.CheckConstraint(
                condition=Q(target__regex=r"^(/$|/[^/\s\\]\S*$|https?://\S+$)"),
                name="redirect_to_address",
                violation_error_message="Write the new address as a path of this site, or starting with https://.",
            ),
            models.CheckConstraint(
                condition=~Q(path=F("target")),
                name="redirect_goes_elsewhere",
                violation_error_message="An address cannot redirect to itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} → {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        pagecache.bump()
