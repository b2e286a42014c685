"""The forms of a briefing's parts at its desk, one formset for each kind: the article's editor, with what a mail can show."""

from typing import Any, ClassVar

from content_editor.admin import ContentEditorInline
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from articles import blocks
from articles.desk.block_forms import AreaWidget, LineWidget
from articles.desk.choice_fields import ChoiceWidget
from articles.desk.rich_text import ProseWidget
from articles.desk.uploads import take_upload
from articles.models import Publication, Snippet
from core.lib.forms import LineField, RowsFormSet
from core.lib.html import of_plain, refuse_lost_addresses, text_of
from newsletter.models import Briefing, BriefingItem, CardSize
from newsletter.models.briefings import PARTS
from newsletter.sending import drafts, pictures, plugged
from newsletter.sending.parts import whole_address

Kind = BriefingItem.Kind
# What mail programs show as it is meant.
MAIL_EXTENSIONS: dict[str, Any] = {**blocks.EDITOR_EXTENSIONS, "Heading": {"levels": [2, 3]}}
MOST_PARTS = 200
REGION = "main"


def _line(label: str, limit: int, *, required: bool = False, help_text: str = "") -> LineField:
    widget = LineWidget(attrs={"maxlength": limit})
    return LineField(label=label, max_length=limit, required=required, widget=widget, help_text=help_text)


class WholeAddressField(blocks.AddressField):
    """The target of a link in a mail: a path of this site is written in full."""

    def clean(self, value: Any) -> str:
        address = whole_address(super().clean(value), settings.SITE_URL + "/")
        if address and not address.startswith(("http://", "https://")):
            raise ValidationError("Write a web address: https://… or, on this site, a path that starts with /.")
        return address


class PartForm(forms.ModelForm):
    """A part of any kind. Each kind adds its fields, and says how they are read from the row and written to it."""

    part: ClassVar[str]  # its kind
    block_type: ClassVar[str]  # its name at the desk, whose scripts know some of them
    block_name: ClassVar[str]
    request: HttpRequest
    media = forms.Media()  # the formset has them, once for all forms

    region = forms.CharField(widget=forms.HiddenInput, required=False, initial=REGION)

    class Meta:
        model = BriefingItem
        fields = ["ordering"]
        widgets = {"ordering": forms.HiddenInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "region": REGION, **self.read(self.instance)}
        if "src" in self.fields:
            self.fields["upload"] = forms.FileField(label="or upload one", required=False)

    def read(self, item: BriefingItem) -> dict[str, Any]:
        """The values of the kind's own fields."""
        return {name: getattr(item, name) for name in self.declared_fields if hasattr(item, name)}

    def write(self, item: BriefingItem, data: dict[str, Any]) -> None:
        """Give the row what was typed; it is saved after that."""
        for name, value in data.items():
            if name in self.declared_fields and hasattr(item, name):
                setattr(item, name, value)

    @property
    def own(self) -> list[str]:
        """The names of the kind's own fields."""
        return [name for name in self.fields if name not in ("ordering", "region", "id", "briefing", "DELETE")]

    @property
    def rows(self) -> list[Any]:
        names = [name for name in self.own if name != "upload"]
        if "src" in names:
            names.insert(names.index("src") + 1, "upload")
        return [self[name] for name in names]

    @property
    def keys(self) -> SafeString:
        """The hidden fields that say which row it is; and without scripts, its place as a number."""
        hidden = "".join(str(self[name]) for name in ("id", "briefing") if name in self.fields)
        place = self["ordering"]
        return mark_safe(
            f'{hidden}<noscript><label>Place <input type="number" min="0" name="{place.html_name}" '
            f'value="{place.value() or 0:d}"></label></noscript>'
            if not self.is_bound
            else hidden
        )

    @property
    def summary(self) -> str:
        """A few words that tell a folded part from the others."""
        values = (
            self[name].value() for name in ("heading", "html", "label", "caption", "alt", "url") if name in self.fields
        )
        return next((words for value in values if (words := text_of(str(value or "")))), "")[:80]

    @property
    def is_left_out(self) -> bool:
        """Whether this is a text without a word: there is always one to write in, and none is stored."""
        return self.is_bound and self.part == Kind.TEXT and not text_of(str(self["html"].value() or "")).strip()

    def has_changed(self) -> bool:
        """A new part without fields, such as a divider, is one that somebody wants."""
        return not self.is_left_out and (not self.instance.pk or super().has_changed())

    def full_clean(self) -> None:
        if self.is_left_out:
            self._errors, self.cleaned_data = forms.utils.ErrorDict(), {}
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, blocks.HtmlField):
                try:
                    refuse_lost_addresses(str(self[name].value() or ""))
                except ValidationError as error:
                    self.add_error(name, error)
        if upload := data.pop("upload", None):
            try:
                data["src"] = take_upload(self, upload, into="src", alt=data.get("alt", ""), by=self.request.user)
                self.errors.pop("src", None)
            except ValidationError as error:
                self.add_error("upload", error)
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.is_left_out and not self.errors:
            self.instance.kind = self.part
            self.write(self.instance, self.cleaned_data)


