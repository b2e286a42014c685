"""The forms of the edit page. They show a document and give one back; articles.documents stores it."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from content_editor.admin import ContentEditorInline
from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import blocks
from articles.desk import choices
from articles.desk.choices import ChoiceWidget, GalleryWidget, ManyChoicesWidget, SlugsField
from articles.documents import LIMITS, SEO_LIMITS, VERSION
from articles.images import store_image
from articles.models import Article, Block, Category, Draft
from articles.models.article import BLOCK_MODELS, REGION
from cms.lib.html import clean, text_of
from cms.lib.pagecache import per_generation

Document = dict[str, Any]
CHOICES = {"src": "image", "snippet": "cta", "article": "article"}
COVER = ("src", "alt", "caption", "credit", "focal")


@dataclass
class Sheet:
    """What the edit page shows in one request, and what was typed into it."""

    document: Document = field(default_factory=dict)
    version: int | None = None
    names: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    recoverable: Draft | None = None
    typed: Document = field(default_factory=dict)
    articles: dict[str, Article | None] = field(default_factory=dict)


def sheet(request: HttpRequest) -> Sheet:
    """The sheet of a request."""
    found: Sheet = request.__dict__.setdefault("desk_sheet", Sheet())
    return found


def _upload(request: HttpRequest, upload: Any, alt: str) -> str:
    return store_image(upload, name=upload.name, alt=alt, by=request.user).file


@per_generation
def category_choices() -> list[tuple[str, str]]:
    """The categories by slug, and none."""
    return [("", "—"), *Category.objects.values_list("slug", "name")]


class ArticleForm(forms.ModelForm):
    """Everything of an article but its blocks."""

    title = blocks.LineField(max_length=LIMITS["title"], widget=AdminTextInputWidget)
    slug = forms.SlugField(
        max_length=LIMITS["slug"], required=False, widget=AdminTextInputWidget, help_text="Empty: made from the title."
    )
    standfirst = blocks.TextField(
        max_length=LIMITS["standfirst"], required=False, help_text="Under the title and on cards."
    )
    category = forms.ChoiceField(choices=category_choices, required=False)
    authors = SlugsField(widget=ManyChoicesWidget("author"), required=False, help_text="In the order of the byline.")
    tags = SlugsField(widget=ManyChoicesWidget("tag"), required=False)
    cta = forms.SlugField(label="Call-to-action card", widget=ChoiceWidget("cta"), required=False)
    cover_src = blocks.SourceField(label="Cover", widget=ChoiceWidget("image"), required=False)
    cover_upload = forms.FileField(label="or upload one", required=False)
    cover_alt = blocks.LineField(
        label="Its alternative text", max_length=400, required=False, widget=AdminTextInputWidget
    )
    cover_caption = blocks.LineField(label="Its caption", max_length=400, required=False, widget=AdminTextInputWidget)
    cover_credit = blocks.LineField(label="Its credit", max_length=200, required=False, widget=AdminTextInputWidget)
    cover_focal = blocks.FocalField(
        label="Its focal point", required=False, help_text="Click into the picture, or write two shares: 0.5, 0.3."
    )
    seo_title = blocks.LineField(
        label="Title for search", max_length=SEO_LIMITS["title"], required=False, widget=AdminTextInputWidget,
        help_text="Up to about 60 characters are shown.",
    )  # fmt: skip
    seo_description = blocks.TextField(
        label="Description for search", max_length=SEO_LIMITS["description"], required=False, rows=2,
        help_text="Up to about 160 characters are shown.",
    )  # fmt: skip
    reading_minutes = forms.IntegerField(
        label="Reading time", min_value=1, max_value=600, required=False, help_text="In minutes. Empty: counted."
    )
    reason = blocks.LineField(
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
        page = sheet(self.request)
        version = self.instance.version if page.version is None else page.version
        self.initial = {**self.initial, "version": version, **_initial(page.document)}
        choices.label(self.fields.values(), page.names)

    def clean(self) -> Document:
        if problems := sheet(self.request).problems:
            raise ValidationError(problems)
        if upload := self.cleaned_data.get("cover_upload"):
            try:
                self.cleaned_data["cover_src"] = _upload(self.request, upload, self.cleaned_data.get("cover_alt", ""))
            except ValidationError as error:
                self.add_error("cover_upload", error)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """The instance stays as it is: the document decides, under its own checks."""

    def document(self, parts: list[Document]) -> Document:
        """What was typed, as a document. Before validation, what was typed is taken as it is."""
        get = self.cleaned_data.get if hasattr(self, "cleaned_data") else self._raw
        cover = {name: value for name in COVER if (value := get(f"cover_{name}"))}
        return {
            "version": VERSION,
            "title": get("title") or "",
            "slug": get("slug") or "",
            "standfirst": get("standfirst") or "",
            "category": get("category") or None,
            "authors": get("authors") or [],
            "tags": get("tags") or [],
            "seo": {"title": get("seo_title") or "", "description": get("seo_description") or ""},
            "cta": get("cta") or None,
            "cover": cover if "src" in cover else None,
            "reading_minutes": get("reading_minutes"),
            "blocks": parts,
        }

    def _raw(self, name: str) -> Any:
        return self[name].value()


def _initial(document: Document) -> Document:
    cover = document.get("cover") or {}
    return {
        **{
            name: document.get(name)
            for name in ("title", "slug", "standfirst", "category", "authors", "tags", "cta", "reading_minutes")
        },
        **{f"seo_{name}": document.get("seo", {}).get(name, "") for name in SEO_LIMITS},
        **{f"cover_{name}": cover.get(name) for name in COVER},
    }


class BlockForm(forms.ModelForm):
    """What every kind's form at the desk shares."""

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

    @property
    def rows(self) -> list[Any]:
        """The fields that are shown, the upload beside the choice it replaces."""
        names = list(blocks.KINDS[self.block_type].base_fields)
        if "upload" in self.fields:
            names.insert(1, "upload")
        return [self[name] for name in names]

    @property
    def summary(self) -> str:
        """A few words by which to tell a folded block from the others."""
        names = (
            "html",
            "question",
            "heading",
            "text",
            "caption",
            "title",
            "alt",
            "url",
            "code",
            "article",
            "snippet",
            "csv",
        )
        words = next((text_of(str(value)) for name in names if (value := self.initial.get(name))), "")
        return words[:80]

    def is_blank(self) -> bool:
        """Nothing was filled in: the block was added and left."""
        names = [name for name in (*blocks.KINDS[self.block_type].base_fields, "upload") if name in self.fields]
        free = [name for name in names if not isinstance(self.fields[name], forms.ChoiceField | forms.BooleanField)]
        return bool(names) and not any(self[name].value() for name in free)

    def full_clean(self) -> None:
        if self.is_bound and self.is_blank():
            self._errors = forms.utils.ErrorDict()
            self.cleaned_data = {}
            return
        super().full_clean()

    def clean(self) -> Document:
        data: Document = super().clean() or {}
        if "src" in self.fields:
            self._take_upload(data)
        return data

    def _take_upload(self, data: Document) -> None:
        if upload := data.pop("upload", None):
            try:
                data["src"] = _upload(self.request, upload, data.get("alt", ""))
            except ValidationError as error:
                self.add_error("upload", error)
        elif "src" not in data and "src" not in self.errors:
            self.add_error("src", "Choose an image, or upload one.")

    def _post_clean(self) -> None:
        """The document decides, under its own checks."""

    def part(self) -> Document | None:
        """The block for the document; None when it was left blank. Before validation, as it was typed."""
        names = blocks.KINDS[self.block_type].base_fields
        if hasattr(self, "cleaned_data"):
            data = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
            return {"type": self.block_type, **data} if data or not names else None
        raw = {name: self[name].value() for name in names}
        return {
            "type": self.block_type,
            **{name: _as_typed(self.fields[name], value) for name, value in raw.items() if value},
        }

    def place(self) -> int:
        value = self.data.get(self.add_prefix("ordering"), "")
        return int(value) if value.lstrip("-").isdecimal() else 0


