"""How the mails of a newsletter look: templates, with colours that can be read; and the texts that briefings share."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from articles.models import Snippet
from core.lib import colours, html
from newsletter.models.audience import Newsletter

_COLOUR = [RegexValidator(r"^#[0-9a-fA-F]{6}$", "A colour is written as #2340c4: six digits after a #.")]
_SHADES = ("accent", "band", "page", "sheet", "ink")


class CardSize(models.TextChoices):
    """How large an article's card is."""

    TEXT = "", "words only"
    SMALL = "small", "small: a picture beside the heading"
    MEDIUM = "medium", "medium: a picture beside heading and text"
    LARGE = "large", "large: a picture across, text below"


class Part(models.TextChoices):
    """What stands between the logo and the foot of a mail, in the order of the template."""

    HEADER = "header", "header"
    TITLE = "title", "subject as a heading"
    INTRODUCTION = "introduction", "introduction"
    ITEMS = "items", "articles, texts and ads"


def usual_order() -> list[str]:
    return [str(part) for part in Part]


def _colour(name: str, value: str, help_text: str = "") -> "models.CharField[str, str]":
    return models.CharField(name, max_length=7, default=value, validators=_COLOUR, help_text=help_text)


class BriefingText(Snippet):
    """A snippet that is written for briefings: those who run newsletters write these, and no other snippet."""

    class Meta:
        proxy = True
        ordering = ["slug"]
        verbose_name = "reusable text"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.kind = Snippet.Kind.TEXT
        super().save(*args, **kwargs)


class MailTemplate(models.Model):
    """Header, footer, logo, colours and order of a newsletter's mails. What must stand in each is no part of it."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=60)
    is_default = models.BooleanField(
        "default", default=False, help_text="For briefings of this newsletter that name no template."
    )
    logo = models.CharField(max_length=200, blank=True, editable=False, help_text="An image of ours, by its path.")
    logo_url = models.URLField(max_length=500, blank=True, editable=False)
    logo_width = models.PositiveSmallIntegerField(null=True, editable=False)
    logo_height = models.PositiveSmallIntegerField(null=True, editable=False)
    header_html = models.TextField("header", blank=True, help_text="Before the subject, in each briefing.")
    footer_html = models.TextField("footer", blank=True, help_text="Above the links that every briefing ends with.")
    accent = _colour("links and buttons", "#2340c4")
    band = _colour("line under the logo", "#f2b632")
    page = _colour("around the sheet", "#f4f6fa")
    sheet = _colour("the sheet", "#ffffff")
    ink = _colour("text", "#10192e")
    order = models.JSONField(default=usual_order, editable=False)
    card_size = models.CharField(
        "articles as",
        max_length=6,
        choices=CardSize,
        blank=True,
        default=CardSize.TEXT,
        help_text="Of articles that are added.",
    )
    ad_after = models.PositiveSmallIntegerField(
        "ad after article",
        default=1,
        help_text="Where a new draft has the first ad: after so many articles; 0: before the first.",
    )

    class Meta:
        verbose_name = "mail template"
        ordering = ["newsletter", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "name"],
                name="mail_template_name_once",
                violation_error_message="This newsletter has a template of this name already.",
            ),
            models.UniqueConstraint(
                fields=["newsletter"],
                condition=models.Q(is_default=True),
                name="mail_template_one_default",
                violation_error_message="Another template is this newsletter’s default already.",
            ),
            models.CheckConstraint(
                condition=models.Q(**{f"{name}__regex": "^#[0-9a-fA-F]{6}$" for name in _SHADES}),
                name="mail_template_colours_are_colours",
            ),
            models.CheckConstraint(
                condition=models.Q(card_size__in=["", "small", "medium", "large"]), name="mail_template_size_known"
            ),
            models.CheckConstraint(condition=models.Q(ad_after__lte=50), name="mail_template_ad_within_reach"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.header_html, self.footer_html = html.clean(self.header_html), html.clean(self.footer_html)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        """Refuse colours that cannot be read on one another (WCAG 2.2, 1.4.3)."""
        if any(not colours.is_colour(getattr(self, name)) for name in _SHADES):
            return  # which is said at the field
        pairs = [
            ("ink", self.ink, self.sheet, "Text", "the sheet"),
            ("accent", self.accent, self.sheet, "A link", "the sheet"),
        ]
        found = {
            name: f"{what} in {shade} cannot be read on {where}, {ground}: the contrast is {colours.contrast(shade, ground):.1f}"
            f" to 1, and {colours.READABLE} is the least."
            for name, shade, ground, what, where in pairs
            if colours.contrast(shade, ground) < colours.READABLE
        }
        if found:
            raise ValidationError(found)
