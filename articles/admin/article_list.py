"""The list of articles at the desk: its columns, what it is narrowed to, and the lists that are saved."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from articles.admin import bulk_acts, leads
from articles.desk import selection
from articles.desk.names import NamedField, names_of
from articles.leads import standing
from articles.models import Article, Author, Category, Publication, SavedList, Tag
from core.lib import clock
from core.lib.admin_lists import WordSearch
from core.lib.text import one_line
from core.pagecache import per_generation

State = Article.State
LIST = "admin:articles_article_changelist"
MOST_SAVED = 50


class NarrowForm(forms.Form):
    """What a list of articles can be narrowed to."""

    state = forms.ChoiceField(choices=[("", "any"), *State.choices], required=False)
    category: Any = NamedField(Category, required=False)
    author: Any = NamedField(Author, required=False)
    tag: Any = NamedField(Tag, required=False)
    flag = forms.ChoiceField(
        label="Marked by",
        choices=lambda: [("", "anything"), *((name, words) for name, (words, _) in selection.FLAGS.items())],
        required=False,
    )
    date = forms.ChoiceField(label="Date", choices=list(selection.DATES.items()), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="narrow_%s")
        for name, label in {"from": "From", "to": "To"}.items():
            widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields[name] = forms.DateField(label=label, required=False, widget=widget)

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and last < first:
            self.add_error("to", "The last day is before the first.")
        return self.cleaned_data


class NarrowFilter(admin.ListFilter):
    """The form above the list, as one filter."""

    title = "what is chosen"
    template = "admin/articles/article/narrow.html"
    parameter_name = "state"
    parameter_names = tuple(name for name in selection.NAMES if name != "q")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        found = {name: params.pop(name) for name in self.parameter_names if name in params}
        self.said = {name: str(values[-1]) for name, values in found.items()}
        self.form = NarrowForm(self.said)
        self.used_parameters = {name: value for name, value in self.said.items() if value and name != "date"}
        self.query = request.GET.get("q", "")

    def in_words(self) -> str:
        """What is chosen, for people."""
        return "; ".join(self._said(name, value) for name, value in self.used_parameters.items())

    def _said(self, name: str, value: Any) -> str:
        found = self.form.cleaned_data.get(name)
        if name in ("from", "to"):
            return f"{selection.DATES[self.said.get('date') or 'changed_at']} {'from' if name == 'from' else 'up to'} {found:%-d %B %Y}"
        if name == "flag":
            return selection.FLAGS[str(value)][0]
        return f"{name}: {State(str(found)).label if name == 'state' else found}"

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.parameter_names)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.form.is_valid():
            return queryset.none()
        try:
            return selection.narrowed(queryset, self.said, self.form.cleaned_data)
        except ValidationError as refusal:
            self.form.add_error(None, refusal)
            return queryset.none()

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """One way to use each part of the form."""
        values: dict[str, Any] = {"state": State.DRAFT, "flag": "behind", "from": "2025-01-01"}
        values |= {name: suggested[0] for name, model in selection.NAMED.items() if (suggested := names_of(model))}
        yield {"selected": not self.said, "query_string": "?", "display": "anything"}
        for name, value in values.items():
            yield {"selected": False, "query_string": f"?{urlencode({name: value})}", "display": f"{name} {value}"}


class SaveForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="One of yours with this name is replaced.")
    is_shared = forms.BooleanField(label="For everybody in the newsroom", required=False)

    def clean_name(self) -> str:
        if name := one_line(self.cleaned_data["name"]):
            return name
        raise ValidationError("Give the list a name.")


class ArticleList(WordSearch):
    """The list's part of the admin of articles."""

    list_display: ClassVar[Any] = ("title", "state_badge", "category", "byline_names", "published", "changed")
    list_filter: ClassVar[Any] = (NarrowFilter,)
    list_select_related: ClassVar[Any] = ("category",)
    list_per_page = 50
    search_fields: ClassVar[Any] = selection.WORDS
    sortable_by: ClassVar[Any] = ("title", "published", "changed")
    change_list_template: ClassVar[Any] = "admin/articles/article/list.html"

    def get_actions(self, request: HttpRequest) -> Any:
        """Acts on what is ticked; those on all that is found are on a page of their own."""
        return {} if "_popup" in request.GET else bulk_acts.actions(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)  # type: ignore[misc]
        changelist.title = "Articles"
        unseen = (f"publication__{name}" for name in Publication.BODY_FIELDS)
        changelist.result_list = changelist.result_list.prefetch_related("byline__author").defer("cover", *unseen)
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        said = _said(request)
        context = {
            "saved": [(each, _query(each.said), each.said == said) for each in _saved(request)],
            "said": urlencode(said),
            "may_act": bool(bulk_acts.actions(request)),
        }
        response: HttpResponse = super().changelist_view(request, context | (extra_context or {}))  # type: ignore[misc]
        return response

    def list_urls(self) -> list[Any]:
        view = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            *leads.urls(view),
            path("lists/", view(saved_lists), name="articles_article_lists"),
            path("lists/<int:pk>/remove/", view(remove_list), name="articles_article_list_remove"),
        ]

    def state_in_words(self, article: Article) -> str:
        shown = getattr(article, "publication", None)
        behind = article.state == State.PUBLISHED and shown and shown.version != article.version
        label = f"{article.get_state_display()}, newer changes" if behind else article.get_state_display()
        if article.pk in self._pinned():
            label = f"{label}, pinned"
        if article.publish_at:
            label = f"{label}, {clock.in_words(article.publish_at, 'j M, H:i')}"
        return label

    @staticmethod
    @per_generation
    def _pinned() -> frozenset[int]:
        return frozenset(standing().values_list("article", flat=True))

    # Those that were never published stand at the end of the newest, and at the beginning of the oldest.
    @admin.display(description="published", ordering=F("published_at").asc(nulls_first=True))
    def published(self, article: Article) -> str:
        return clock.in_words(article.published_at, "j M Y") if article.published_at else "–"

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, article: Article) -> str:
        return clock.in_words(article.changed_at, "j M Y, H:i")

    @admin.display(description="authors")
    def byline_names(self, article: Article) -> str:
        return ", ".join(place.author.name for place in article.byline.all())