def _as_typed(field: forms.Field, value: Any) -> Any:
    return clean(value) if isinstance(field, blocks.HtmlField) else value


class BlockFormSet(BaseInlineFormSet):
    """The blocks of one kind. They come from a document and go into one, so each is shown like a new one."""

    kind: str
    parts: list[Document]

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


def parts_of(formsets: Any) -> list[Document]:
    """The blocks of all formsets, in the order they were dragged to."""
    forms_in = [form for formset in formsets for form in formset.forms if form not in _removed(formset)]
    parts = [form.part() for form in sorted(forms_in, key=BlockForm.place)]
    return [part for part in parts if part]


def _removed(formset: Any) -> list[Any]:
    return [form for form in formset.forms if form.data.get(form.add_prefix("DELETE"))]


class ProseWidget(AdminProseEditorWidget):
    """The editor of rich text, made by static/js/desk/prose.js once its block comes near the window.

    An article may have 150 of them: to make them all at once takes seconds. Their settings are in the page once.
    """

    settings_name = "full"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = forms.Textarea.get_context(self, name, value, attrs)
        context["widget"]["attrs"]["data-desk-prose"] = self.settings_name
        return context


class InlineProseWidget(ProseWidget):
    """The same without headings and tables."""

    settings_name = "inline"


def prose_settings() -> dict[str, Any]:
    """What the two editors can do, by name."""
    every = {"full": blocks.EDITOR_EXTENSIONS, "inline": blocks.INLINE_EXTENSIONS}
    return {
        name: ProseWidget(config={"extensions": extensions}, preset="configurable").get_config()
        for name, extensions in every.items()
    }


