"""Uploaded files at the desk: upload, the page of one that shows how far it is or what came of it, cancelling.

A part derives the admin of its files from `UploadRunAdmin`; how a run goes is in `core.upload_runs`.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from core.admin.bases import ReadOnlyAdmin
from core.transitions import TransitionRefused
from core.upload_runs import FILES_KEPT_FOR, MOST_BYTES, RUNNING, Engine

MOST_MEGABYTES = MOST_BYTES // 1_000_000
KEPT = (
    f"At most {MOST_MEGABYTES} MB. It is deleted when it has been imported, or else after {FILES_KEPT_FOR.days} days."
)


class UploadField(forms.FileField):
    """A file that is not too large to be taken here; `command` takes larger ones."""

    def __init__(self, *, command: str, accept: str, **kwargs: Any) -> None:
        super().__init__(max_length=1000, widget=forms.FileInput(attrs={"accept": accept}), **kwargs)
        self.command = command

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file.size > MOST_BYTES:
            raise ValidationError(
                f"This file has {file.size / 1_000_000:,.0f} MB; at most {MOST_MEGABYTES} are taken."
                f" Split it, or use {self.command}."
            )
        return file


class UploadRunAdmin(ReadOnlyAdmin):
    """The files that there were, and the pages of each."""

    engine: ClassVar[Engine]
    upload_form: ClassVar[type[forms.Form]]
    upload_title: ClassVar[str]
    named_by: ClassVar[tuple[str, ...]] = ()  # the relations that its pages show
    list_display_links = None
    list_filter = ("state",)

    # What a part says of its files

    def begin(self, request: HttpRequest, form: Any) -> Any:
        """Keep an uploaded file; its row."""
        raise NotImplementedError

    def shown(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a file shows besides its progress."""
        return {}

    def pages(self) -> list[tuple[str, str, Callable[..., HttpResponse]]]:
        """The pages of a part's own: address, name, view."""
        return []

    # The pages

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(route, self.admin_site.admin_view(self._guarded(view)), name=f"{self._base}_{name}")

        return [
            at("upload/", "upload", self.upload),
            at("<int:pk>/", "show", require_safe(self.show)),
            at("<int:pk>/cancel/", "cancel", self.cancel),
            *(at(*each) for each in self.pages()),
            *super().get_urls(),
        ]

    @property
    def _base(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if not user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}"):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """A page of the desk, with what the admin's frame needs."""
        frame = self.admin_site.each_context(request) | {"opts": self.opts, "title": title}
        place = f"admin/{self.opts.app_label}/{self.opts.model_name}/{template}.html"
        return render(request, place, {**frame, **context})

    def redirect_to(self, row: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse(f"admin:{self._base}_show", args=[row.pk]))

    def row(self, pk: int) -> Any:
        return get_object_or_404(self.model._default_manager.select_related(*self.named_by), pk=pk)

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Choose a file."""
        form = self.upload_form(request.POST or None, request.FILES or None)
        if form.is_valid():
            return self.redirect_to(self.begin(request, form))
        return self.page(request, "upload", self.upload_title, form=form)

    def show(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the file is understood, before anything is done with it; then how far it is; then the report."""
        row = self.row(pk)
        if request.headers.get("X-Fragment"):
            return self.page(request, "_progress", "Progress", row=row, is_moving=row.is_running)
        return self.page(request, "show", str(row), row=row, is_moving=row.is_running, **self.shown(request, row))

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then cancel."""
        row = self.row(pk)
        if request.method != "POST":
            return self.page(request, "cancel", "Cancel this import", row=row)
        try:
            self.engine.cancel(row)
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "It stops after what it is at." if row.state == RUNNING else "Cancelled.")
        return self.redirect_to(row)

    def attempt(self, request: HttpRequest, step: Callable[[], None]) -> bool:
        """Take a step; whether it could be taken. If not, why is said."""
        try:
            step()
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
            return False
        return True

    @admin.display(description="file")
    def file(self, row: Any) -> str:
        return format_html('<a href="{}">{}</a>', reverse(f"admin:{self._base}_show", args=[row.pk]), row.file_name)
