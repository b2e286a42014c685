"""Acts on many rows at the desk: which act, on which rows, the question before it is done, its progress, and undoing it.

A part derives the admin of its acts from `BulkActAdmin`; how an act goes is in `core.bulk_acts`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.admin.bases import ReadOnlyAdmin
from core.bulk_acts import Engine
from core.lib.text import whole_number
from core.transitions import TransitionRefused

NOT_OURS = {"p", "o", "all", "_changelist_filters", "ids"}


def narrowed_to(request: HttpRequest) -> dict[str, str]:
    """What a page's address, which is that of a list, narrows it to."""
    return {name: str(value) for name, value in request.GET.items() if name not in NOT_OURS and value}


class BulkActAdmin(ReadOnlyAdmin):
    """The acts that there were, and the pages of each."""

    engine: ClassVar[Engine]
    noun: ClassVar[str]
    rows_url: ClassVar[str]  # the name of the list that is acted on
    permissions: ClassVar[Mapping[Any, Sequence[str]]]  # of each act
    before: ClassVar[Mapping[Any, str]]  # what is said before each act
    named_by: ClassVar[tuple[str, ...]] = ()  # the relations that the name of an act shows
    nothing_yet = "What is done to all that are found in a list is kept here."
    list_display = ("act", "about", "state_badge", "total", "changed", "failed", "by_name", "created_at")
    list_display_links = None
    list_filter = ("state", "kind")

    # What a part says of its acts

    def form_of(self, kind: Any, request: HttpRequest) -> forms.Form:
        """What an act needs besides the rows it is about."""
        raise NotImplementedError

    def in_words(self, said: dict[str, str]) -> str:
        """What a list is narrowed to. Raises ValidationError for what is not known."""
        raise NotImplementedError

    def begin(self, request: HttpRequest, kind: str, said: dict[str, str] | None, keys: list[int], form: Any) -> Any:
        """The act, with its rows found or on the way."""
        raise NotImplementedError

    def by(self, request: HttpRequest) -> dict[str, Any]:
        """The columns that say who has an act started or undone."""
        return {}

    # The pages

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"{self._base}_{name}")

        return [
            at("new/", require_safe(self.choose), "choose"),
            at("new/<slug:kind>/", self.new, "new"),
            at("<int:pk>/", require_safe(self.show), "show"),
            *(at(f"<int:pk>/{name}/", self._decided(name), name) for name in ("start", "cancel", "undo")),
            *super().get_urls(),
        ]

    @property
    def _base(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def url(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self._base}_{page}", args=args)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {"opts": self.opts, "title": title}
        frame |= {"noun": self.noun, "rows_url": reverse(self.rows_url)}
        return render(request, f"admin/bulk_acts/{template}.html", frame | context)

    def allowed(self, request: HttpRequest) -> list[Any]:
        """The acts that this member of staff may do."""
        user: Any = request.user
        return [kind for kind, wanted in self.permissions.items() if user.has_perms(wanted)]

    def _refuse_others(self, request: HttpRequest, kind: str) -> None:
        if kind not in self.allowed(request):
            raise PermissionDenied

    def _kind(self, kind: str) -> Any:
        return next(each for each in self.permissions if each == kind)

    def choose(self, request: HttpRequest) -> HttpResponse:
        """Which act, on all that the list shows."""
        if not (kinds := self.allowed(request)):
            raise PermissionDenied
        about, refused = self._meant(request)
        addresses = [(kind.label, f"{self.url('new', kind)}?{request.GET.urlencode()}") for kind in kinds]
        title = "Act on all that are found"
        return self._page(request, "choose", title, kinds=addresses, about=about, refused=refused)

    def _keys(self, request: HttpRequest) -> list[int] | None:
        """The rows that were ticked; None where the act is about all that the list shows."""
        if "ids" not in request.GET:
            return None
        return [key for part in request.GET["ids"].split(",") if (key := whole_number(part, most=2**53))]

    def _meant(self, request: HttpRequest) -> tuple[str, str]:
        """What the address of the page means in words, or why nothing."""
        if (keys := self._keys(request)) is not None:
            return f"{len(keys):,} that were ticked", ""
        try:
            return self.in_words(narrowed_to(request)), ""
        except ValidationError as refusal:
            return "", " ".join(refusal.messages)

    def new(self, request: HttpRequest, kind: str) -> HttpResponse:
        """What the act needs; then the rows it is about are found."""
        if kind not in self.permissions:
            raise Http404
        self._refuse_others(request, kind)
        about, refused = self._meant(request)
        form, kind = self.form_of(self._kind(kind), request), self._kind(kind)
        if form.is_valid() and not refused:
            keys = self._keys(request)
            said = narrowed_to(request) if keys is None else None
            return self._redirect_to(self.begin(request, kind, said, keys or [], form))
        context = {"form": form, "about": about, "refused": refused, "before": self.before[kind]}
        return self._page(request, "new", kind.label, **context)  # type: ignore[attr-defined]

    def _redirect_to(self, row: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.url("show", row.pk))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.named_by)

    def _row(self, request: HttpRequest, pk: int) -> Any:
        if not self.allowed(request):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        self._refuse_others(request, row.kind)
        return row

    def show(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The question before the act; then how far it is; then what came of it."""
        row = self._row(request, pk)
        template = "_progress" if request.headers.get("X-Fragment") else "show"
        pages = {name: self.url(name, row.pk) for name in ("start", "cancel", "undo")}
        before = self.before[self._kind(row.kind)]
        return self._page(request, template, str(row), row=row, pages=pages, before=before, is_moving=row.is_at_work)

    def _decided(self, name: str) -> Callable[..., HttpResponse]:
        """A page that takes a decision by POST."""
        action, said = {
            "start": ("started", "It runs; you may leave this page."),
            "cancel": ("cancelled", "It is cancelled, or stops after those it is at."),
            "undo": ("undid", "It is being undone."),
        }[name]

        def decide(request: HttpRequest, pk: int) -> HttpResponse:
            row = self._row(request, pk)
            by = {} if name == "cancel" else self.by(request)
            try:
                getattr(self.engine, name)(row, **by)
            except TransitionRefused as refusal:
                messages.error(request, str(refusal))
            else:
                detail = f"{row.total:,} {self.noun}s: {row.about}"
                audit.record(f"{action} a bulk act", row, by=request.user, detail=detail)
                messages.success(request, said)
            return self._redirect_to(row)

        return require_POST(decide)

    def actions_of(self, request: HttpRequest) -> dict[str, tuple[Callable[..., Any], str, str]]:
        """The acts that this member of staff may do on ticked rows, as the menu of their list has them."""
        return {
            f"bulk_{kind}": (self._action(kind), f"bulk_{kind}", f"{kind.label}…") for kind in self.allowed(request)
        }

    def _action(self, kind: Any) -> Callable[..., Any]:
        def act(model_admin: Any, request: HttpRequest, rows: Any) -> HttpResponse:
            ids = ",".join(str(key) for key in rows.values_list("pk", flat=True))
            return HttpResponseRedirect(f"{self.url('new', kind)}?{urlencode({'ids': ids})}")

        return act

    @admin.display(description="act")
    def act(self, row: Any) -> str:
        return format_html('<a href="{}">{}</a>', self.url("show", row.pk), str(row))
