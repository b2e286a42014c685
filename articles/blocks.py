"""The kinds of block that make up an article. Each is a form, which validates stored blocks and is shown at the desk."""

import csv
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator, validate_slug

from articles.embeds import PROVIDERS, embed_of
from articles.tables import csv_of, rows_of
from core.lib.forms import LineField
from core.lib.html import ALLOWED_SCHEMES, clean, text_of, tidied
from core.lib.links import direct
from core.lib.text import prose, storable

MAX_TABLE_CELLS = 4000
MAX_FIGURE = 40
# All dependencies between extensions are listed: if one is missing, the field stays blank in the browser.
EDITOR_EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Strike": True,
    "Underline": True,
    "Subscript": True,
    "Superscript": True,
    "Code": True,
    "CodeBlock": True,
    "Heading": {"levels": [2, 3, 4]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HorizontalRule": True,
    "HardBreak": True,
    "Link": {"enableTarget": False, "protocols": sorted(ALLOWED_SCHEMES)},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
}
INLINE_EXTENSIONS = {
    name: setting
    for name, setting in EDITOR_EXTENSIONS.items()
    if name not in {"Heading", "CodeBlock", "HorizontalRule"} and not name.startswith("Table")
}


class SlugsField(LineField):
    """A slug, or several with commas between them, each once."""

    def clean(self, value: Any) -> str:
        slugs = dict.fromkeys(slug for part in super().clean(value).split(",") if (slug := part.strip()))
        for slug in slugs:
            validate_slug(slug)
        return ",".join(slugs)


class TextField(forms.CharField):
    """Plain text that stays as it is: code, the cells of a table."""

    widget = forms.Textarea

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows, "class": "vLargeTextField"}), **kwargs)

    def clean(self, value: Any) -> str:
        return storable(str(super().clean(value)))


class ProseField(TextField):
    """Plain words, line breaks kept."""

    def clean(self, value: Any) -> str:
        return prose(str(super().clean(value)))


class HtmlField(forms.CharField):
    """Rich text, cleaned and tidied: only HTML that readers may be sent is kept, and nothing that shows nothing."""

    def __init__(self, *, extensions: dict[str, Any] = EDITOR_EXTENSIONS, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea, **kwargs)
        self.extensions = extensions

    def clean(self, value: Any) -> str:
        html = tidied(clean(super().clean(value))).strip()
        html = "" if not text_of(html).strip() and "<hr" not in html else html
        if self.required and not html:
            raise ValidationError(self.error_messages["required"], code="required")
        return html


class AddressField(forms.CharField):
    """The target of a link: a path of this site, an address elsewhere (https:// may be left out), mailto, tel or sms."""

    _absolute = URLValidator(schemes=["http", "https"])

    def clean(self, value: Any) -> str:
        address = direct(str(super().clean(value)), keep_campaign=True)
        if (
            not address
            or re.fullmatch(r"(?:/(?!/)|#)[^\s<>\"\\]*", address)
            or re.fullmatch(r"mailto:[^\s<>\"\\]+@[^\s<>\"\\]+", address)
            or re.fullmatch(r"(?:tel|sms):\+?[\d.()-]+", address)
        ):
            return address
        try:
            self._absolute(address)
        except ValidationError:
            raise ValidationError("Write an address that starts with https:// or, on this site, with /.") from None
        return address


class SourceField(forms.CharField):
    """An image: the media path of one of ours, or the https address of one kept elsewhere."""

    def clean(self, value: Any) -> str:
        source = str(super().clean(value))
        if source and not re.fullmatch(r"images/[\w./-]+", source):
            try:
                URLValidator(schemes=["https", "http"])(source)
            except ValidationError:
                raise ValidationError("This is neither one of our images nor an https address.") from None
        if ".." in source.split("/"):
            raise ValidationError("This is neither one of our images nor an https address.")
        return source


