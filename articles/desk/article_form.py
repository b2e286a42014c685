"""The form of an article without its blocks. It shows a document and turns what was typed back into one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from articles import blocks
from articles.desk.choice_fields import ChoiceWidget, ManyChoicesWidget, SlugsField
from articles.desk.edit_state import edit_state, is_page
from articles.desk.ordered_fields import OrderedChoicesWidget
from articles.desk.uploads import take_upload
from articles.document_schema import (
    CORRECTION_LENGTH,
    LIMITS,
    MAX_CORRECTIONS,
    MOST_PARTS,
    PAGE,
    SEO_LIMITS,
    SOCIAL_LIMITS,
    VERSION,
    BlockData,
    Correction,
    Cover,
    Document,
    Seo,
)
from articles.models import Article, Category
from articles.publishing import REASON_LENGTH
from core.lib import clock
from core.lib.admin_slugs import shown_while_typing
from core.lib.forms import LineField
from core.lib.moments import MomentField
from core.lib.text import language_code, one_line, whole_number
from core.pagecache import per_generation

# What must be said when a button is pressed.
ASKED = {
    "_schedule": ("schedule_at", "Say when to publish, as a date and a time."),
    "_back": ("back_reason", "Say why it is sent back, so that its author knows what to do."),
}


def slug_address(article: Article) -> str:
    """Where the edit page asks which slug some words would get."""
    address = reverse("admin:articles_article_slug")
    return f"{address}?{urlencode({'article': article.pk})}" if article.pk else address


SOCIAL = (*SOCIAL_LIMITS, "noindex")
COVER = ("src", "alt", "caption", "credit", "focal")


@per_generation
def category_choices() -> list[tuple[str, str]]:
    """The categories by slug, after an empty choice."""
    return [("", "—"), *Category.objects.values_list("slug", "name")]


class LanguageField(LineField):
    """The code of a language."""

    def clean(self, value: Any) -> str:
        return language_code(super().clean(value))


def corrections_in(value: Any) -> list[Correction]:
    """Corrections as they are typed, one on a line that begins with its day; a line that begins with none is of today."""
    if not isinstance(value, str):
        return list(value or [])
    found: list[Correction] = []
    for line in map(one_line, value.splitlines()):
        first, _, rest = line.partition(" ")
        try:
            day = date.fromisoformat(first.rstrip(":"))
        except ValueError:
            day, rest = timezone.localdate(timezone=clock.newsroom()), line
        if line:
            found.append({"date": day.isoformat(), "text": rest.strip()})
    return found


class CorrectionsField(blocks.TextField):
    """What was corrected, a line each."""

    def __init__(self) -> None:
        words = "Readers see them below the text. One on a line, after its day: 2026-05-03 The fee is 2 %, not 3 %. Without a day: today."
        super().__init__(
            label="Corrections", required=False, rows=3, help_text=words, max_length=MAX_CORRECTIONS * CORRECTION_LENGTH
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        return "\n".join(f"{each['date']} {one_line(each['text'])}" for each in value or [])

    def clean(self, value: Any) -> Any:
        found = corrections_in(super().clean(value))
        if any(not each["text"] for each in found):
            raise ValidationError("Say what was corrected, after the day.")
        if any(len(each["text"]) > CORRECTION_LENGTH for each in found):
            raise ValidationError(f"A correction has at most {CORRECTION_LENGTH} characters.")
        if len(found) > MAX_CORRECTIONS:
            raise ValidationError(f"There are at most {MAX_CORRECTIONS} corrections.")
        return found


class ArticleForm(forms.ModelForm):
    """All fields of an article but its blocks."""

    title = LineField(max_length=LIMITS["title"], widget=AdminTextInputWidget)
    slug = LineField(required=False, help_text="Leave it empty to have it made from the title.")
    standfirst = blocks.TextField(
        max_length=LIMITS["standfirst"], required=False, help_text="Shown under the title and on cards."
    )
    language = LanguageField(
        required=False, help_text="A code such as de, pt-BR or ar. Empty: the site's.", widget=AdminTextInputWidget
    )
    category = forms.ChoiceField(choices=category_choices, required=False)
    authors = SlugsField(widget=OrderedChoicesWidget("author"), required=False, help_text="In the order of the byline.")
    tags = SlugsField(widget=ManyChoicesWidget("tag"), required=False)
    series = forms.SlugField(widget=ChoiceWidget("series"), required=False)
    part = forms.IntegerField(
        label="Part of the series", min_value=1, max_value=MOST_PARTS, required=False,
        help_text="Its number among the parts. Empty: after those with a number, by date.",
    )  # fmt: skip
    cta = forms.SlugField(label="Call-to-action card", widget=ChoiceWidget("cta"), required=False)
    cover_src = blocks.SourceField(label="Cover", widget=ChoiceWidget("image"), required=False)
    cover_upload = forms.FileField(label="or upload one", required=False)
    cover_alt = LineField(
        label="Alternative text of the cover", max_length=400, required=False, widget=AdminTextInputWidget
    )
    cover_caption = LineField(label="Caption of the cover", max_length=400, required=False, widget=AdminTextInputWidget)
    cover_credit = LineField(label="Credit of the cover", max_length=200, required=False, widget=AdminTextInputWidget)
    cover_focal = blocks.FocalField(
        label="Focal point of the cover",
        required=False,
        help_text="Click the picture, or write how far across and how far down, from 0 to 1: 0.5, 0.3.",
    )
    seo_title = LineField(
        label="Title for search", max_length=SEO_LIMITS["title"], required=False, widget=AdminTextInputWidget,
        help_text="Up to about 60 characters are shown.",
    )  # fmt: skip
    seo_description = blocks.TextField(
        label="Description for search", max_length=SEO_LIMITS["description"], required=False, rows=2,
        help_text="Up to about 160 characters are shown.",
    )  # fmt: skip
    reading_minutes = forms.IntegerField(
        label="Reading time",
        min_value=1,
        max_value=600,
        required=False,
        help_text="In minutes. Leave empty to have it counted from the words.",
    )
    social_title = LineField(
        label="Title for social sites", max_length=SOCIAL_LIMITS["social_title"], required=False,
        widget=AdminTextInputWidget, help_text="Empty: the title for search, or the title.",
    )  # fmt: skip
    social_image = blocks.SourceField(
        label="Picture for social sites", widget=ChoiceWidget("image"), required=False,
        help_text="Empty: the cover, or else the title as a picture. It is cut to 1200 × 630.",
    )  # fmt: skip
    canonical = LineField(
        label="First published at", max_length=SOCIAL_LIMITS["canonical"], required=False, widget=AdminTextInputWidget,
        help_text="The address of the original, if it stands elsewhere: search engines show that instead of ours.",
    )  # fmt: skip
    noindex = forms.BooleanField(
        label="Keep it from search engines",
        required=False,
        help_text="Readers see it as before; it leaves the sitemap and the feeds.",
    )
    corrections = CorrectionsField()
    dated_at = MomentField(label="Date that readers see", required=False)
    schedule_at = MomentField(label="Publish at", required=False)
    schedule_until = MomentField(label="Take offline at (optional)", required=False)
    back_reason = blocks.TextField(
        label="What has to be done?", max_length=REASON_LENGTH, required=False, rows=3,
        help_text="Its author reads this on the article and on the start page.",
    )  # fmt: skip
    reason = LineField(
        label="What changed", max_length=200, required=False, widget=AdminTextInputWidget,
        help_text="For the list of revisions.",
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    class Meta:
        model = Article
        fields: list[str] = []

    request: HttpRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        page = edit_state(self.request)
        version = self.instance.version if page.version is None else page.version
        schedule = {"schedule_at": self.instance.publish_at, "schedule_until": self.instance.unpublish_at}
        schedule["dated_at"] = self.instance.published_at
        self.initial = {**self.initial, **schedule, "version": version, **_initial(page.document)}
        self.fields["slug"].widget = shown_while_typing("title", slug_address(self.instance))

    def clean(self) -> dict[str, Any]:
        for button, (name, ask) in ASKED.items():
            if button in self.request.POST and not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, ask)
        if self.cleaned_data.get("part") and not self.cleaned_data.get("series") and "series" not in self.errors:
            self.add_error("series", "Choose the series that this is a part of, or empty the number.")
        if upload := self.cleaned_data.get("cover_upload"):
            alt = self.cleaned_data.get("cover_alt", "")
            try:
                path = take_upload(self, upload, into="cover_src", alt=alt, by=self.request.user)
                self.cleaned_data["cover_src"] = path
            except ValidationError as error:
                self.add_error("cover_upload", error)
        told = [name for name in ("alt", "caption", "credit") if self.cleaned_data.get(f"cover_{name}")]
        if told and not self.cleaned_data.get("cover_src") and not {"cover_src", "cover_upload"} & set(self.errors):
            self.add_error("cover_src", "Choose a picture for this cover, or empty what is written about it.")
        if (dated := self.redated()) and dated > timezone.now():
            self.add_error("dated_at", "That is in the future. To publish it then, press Schedule…")
        if problems := edit_state(self.request).problems:
            raise ValidationError(problems)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Leave the instance alone: the document is checked and stored as a whole."""

    def redated(self) -> datetime | None:
        """The date that readers are to be told, if another than now was typed."""
        dated: datetime | None = self.cleaned_data.get("dated_at")
        return dated if dated and self.fields["dated_at"].has_changed(self.instance.published_at, dated) else None

    def document(self, parts: list[BlockData]) -> Document:
        """What was typed, as a document: the cleaned values, or the raw ones where the form was not validated."""
        get = self.cleaned_data.get if hasattr(self, "cleaned_data") else self._raw
        cover = {name: value for name in COVER if (value := get(f"cover_{name}"))}
        document: Document = {
            "version": VERSION,
            "title": get("title") or "",
            "slug": get("slug") or "",
            "standfirst": get("standfirst") or "",
            "category": get("category") or None,
            "authors": get("authors") or [],
            "tags": get("tags") or [],
            "seo": {"title": get("seo_title") or "", "description": get("seo_description") or ""},
            "cta": get("cta") or None,
            "cover": cast(Cover, cover) if cover.keys() - {"focal"} else None,
            "reading_minutes": get("reading_minutes"),
            "blocks": parts,
        }
        if series := get("series"):
            document["series"] = series
        if series and (part := get("part")):
            document["part"] = part if isinstance(part, int) else whole_number(part) or 0
        if language := get("language"):
            document["language"] = language
        if is_page(self.request, self.instance):
            document["kind"] = PAGE
        if corrections := corrections_in(get("corrections")):
            document["corrections"] = corrections
        document["seo"] |= cast(Seo, {name: value for name in SOCIAL if (value := get(name))})
        return document

    def _raw(self, name: str) -> Any:
        return self[name].value()


def _initial(document: Document) -> dict[str, Any]:
    cover: Mapping[str, Any] = document["cover"] or {}
    return {
        **{name: value for name, value in document.items() if name not in ("version", "seo", "cover", "blocks")},
        **{name if name in SOCIAL else f"seo_{name}": value for name, value in document["seo"].items()},
        **{f"cover_{name}": cover.get(name) for name in COVER},
    }
