"""The forms of an article's blocks, one formset per kind. They are made from a document and turned back into one."""

from copy import deepcopy
from typing import Any

from content_editor.admin import ContentEditorInline
from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from articles import blocks
from articles.desk.choice_fields import ChoiceWidget
from articles.desk.edit_state import edit_state
from articles.desk.ordered_fields import GalleryWidget
from articles.desk.rich_text import InlineProseWidget, ProseWidget, attributes, textarea
from articles.desk.uploads import take_upload, take_uploads
from articles.document_schema import BlockData
from articles.models import Article, Block
from articles.models.article import BLOCK_MODELS, REGION
from core.lib.forms import LineField, RowsFormSet
from core.lib.html import clean, refuse_lost_addresses, text_of
from core.lib.text import whole_number

CHOICES = {"src": "image", "snippet": "cta", "article": "article"}
SUMMARISED = (
    "html", "question", "heading", "text", "caption", "title", "alt", "url", "code", "article", "snippet", "csv",
)  # fmt: skip


class LineWidget(AdminTextInputWidget):
    """The admin's text input, rendered without a template: a long article has hundreds."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        widget = context["widget"]
        return SafeString(
            f"<input{attributes(type='text', name=widget['name'], value=widget['value'], **widget['attrs'])}>"
        )


class AreaWidget(AdminTextareaWidget):
    """The admin's text area, rendered without a template too."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return textarea(context["widget"])