class _WithPicture(PartForm):
    """A part with an image of ours, or one that is kept elsewhere."""

    def read(self, item: BriefingItem) -> dict[str, Any]:
        return super().read(item) | {"src": item.image or item.image_url, "alt": item.image_alt}

    def write(self, item: BriefingItem, data: dict[str, Any]) -> None:
        super().write(item, data)
        source = data.get("src", "")
        item.image_alt = data.get("alt", "")
        if source.startswith(("http://", "https://")):
            if source != item.image_url:
                item.image_width = item.image_height = None
            item.image, item.image_url = "", source
        else:
            item.image, item.image_url = source, ""
            item.image_width = item.image_height = None
            pictures.put_in(item)


class TextForm(PartForm):
    part, block_type, block_name = Kind.TEXT, "richtext", "Text"
    html = blocks.HtmlField(label="Text", extensions=MAIL_EXTENSIONS)
    heading = _line("Heading", 200)
    url = WholeAddressField(label="Link", required=False, max_length=500, widget=LineWidget)
    label = _line("Words of the link", 80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("heading", "url", "label"):  # which only texts have that were written before texts were rich
            if not getattr(self.instance, name):
                del self.fields[name]

    def read(self, item: BriefingItem) -> dict[str, Any]:
        return super().read(item) | {"html": item.html or of_plain(item.text)}


class ArticleForm(_WithPicture):
    part, block_type, block_name = Kind.ARTICLE, "article", "Article"
    article = LineField(
        label="Article", required=False, widget=ChoiceWidget("published"),
        help_text="What is left empty below is taken from it.",
    )  # fmt: skip
    size = forms.ChoiceField(label="Card", choices=CardSize.choices, required=False)
    heading = _line("Heading", 200)
    text = blocks.ProseField(label="Text", required=False)
    url = WholeAddressField(label="Link", required=False, max_length=500, widget=LineWidget)
    label = _line("Words of the link", 80, help_text="Empty: “Read on”.")
    src = blocks.SourceField(label="Picture", required=False, widget=ChoiceWidget("image"))
    alt = _line("Picture in words", 400)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget = AreaWidget(attrs={"rows": 3})

    def read(self, item: BriefingItem) -> dict[str, Any]:
        shown = getattr(item.article, "publication", None) or item.article
        return super().read(item) | {"article": shown.slug if shown else ""}

    def clean_article(self) -> Publication | None:
        slug = self.cleaned_data["article"]
        if not slug:
            return None
        publication = Publication.objects.live().filter(slug=slug).first()
        if publication is None and slug != self.initial.get("article"):
            raise ValidationError("This article is not published. A briefing tells only of what readers can see.")
        return publication

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        publication = data.get("article")
        if not publication and "article" not in self.errors:
            for name, words in (("heading", "Write a heading"), ("url", "Write where it leads")):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, f"{words}, or choose an article.")
        return data

    def write(self, item: BriefingItem, data: dict[str, Any]) -> None:
        publication = data.pop("article", None)
        if publication or not self["article"].value():
            item.article_id = publication.article_id if publication else None
        super().write(item, data)
        if publication:
            item.heading = item.heading or publication.title
            item.text = item.text or publication.standfirst
            item.url = item.url or settings.SITE_URL + publication.get_absolute_url()
            if item.size and not item.image_url:
                drafts.put_cover(item, publication)


class ImageForm(_WithPicture):
    part, block_type, block_name = Kind.IMAGE, "image", "Image"
    src = blocks.SourceField(label="Image", required=False, widget=ChoiceWidget("image"))
    alt = _line("Alternative text", 400, help_text="What it shows, for people who cannot see it.")
    caption = _line("Caption", 400)
    url = WholeAddressField(label="Link", required=False, max_length=500, widget=LineWidget)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("src") and not {"src", "upload"} & set(self.errors):
            self.add_error("src", "Choose an image, or upload one.")
        return data


class ButtonForm(PartForm):
    part, block_type, block_name = Kind.BUTTON, "button", "Button"
    label = _line("Words", 80, required=True)
    url = WholeAddressField(label="Link", max_length=500, widget=LineWidget)


class DividerForm(PartForm):
    part, block_type, block_name = Kind.DIVIDER, "divider", "Divider"