class FocalField(forms.Field):
    """The point of an image that cropping keeps in view, in shares of its width and height: [0.5, 0.5] is the middle."""

    widget = forms.TextInput

    def clean(self, value: Any) -> list[float] | None:
        if value in (None, "", []):
            return None
        parts = value.split(",") if isinstance(value, str) else value
        try:
            point = [round(float(part), 3) for part in parts]
        except (TypeError, ValueError):
            point = []
        if len(point) != 2 or not all(0 <= part <= 1 for part in point):
            raise ValidationError("Write two numbers between 0 and 1, such as 0.5, 0.3.")
        return point

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class CsvField(TextField):
    """A small table pasted as CSV, with commas, semicolons or tabs; stored with commas."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return text
        try:
            rows = rows_of(text)
        except csv.Error as error:
            raise ValidationError(f"This is not a table we can read: {error}.") from None
        if not rows:
            raise ValidationError("The cells are empty.")
        if len({len(row) for row in rows}) > 1:
            widths = [len(row) for row in rows]
            wrong = next(number for number, width in enumerate(widths, 1) if width != widths[0])
            raise ValidationError(f"Row {wrong} has {widths[wrong - 1]} cells, the first row has {widths[0]}.")
        if sum(map(len, rows)) > MAX_TABLE_CELLS:
            raise ValidationError(f"A table has at most {MAX_TABLE_CELLS} cells.")
        return csv_of(rows)


class ImagesField(forms.Field):
    """The images of a gallery, each with the values of an image block."""

    def clean(self, value: Any) -> list[dict[str, Any]]:
        entries = super().clean(value) or []
        if not isinstance(entries, list):
            raise ValidationError("A gallery holds a list of images.")
        return [_clean_with(Image, entry, f"image {number}") for number, entry in enumerate(entries, 1)]


class Kind(forms.Form):
    """A kind of block, with its type in documents and its name and icon at the desk.

    All that readers may find in it is in its fields, or in other rows that it `shows` (see articles.texts).
    """

    block_type: ClassVar[str]
    block_name: ClassVar[str]
    block_icon: ClassVar[str]
    shows: ClassVar[str] = ""

    def clean(self) -> dict[str, Any]:
        """Leave out empty values, so that a block has one canonical form."""
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None, [])}


class RichText(Kind):
    block_type, block_name, block_icon = "richtext", "Text", "notes"
    html = HtmlField(label="Text")


class Picture(Kind):
    """A picture with what is said of it: a cover, and with a link around it an image of the text."""

    src = SourceField(label="Image")
    alt = LineField(
        label="Alternative text",
        max_length=400,
        required=False,
        help_text="What it shows, for people who cannot see it.",
    )
    caption = LineField(max_length=400, required=False)
    credit = LineField(max_length=200, required=False)
    focal = FocalField(label="Focal point", required=False, help_text="Stays in view when the image is cropped.")


class Image(Picture):
    block_type, block_name, block_icon = "image", "Image", "image"
    link = AddressField(required=False, max_length=2000, help_text="Where a click on the image leads. Empty: nowhere.")


class Gallery(Kind):
    block_type, block_name, block_icon = "gallery", "Gallery", "photo_library"
    images = ImagesField()
    caption = LineField(max_length=400, required=False)


class Faq(Kind):
    block_type, block_name, block_icon = "faq", "Question and answer", "quiz"
    question = LineField(max_length=300)
    answer = HtmlField(extensions=INLINE_EXTENSIONS)


class CallToAction(Kind):
    block_type, block_name, block_icon = "cta", "Call to action", "ads_click"
    shows = "card"
    snippet = LineField(label="Reusable card", required=False, validators=[validate_slug])
    heading = LineField(max_length=160, required=False)
    body = ProseField(required=False)
    label = LineField(label="Label of the button", max_length=80, required=False)
    url = AddressField(label="Link", required=False, max_length=500)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "snippet" in data:
            return {name: value for name, value in data.items() if name not in ("heading", "body", "label", "url")}
        for name in ("heading", "label", "url"):
            if name not in data and name not in self.errors:
                self.add_error(name, "Choose a reusable card, or write a heading, a label and a link.")
        return data


class Callout(Kind):
    block_type, block_name, block_icon = "callout", "Callout", "lightbulb"
    tone = forms.ChoiceField(choices=[("note", "Note"), ("tip", "Tip"), ("warning", "Careful")])
    html = HtmlField(label="Text", extensions=INLINE_EXTENSIONS)


class PullQuote(Kind):
    block_type, block_name, block_icon = "pullquote", "Pull quote", "format_quote"
    text = ProseField(max_length=600)
    attribution = LineField(max_length=200, required=False)


class Table(Kind):
    block_type, block_name, block_icon = "table", "Table", "table_chart"
    caption = LineField(max_length=300, required=False)
    csv = CsvField(label="Cells", rows=8, help_text="Paste from a spreadsheet, or write CSV, one line per row.")
    header = forms.BooleanField(label="The first row is the heading", required=False, initial=True)


class Chart(Kind):
    block_type, block_name, block_icon = "chart", "Chart", "bar_chart"
    kind = forms.ChoiceField(choices=[("bar", "Bars"), ("line", "Line")])
    title = LineField(max_length=200)
    csv = CsvField(label="Figures", rows=8, help_text="A heading row, then a label and its figures on each line.")
    unit = LineField(max_length=40, required=False)

    def clean_csv(self) -> str:
        text: str = self.cleaned_data["csv"]
        rows = rows_of(text)
        if len(rows) < 2 or len(rows[0]) < 2:
            raise ValidationError("A chart needs a heading row and at least one line with a label and a figure.")
        for number, row in enumerate(rows[1:], 2):
            for cell in row[1:]:
                if not re.fullmatch(r"[-+−]?\d[\d,\s]*(?:\.\d+)?\s*%?|", cell):
                    raise ValidationError(f"“{cell}” in row {number} is not a number.")
                if len(cell) > MAX_FIGURE:
                    raise ValidationError(f"The figure in row {number} is too long: at most {MAX_FIGURE} characters.")
        if not any(row[1] for row in rows[1:]):
            raise ValidationError("There are no figures in the second column, which is the one that is drawn.")
        if self.cleaned_data.get("kind") == "bar" and any(row[1].startswith(("-", "−")) for row in rows[1:]):
            raise ValidationError("Bars cannot show less than zero. Choose a line.")
        return text


class EmbedBlock(Kind):
    block_type, block_name, block_icon = "embed", "Embed", "smart_display"
    url = forms.CharField(label="Address", max_length=500, help_text=", ".join(provider.name for provider in PROVIDERS))

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not embed_of(url):
            names = ", ".join(provider.name for provider in PROVIDERS)
            raise ValidationError(f"Players can be embedded from {names}. Link to anything else from the text.")
        return url


class Code(Kind):
    block_type, block_name, block_icon = "code", "Code", "code"
    language = LineField(max_length=30, required=False, validators=[RegexValidator(r"^[\w+#. -]+$")])
    code = TextField(rows=8, strip=False)


class AwardResults(Kind):
    block_type, block_name, block_icon = "award_results", "Award results", "emoji_events"
    shows = "award"
    season = LineField(validators=[validate_slug], help_text="The season's slug, as in its address.")
    category = LineField(validators=[validate_slug], help_text="The category's slug, as in its address.")


class Survey(Kind):
    block_type, block_name, block_icon = "survey", "Survey or poll", "ballot"
    shows = "survey"
    survey = LineField(validators=[validate_slug], help_text="The survey's slug, as in its address.")
    question = LineField(
        required=False,
        max_length=30,
        validators=[validate_slug],
        help_text="The id of a question, of which just the result is shown. Empty: the survey itself, and all its results.",
    )


class SignUp(Kind):
    block_type, block_name, block_icon = "signup", "Sign-up form", "mail"
    shows = "newsletter"
    newsletter = SlugsField(
        required=False,
        max_length=200,
        help_text="Its slug; several, with commas between them, for the reader to choose from. Empty: the main briefing.",
    )
    heading = LineField(max_length=80, required=False)
    text = LineField(max_length=200, required=False)


class SponsorSlot(Kind):
    block_type, block_name, block_icon = "sponsor_slot", "Sponsor slot", "campaign"
    shows = "ad"


class Related(Kind):
    block_type, block_name, block_icon = "related", "Also read", "link"
    shows = "article"
    article = LineField(validators=[validate_slug])


KINDS: dict[str, type[Kind]] = {
    kind.block_type: kind
    for kind in (
        RichText, Image, Gallery, Faq, CallToAction, Callout, PullQuote, Table, Chart, EmbedBlock, Code, AwardResults,
        Survey, SignUp, SponsorSlot, Related,
    )
}  # fmt: skip


def clean_data(code: str, data: Any, where: str = "") -> dict[str, Any]:
    """The canonical form of one block's data. Raises a ValidationError that names every wrong key."""
    if code not in KINDS:
        raise ValidationError(f"{where or 'This block'} has an unknown type, “{code}”. Known: {', '.join(KINDS)}.")
    return _clean_with(KINDS[code], data, where)