def _with_widget(field: forms.Field, name: str) -> None:
    if name in CHOICES and isinstance(field, blocks.LineField | blocks.SourceField):
        field.widget = ChoiceWidget(CHOICES[name])
    elif isinstance(field, blocks.HtmlField):
        widget = InlineProseWidget if field.extensions is blocks.INLINE_EXTENSIONS else ProseWidget
        field.widget = widget(preset="configurable")
    elif isinstance(field, blocks.ImagesField):
        field.widget = GalleryWidget("image")
    elif isinstance(field, blocks.TextField):
        field.widget = AdminTextareaWidget(attrs=field.widget.attrs)  # type: ignore[assignment]
    elif isinstance(field, blocks.LineField):
        field.widget = AdminTextInputWidget(attrs={"maxlength": field.max_length} if field.max_length else {})
    field.widget.is_required = field.required


class BlockInline(ContentEditorInline):
    """One kind of block at the desk. Who may change the article may change its blocks."""

    kind: str
    formset = BlockFormSet
    template = "admin/articles/article/block.html"

    def get_formset(self, request: HttpRequest, obj: Article | None = None, **kwargs: Any) -> type[BlockFormSet]:
        formset: Any = forms.inlineformset_factory(
            Article, self.model, form=block_form(self.kind), formset=BlockFormSet, fk_name="parent", max_num=1000
        )
        formset.kind, formset.parts = self.kind, sheet(request).document.get("blocks", [])
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
    """The form of a kind at the desk: its fields, with the admin's widgets."""
    return FORMS[kind]


def _made(kind: str) -> type[BlockForm]:
    base = blocks.KINDS[kind]
    meta = type("Meta", (BlockForm.Meta,), {"model": BLOCK_MODELS[kind]})
    fields = {name: deepcopy(shared) for name, shared in base.base_fields.items()}  # the kind's own keep plain widgets
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
