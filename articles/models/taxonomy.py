"""What articles refer to: categories, tags, authors, and snippets that many pages share."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse

from articles.models.images import ImageAsset
from core import pagecache
from core.cdn_purge import purge
from core.lib.cachetags import LISTS, named
from core.lib.html import clean, text_of


class Shown(models.Model):
    """A base for rows that many pages show. A change to one updates all of them, here and in caches in front."""

    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        abstract = True

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        before = type(self)._default_manager.filter(pk=self.pk).values_list("slug", flat=True).first()
        super().save(*args, **kwargs)
        self._changed(before or self.slug)

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Locked, so that no reference to it is added after we have looked for them.
        type(self)._default_manager.select_for_update(of=("self",)).filter(pk=self.pk).first()
        gone = super().delete(*args, **kwargs)
        self._changed()
        return gone

    def _changed(self, *former: str) -> None:
        pagecache.bump()
        kind = (self._meta.concrete_model or type(self))._meta.model_name or ""
        purge(LISTS, *(named(kind, slug) for slug in {self.slug, *former}))


class Snippet(Shown):
    """A text that many pages and briefings share: a change to it shows on all of them, but for briefings that were sent."""

    class Kind(models.TextChoices):
        DISCLAIMER = "disclaimer", "disclaimer"
        CTA = "cta", "call-to-action card"
        TEXT = "text", "text for briefings"

    kind = models.CharField(max_length=12, choices=Kind)
    heading = models.CharField(max_length=160, blank=True)
    html = models.TextField("text", blank=True)
    label = models.CharField("label of the button", max_length=80, blank=True)
    url = models.CharField("link", max_length=500, blank=True)

    class Meta:
        ordering = ["kind", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["disclaimer", "cta", "text"]), name="snippet_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="cta") | ~(models.Q(heading="") | models.Q(label="") | models.Q(url="")),
                name="snippet_card_is_complete",
                violation_error_message="A call-to-action card needs a heading, a label and a link.",
            ),
            models.CheckConstraint(
                condition=models.Q(url="") | models.Q(url__regex=r"^(/[^/]|/$|#|https?://|mailto:|tel:|sms:)"),
                name="snippet_link_is_safe",
                violation_error_message="A link starts with https:// or, on this site, with /.",
            ),
        ]

    def __str__(self) -> str:
        return self.heading or self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.html = clean(self.html)
        super().save(*args, **kwargs)

    @property
    def body(self) -> str:
        """The text without markup, for a card."""
        return text_of(self.html)


class Category(Shown):
    """A section of the site."""

    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    disclaimer = models.ForeignKey(
        Snippet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        limit_choices_to={"kind": Snippet.Kind.DISCLAIMER},
        help_text="Printed under every article of this category.",
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:category-articles", args=[self.slug])

    @property
    def url(self) -> str:
        return self.get_absolute_url()


class Series(Shown):
    """Articles that belong together, in an order: by the parts' numbers, then by date."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:series-articles", args=[self.slug])


class Tag(Shown):
    """A subject that articles of any category may share."""

    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:tag-articles", args=[self.slug])

    @property
    def url(self) -> str:
        return self.get_absolute_url()


class Author(Shown):
    """Somebody who is named in bylines, with or without an account."""

    name = models.CharField(max_length=120)
    role = models.CharField(max_length=120, blank=True)
    bio_html = models.TextField("bio", blank=True)
    portrait = models.ForeignKey(ImageAsset, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    links = models.JSONField(
        default=list, blank=True, help_text='Profiles elsewhere: [{"label": "Mastodon", "url": "https://…"}]'
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="author"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        self.bio_html = clean(self.bio_html)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("articles:author-articles", args=[self.slug])

    def clean(self) -> None:
        fits = isinstance(self.links, list) and all(
            isinstance(link, dict)
            and set(link) == {"label", "url"}
            and str(link["url"]).startswith(("https://", "http://"))
            for link in self.links
        )
        if not fits:
            raise ValidationError(
                {"links": "Write a list of entries with a label and a url that starts with https://."}
            )

    @property
    def url(self) -> str:
        return self.get_absolute_url()

    @property
    def bio(self) -> str:
        """The bio without markup."""
        return text_of(self.bio_html)