class BlockForm(forms.ModelForm):
    """The form of a block at the desk; each kind's form inherits it."""

    block_type: str
    request: HttpRequest

    class Meta:
        model = Block
        fields = ["region", "ordering"]
        widgets = {"region": forms.HiddenInput, "ordering": forms.HiddenInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial |= self.instance.data
        if "src" in self.fields:
            self.fields["src"].required = False
            self.fields["upload"] = forms.FileField(label="or upload one", required=False)
        if "images" in self.fields:
            self.fields["images"].required = False

    media = forms.Media()  # the formset has them, once for all forms

    @property
    def rows(self) -> list[Any]:
        """The fields to show, an upload next to the choice it can replace."""
        names = list(blocks.KINDS[self.block_type].base_fields)
        if "upload" in self.fields:
            names.insert(1, "upload")
        return [self[name] for name in names]

    @property
    def summary(self) -> str:
        """A few words that tell a folded block from the others."""
        words = next((text_of(str(value)) for name in SUMMARISED if (value := self._said(name))), "")
        return words[:80]

    def _said(self, name: str) -> Any:
        return self[name].value() if self.is_bound and name in self.fields else self.initial.get(name)

    def is_blank(self) -> bool:
        """Whether nothing was put into the block."""
        names = [name for name in (*blocks.KINDS[self.block_type].base_fields, "upload") if name in self.fields]
        free = [name for name in names if not isinstance(self.fields[name], forms.ChoiceField | forms.BooleanField)]
        return not any(self[name].value() for name in free) and not self._uploads()

    @property
    def is_left_out(self) -> bool:
        """Whether this is a text without a word: there is always one to write in, and none is stored."""
        return self.is_bound and self.block_type == blocks.RichText.block_type and self.is_blank()

    def full_clean(self) -> None:
        if self.is_left_out:
            self._errors = forms.utils.ErrorDict()
            self.cleaned_data = {}
            return
        super().full_clean()
        if self._errors and self.is_blank():
            name = blocks.KINDS[self.block_type].block_name
            self._errors = forms.utils.ErrorDict()
            self.add_error(None, f"This block ({name}) is empty: fill it in, or remove it.")

    def clean(self) -> dict[str, Any]:
        kind: Any = blocks.KINDS[self.block_type]
        data: dict[str, Any] = kind.clean(self)  # which ModelForm.clean, before it in the order of bases, does not call
        if "src" in self.fields:
            self._take_upload(data)
        if "images" in self.fields:
            self._take_uploads(data)
        for name, field in self.fields.items():
            if isinstance(field, blocks.HtmlField):
                try:
                    refuse_lost_addresses(str(self[name].value() or ""))
                except ValidationError as error:
                    self.add_error(name, error)
        return data

    def _uploads(self) -> list[Any]:
        name = self.add_prefix("images-uploads")
        return list(self.files.getlist(name)) if hasattr(self.files, "getlist") else []

    def _take_uploads(self, data: dict[str, Any]) -> None:
        try:
            new = (
                take_uploads(self, uploads, into="images", by=self.request.user) if (uploads := self._uploads()) else []
            )
            data["images"] = [*data.get("images", []), *new]
        except ValidationError as error:
            self.add_error("images", error)
        if not data.get("images") and "images" not in self.errors:
            self.add_error("images", "Choose at least one image, or upload some.")

    def _take_upload(self, data: dict[str, Any]) -> None:
        if upload := data.pop("upload", None):
            try:
                data["src"] = take_upload(self, upload, into="src", alt=data.get("alt", ""), by=self.request.user)
            except ValidationError as error:
                self.add_error("upload", error)
        elif "src" not in data and "src" not in self.errors:
            self.add_error("src", "Choose an image, or upload one.")

    def _post_clean(self) -> None:
        """Leave the instance alone: the document is checked and stored as a whole."""

    def part(self) -> BlockData | None:
        """The block for the document, None for a text without a word; with raw values if it was not validated."""
        names = blocks.KINDS[self.block_type].base_fields
        if hasattr(self, "cleaned_data"):
            data = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
            return None if self.is_left_out else {"type": self.block_type, **data}
        raw = {name: self[name].value() for name in names}
        return {
            "type": self.block_type,
            **{name: _as_typed(self.fields[name], value) for name, value in raw.items() if value},
        }

    def place(self) -> int:
        value = self.data.get(self.add_prefix("ordering"), "")
        place = whole_number(value.removeprefix("-")) or 0
        return -place if value.startswith("-") else place


def _as_typed(field: forms.Field, value: Any) -> Any:
    return clean(value) if isinstance(field, blocks.HtmlField) else value


class BlockFormSet(RowsFormSet):
    """The blocks of one kind. They come from a document, not from rows, so all are shown as new ones."""

    kind: str
    parts: list[BlockData]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [(number, part) for number, part in enumerate(self.parts, 1) if part["type"] == self.kind]
        model = BLOCK_MODELS[self.kind]
        self.blocks = [
            model(
                region=REGION, ordering=10 * number, kind=self.kind,
                data={name: value for name, value in part.items() if name != "type"},
            )
            for number, part in mine
        ]  # fmt: skip
        self.extra = len(self.blocks)

    @classmethod
    def get_default_prefix(cls) -> str:
        return f"block-{cls.kind}"

    def get_queryset(self) -> Any:
        return Block.objects.none()

    def add_fields(self, form: Any, index: int | None) -> None:
        """Leave out primary and foreign keys: saving replaces all blocks."""
        BaseFormSet.add_fields(self, form, index)
        form.fields.pop("parent", None)

    def initial_form_count(self) -> int:
        return 0

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        if not self.is_bound and i < len(self.blocks):
            kwargs["instance"] = self.blocks[i]
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.empty_permitted = False
        return form

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []


def parts_of(formsets: Any) -> list[BlockData]:
    """The blocks of all formsets, in the order they have on the page."""
    forms_in = [form for formset in formsets for form in formset.forms if form not in _removed(formset)]
    parts = [form.part() for form in sorted(forms_in, key=BlockForm.place)]
    return [part for part in parts if part]


def left_out(formsets: Any) -> int:
    """How many texts without a word are not stored."""
    return sum(form.is_left_out for formset in formsets for form in formset.forms if form not in _removed(formset))


def _removed(formset: Any) -> list[Any]:
    return [form for form in formset.forms if form.data.get(form.add_prefix("DELETE"))]


def _with_widget(field: forms.Field, name: str) -> None:
    if name in CHOICES and isinstance(field, LineField | blocks.SourceField):
        field.widget = ChoiceWidget(CHOICES[name])
    elif isinstance(field, blocks.HtmlField):
        widget = InlineProseWidget if field.extensions is blocks.INLINE_EXTENSIONS else ProseWidget
        field.widget = widget(preset="configurable")
    elif isinstance(field, blocks.ImagesField):
        field.widget = GalleryWidget("image")
    elif isinstance(field, blocks.TextField):
        field.widget = AreaWidget(attrs=field.widget.attrs)  # type: ignore[assignment]
    elif isinstance(field, LineField):
        field.widget = LineWidget(attrs={"maxlength": field.max_length} if field.max_length else {})
    field.widget.is_required = field.required


class BlockInline(ContentEditorInline):
    """One kind of block at the desk. Permission to change the article is permission to change its blocks."""

    kind: str
    formset = BlockFormSet
    template = "admin/articles/article/block.html"

    def get_formset(self, request: HttpRequest, obj: Article | None = None, **kwargs: Any) -> type[BlockFormSet]:
        formset: Any = forms.inlineformset_factory(
            Article, self.model, form=block_form(self.kind), formset=BlockFormSet, fk_name="parent", max_num=1000
        )
        formset.kind, formset.parts = self.kind, edit_state(request).document["blocks"]
        formset.form = type(formset.form.__name__, (formset.form,), {"request": request})
        made: type[BlockFormSet] = formset
        return made

    def get_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        fields = list(blocks.KINDS[self.kind].base_fields)
        if "src" in fields:
            fields.insert(1, "upload")
        return ["region", "ordering", *fields]

    def has_add_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return request.user.has_perm("articles.change_article")

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return request.user.has_perm("articles.view_article")


def block_form(kind: str) -> type[BlockForm]:
    """The form of a kind of block at the desk, with the admin's widgets."""
    return FORMS[kind]


def _made(kind: str) -> type[BlockForm]:
    base = blocks.KINDS[kind]
    meta = type("Meta", (BlockForm.Meta,), {"model": BLOCK_MODELS[kind]})
    fields = {
        name: deepcopy(shared) for name, shared in base.base_fields.items()
    }  # copies: the kind's own fields keep their plain widgets
    for name, own in fields.items():
        _with_widget(own, name)
    return type(f"{base.__name__}Form", (BlockForm, base), {"Meta": meta, "__module__": __name__, **fields})


FORMS: dict[str, type[BlockForm]] = {kind: _made(kind) for kind in blocks.KINDS}
INLINES = [
    type(
        f"{blocks.KINDS[kind].__name__}Inline",
        (BlockInline,),
        {"kind": kind, "model": model, "icon": blocks.KINDS[kind].block_icon, "__module__": __name__},
    )
    for kind, model in BLOCK_MODELS.items()
]