def _said(request: HttpRequest) -> dict[str, str]:
    said = {name: request.GET[name].replace("\0", "")[:200] for name in selection.NAMES if request.GET.get(name)}
    return said if said.keys() != {"date"} else {}


def _query(said: dict[str, str]) -> str:
    return urlencode({name: said[name] for name in selection.NAMES if name in said})


def _saved(request: HttpRequest) -> Any:
    """One's own lists, then those that are shared."""
    rows = SavedList.objects.select_related("owner").filter(Q(owner=request.user.pk) | Q(is_shared=True))
    return sorted(rows[: 4 * MOST_SAVED], key=lambda each: (each.owner_id != request.user.pk, each.name.casefold()))


def saved_lists(request: HttpRequest) -> HttpResponse:
    """Save what the list is narrowed to under a name; see one's lists, and remove them."""
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied
    said = _said(request)
    form = SaveForm(request.POST if request.method == "POST" else None)
    about, refused = "", ""
    try:
        about = selection.in_words(said)
    except ValidationError as refusal:
        said, refused = {}, " ".join(refusal.messages)
    owner: Any = request.user
    own = SavedList.objects.filter(owner=owner)
    if request.method == "POST" and said and form.is_valid():
        name = form.cleaned_data["name"]
        if own.exclude(name=name).count() < MOST_SAVED:
            values = {"said": said, "is_shared": form.cleaned_data["is_shared"]}
            SavedList.objects.update_or_create(owner=owner, name=name, defaults=values)
            messages.success(request, f"Saved as “{name}”.")
            return HttpResponseRedirect(f"{reverse(LIST)}?{urlencode(said)}")
        form.add_error("name", f"You have {MOST_SAVED} lists already. Remove one first.")
    context = admin.site.each_context(request) | {"opts": Article._meta, "title": "Saved lists", "form": form}
    context |= {
        "about": about,
        "refused": refused,
        "can_save": bool(said),
        "own": [(each, _query(each.said)) for each in own],
    }
    return render(request, "admin/articles/article/saved_lists.html", context)


@require_POST
def remove_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of one's own lists."""
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied
    row = get_object_or_404(SavedList, pk=pk, owner=request.user.pk)
    row.delete()
    messages.success(request, f"“{row}” is removed.")
    return HttpResponseRedirect(reverse("admin:articles_article_lists"))