class SnippetForm(PartForm):
    part, block_type, block_name = Kind.SNIPPET, "snippet", "Reusable text"
    snippet = forms.ModelChoiceField(
        Snippet.objects.all(), label="Text", help_text="It stands in the briefing as it is when the briefing is sent."
    )

    def read(self, item: BriefingItem) -> dict[str, Any]:
        return {"snippet": item.snippet_id}

    @property
    def summary(self) -> str:
        return str(self.instance.snippet or "") if self.instance.pk else ""


def _news() -> list[Any]:
    return [("", "—"), *plugged.choices()]


class PluggedForm(PartForm):
    part, block_type, block_name = Kind.PLUGGED, "plugged", "Award, survey or poll"
    source = forms.ChoiceField(
        label="News",
        choices=_news,
        help_text="Says what is so when the briefing is sent: voting or a question that is open, or the results.",
    )

    @property
    def summary(self) -> str:
        offered = {source: label for _, choices in plugged.choices() for source, label in choices}
        return offered.get(self.instance.source, self.instance.source)


class SponsorForm(PartForm):
    part, block_type, block_name = Kind.SPONSOR, "sponsor", "Sponsor’s place"

    @property
    def summary(self) -> str:
        """Which ad stands there: it comes from the sponsors' desk and cannot be changed here."""
        item = self.instance
        if not item.pk:
            return "the next ad that is booked for the day"
        return f"{item.sponsor_name or item.label}: {item.heading}" if item.heading else "empty: no ad is booked for it"


class PartFormSet(RowsFormSet):
    """The parts of one kind."""

    part: str

    @classmethod
    def get_default_prefix(cls) -> str:
        return f"block-{FORMS[cls.part].block_type}"

    def save_existing_objects(self, commit: bool = True) -> Any:
        """A text that lost every word is gone."""
        saved = super().save_existing_objects(commit=commit)
        forms_of_texts: Any = self.initial_forms
        for form in forms_of_texts:
            if form.is_left_out and form.instance.pk and form not in self.deleted_forms:
                self.deleted_objects.append(form.instance)
                self.delete_existing(form.instance, commit=commit)
        return saved


class PartInline(ContentEditorInline):
    """One kind of part at the desk. Permission to change the briefing is permission to change its parts."""

    part: str
    fk_name = "briefing"
    formset = PartFormSet
    template = "admin/articles/article/block.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(kind=self.part).select_related("article__publication", "snippet")

    def get_formset(self, request: HttpRequest, obj: Briefing | None = None, **kwargs: Any) -> type[PartFormSet]:
        formset: Any = forms.inlineformset_factory(
            Briefing,
            self.model,
            form=FORMS[self.part],
            formset=PartFormSet,
            fk_name="briefing",
            extra=0,
            max_num=MOST_PARTS,
        )
        formset.part = self.part
        formset.form = type(formset.form.__name__, (formset.form,), {"request": request})
        made: type[PartFormSet] = formset
        return made

    def get_fields(self, request: HttpRequest, obj: Briefing | None = None) -> list[str]:
        return ["region", "ordering"]

    def has_add_permission(self, request: HttpRequest, obj: Briefing | None = None) -> bool:
        return request.user.has_perm("newsletter.change_briefing") or request.user.has_perm("newsletter.add_briefing")

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Briefing | None = None) -> bool:
        return request.user.has_perm("newsletter.view_briefing")


def _made(form: type[PartForm]) -> type[PartForm]:
    """The form with its model, and the editor on its rich text."""
    for field in form.base_fields.values():
        if isinstance(field, blocks.HtmlField):
            field.widget = ProseWidget(preset="configurable")
            field.widget.is_required = field.required
    meta = type("Meta", (PartForm.Meta,), {"model": PARTS[form.part]})
    return type(form.__name__, (form,), {"Meta": meta, "__module__": __name__})


FORMS: dict[str, type[PartForm]] = {
    form.part: _made(form)
    for form in (TextForm, ArticleForm, ImageForm, ButtonForm, DividerForm, SnippetForm, PluggedForm, SponsorForm)
}
ICONS = {
    Kind.TEXT: "notes", Kind.ARTICLE: "article", Kind.IMAGE: "image", Kind.BUTTON: "ads_click", Kind.DIVIDER: "horizontal_rule",
    Kind.SNIPPET: "content_paste", Kind.PLUGGED: "emoji_events", Kind.SPONSOR: "campaign",
}  # fmt: skip
INLINES = [
    type(
        f"{PARTS[part].__name__}Inline",
        (PartInline,),
        {
            "part": part, "model": PARTS[part], "icon": ICONS[Kind(part)], "__module__": __name__,
            "verbose_name": FORMS[part].block_name, "verbose_name_plural": FORMS[part].block_name,
        },
    )
    for part in FORMS
]  # fmt: skip