def clean_cover(data: Any) -> dict[str, Any]:
    """The canonical form of the picture at the top of an article. Raises a ValidationError as well."""
    return _clean_with(Picture, data, "The cover")


def _clean_with(kind: type[Kind], data: Any, where: str) -> dict[str, Any]:
    prefix = f"{where}: " if where else ""
    if not isinstance(data, Mapping):
        raise ValidationError(f"{prefix}a block is an object with named values.")
    fields = kind.base_fields
    problems = [f"{prefix}“{name}” is not a value of this block." for name in data if name not in fields]
    problems += [
        f"{prefix}“{name}” should be {_wanted(fields[name])}."
        for name, value in data.items()
        if name in fields and value is not None and not _fits(fields[name], value)
    ]
    if problems:
        raise ValidationError(problems)
    values = {name: field.initial for name, field in fields.items() if name not in data and field.initial is not None}
    values |= {
        name: storable(value) if isinstance(value, str) else value for name, value in data.items() if value is not None
    }
    form = kind(values)
    if not form.is_valid():
        raise ValidationError(
            [
                f"{prefix}{'' if name == '__all__' else f'{name}: '}{error}"
                for name, errors in form.errors.items()
                for error in errors
            ]
        )
    return form.cleaned_data


def _fits(field: forms.Field, value: Any) -> bool:
    if isinstance(field, forms.BooleanField):
        return isinstance(value, bool)
    if isinstance(field, FocalField | ImagesField):
        return isinstance(value, list)
    return isinstance(value, str)


def _wanted(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "true or false"
    return "a list" if isinstance(field, FocalField | ImagesField) else "text"
