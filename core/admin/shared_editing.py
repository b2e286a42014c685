"""Edit pages that several people may have open: a save puts nothing back that somebody else saved meanwhile.

The page posts what it began with. Where that is no longer what is stored, what was typed is kept, and a page shows both
versions part by part. What is typed is kept every few seconds, too, apart for each window.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partialmethod
from hashlib import sha256
from typing import Any, cast

from django.apps import apps
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import FileField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse

from core import conflicts, kept_work
from core.admin.edit_conflicts import EditConflict
from core.admin.kept_work import KeepsWork
from core.kept_work import NotKept, Sitting, Work
from core.lib import clock
from core.lib.form_documents import FormDocument, Values, document_of, posted
from core.lib.merging import canonical
from core.models import KeptWork

ENTRIES = 100  # of a history, on one page


class _Stale(Exception):
    """The row was saved by somebody else since the page was opened."""


class _Gone(Exception):
    """The row was deleted by somebody else since the page was opened."""


class SharedEditing(KeepsWork):
    """A ModelAdmin whose edit page overwrites nothing unseen; one with a template of its own extends the one named here.

    The row that a form saves is locked, and has of all that the form does not ask for what is stored by then. So the
    whole of it can be saved, with what its model derives; what a form sets besides its fields, it sets in `save`.
    """

    change_form_template = "admin/shared_change_form.html"
    delete_confirmation_template = "admin/shared_delete_confirmation.html"

    def get_urls(self) -> list[Any]:
        pages = {
            "keep/": (self.keep_view, "keep_new"),
            "<int:pk>/keep/": (self.keep_view, "keep"),
            "<int:pk>/conflict/": (self.conflict_view, "conflict"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=self._page(name).removeprefix("admin:"))
            for route, (view, name) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def _page(self, name: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}"

    # The edit page

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id else None
        if (object_id and not row) or not self._may_write(request, row):
            if request.method == "POST" and self._base(request) and self.has_change_permission(request):
                return (
                    self._lost(request, row) if row else self._gone(request)
                )  # closed to changes meanwhile, or deleted
            return super().changeform_view(request, object_id, form_url, extra_context)
        if request.method == "POST":
            try:
                self._refuse_stale(request, row)
                return super().changeform_view(request, object_id, form_url, self._context(request, row, extra_context))
            except _Stale:
                return self._lost(request, cast(Model, row))
            except _Gone:
                return self._gone(request)
            except (IntegrityError, OperationalError) as error:
                if not (conflicts.is_conflict(error) and conflicts.is_by_page(request)):
                    raise
                return self._refused(request, row, error)
        piece = self.taken_up(request, row)
        with self._filled_in(request, self._as_posted(request, row, piece)) if piece else nullcontext():
            context = self._context(request, row, extra_context, piece)
            return super().changeform_view(request, object_id, form_url, context)

    def _may_write(self, request: HttpRequest, row: Model | None) -> bool:
        return self.has_change_permission(request, row) if row else self.has_add_permission(request)

    def _context(self, request: HttpRequest, row: Model | None, extra: Any, piece: KeptWork | None = None) -> Any:
        if request.method == "POST":
            base = request.POST.get("base", "")
        else:
            base = json.dumps(piece.content["base"] if piece else self._document(request, row))
        keep = reverse(self._page("keep"), args=[row.pk]) if row else reverse(self._page("keep_new"))
        return {**(extra or {}), "kept": self.kept_context(request, row), "base": base, "keep_url": keep}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        data = request.__dict__.get("filled_in")
        return type(form.__name__, (form,), {"__init__": partialmethod(form.__init__, data)}) if data else form

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if "filled_in" not in request.__dict__:
            return kwargs
        without = {name: value for name, value in kwargs.items() if name not in ("data", "files", "save_as_new")}
        return without | ({"data": request.__dict__["filled_in"]} if request.__dict__["filled_in"] else {})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Lock the row, look once more whether it is still what the page began with, and take over what is not asked for."""
        form.key = form.instance.pk if change else None
        if change:
            rows = self.model._base_manager.select_for_update(of=("self",), no_key=True)
            if not (stored := rows.filter(pk=form.key).first()):
                raise _Gone
            if not self.has_change_permission(request, stored):
                raise _Stale
            self._refuse_stale(request, stored)
            _take_over(form, stored)
        return super().save_form(request, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.work_was_saved(request, form.key)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask again where somebody saved the row while the question was on the screen."""
        if not (row := self.get_object(request, object_id)) or not self.has_delete_permission(request, row):
            return super().delete_view(request, object_id, extra_context)
        with transaction.atomic():
            if request.method == "POST":  # from here on nobody changes it, nor refers to it
                row = self.model._base_manager.select_for_update(of=("self",)).filter(pk=row.pk).first() or row
            seen = sha256(canonical(self._document(request, row)).encode()).hexdigest()
            if request.method == "POST" and request.POST.get("seen", seen) != seen:
                last = self._last_save(row)
                who = last.user if last and last.user != request.user else "Somebody"
                messages.warning(
                    request, f"{who} changed “{row}” meanwhile, so it was not deleted. Look whether it may go."
                )
                return HttpResponseRedirect(request.get_full_path())
            return super().delete_view(request, object_id, {**(extra_context or {}), "seen": seen})

    # What the page holds

    @contextmanager
    def _filled_in(self, request: HttpRequest, data: QueryDict | None) -> Iterator[None]:
        """Have the page's forms hold `data`, or what is stored, whatever the request posts."""
        before = request.__dict__.get("filled_in", ...)
        request.__dict__["filled_in"] = data
        try:
            yield
        finally:
            if before is ...:
                del request.__dict__["filled_in"]
            else:
                request.__dict__["filled_in"] = before

    def _forms(self, request: HttpRequest, row: Model | None, data: QueryDict | None = None) -> tuple[Any, list[Any]]:
        """The page's form and formsets, which hold `data` or what is stored."""
        with self._filled_in(request, data):
            form = self.get_form(request, row)(**({"instance": row} if row else {}))
            formsets, _ = self._create_formsets(request, form.instance, change=row is not None)  # type: ignore[attr-defined]
        return form, formsets

    def _document(self, request: HttpRequest, row: Model | None) -> FormDocument:
        return document_of(*self._forms(request, row))

    def _base(self, request: HttpRequest) -> FormDocument | None:
        """What the page began with; None where it does not say, or says nonsense."""
        try:
            found = json.loads(request.POST.get("base", ""))
            is_whole = isinstance(found["fields"], dict) and isinstance(found["rows"], dict)
        except (ValueError, TypeError, KeyError):
            return None
        return cast(FormDocument, found) if is_whole else None

    def _typed(self, request: HttpRequest, row: Model | None, base: FormDocument) -> FormDocument:
        """What was posted, also into fields and rows that can no longer be changed."""
        typed = document_of(*self._forms(request, row, request.POST))
        fields = {name: _posted_for(request, parts) for name, parts in base["fields"].items()}
        missing = {prefix: rows for prefix, rows in base["rows"].items() if f"{prefix}-TOTAL_FORMS" not in request.POST}
        return {"fields": {**fields, **typed["fields"]}, "rows": {**typed["rows"], **missing}}

    def _as_posted(self, request: HttpRequest, row: Model | None, piece: KeptWork) -> QueryDict:
        return posted(piece.content["typed"], self._forms(request, row)[1])

    # Unsaved work, and two versions

    def _refuse_stale(self, request: HttpRequest, row: Model | None) -> None:
        base = self._base(request)
        if not (base and row):
            return
        stored = canonical(self._document(request, row))
        if stored not in (
            canonical(base),
            canonical(self._typed(request, row, base)),
        ):  # a save sent twice loses nothing
            raise _Stale

    def _work(self, request: HttpRequest, row: Model | None) -> Work:
        base = self._base(request) or self._document(request, row)
        typed = self._typed(request, row, base)
        texts = [
            text
            for values in _all_values(typed)
            for parts in values.values()
            for texts in parts.values()
            for text in texts
        ]
        words = sum(len(text.split()) for text in texts)
        content = {"base": base, "typed": typed}
        return Work(content, str(row or f"New {self.opts.verbose_name}"), f"{words} words", words)

    def _keep(self, request: HttpRequest, row: Model | None) -> KeptWork:
        """Keep what was typed, however much waits already."""
        sitting, work = Sitting.posted(request.POST), self._work(request, row)
        return kept_work.keep(self.model, row.pk if row else None, work, by=request.user, sitting=sitting, refused=True)

    def _lost(self, request: HttpRequest, row: Model) -> HttpResponse:
        """Keep what was typed, and show both versions."""
        piece = self._keep(request, row)
        return HttpResponseRedirect(f"{reverse(self._page('conflict'), args=[row.pk])}?kept={piece.pk}")

    def _gone(self, request: HttpRequest) -> HttpResponse:
        """Offer what was typed into a row that is gone as a new one's."""
        said = f"Somebody deleted this {self.opts.verbose_name} meanwhile, so nothing was saved."
        if not self.has_add_permission(request):
            messages.error(request, said)
            return HttpResponseRedirect(reverse(self._page("changelist")))
        piece = self._keep(request, None)
        messages.error(request, f"{said} What you typed is below: saving it makes a new one.")
        return HttpResponseRedirect(f"{reverse(self._page('add'))}?kept={piece.pk}")

    def _refused(self, request: HttpRequest, row: Model | None, error: Exception) -> HttpResponse:
        """Say in words what the database refused, with what was typed still in the form."""
        piece = self._keep(request, row)
        messages.error(request, f"{conflicts.told(error)} What you typed is still here.")
        return HttpResponseRedirect(f"{request.path}?kept={piece.pk}")

    def keep_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Keep unsaved work, which the page sends every few seconds."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk)) if pk else None
        if (pk and not row) or not self._may_write(request, row):
            raise PermissionDenied
        sitting, work = Sitting.posted(request.POST), self._work(request, row)
        try:
            piece = kept_work.keep(self.model, pk, work, by=request.user, sitting=sitting)
        except NotKept as error:
            return HttpResponse(str(error), content_type="text/plain", status=409)
        return HttpResponse(clock.in_words(piece.saved_at, "H:i"), content_type="text/plain")

    def conflict_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """After somebody else's save: GET shows both versions part by part, POST puts together what was chosen."""
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        edit = reverse(self._page("change"), args=[pk])
        if not (piece := self.taken_up(request, row)):
            return HttpResponseRedirect(edit)
        may_write, (form, formsets) = self._may_write(request, row), self._forms(request, row)
        theirs = document_of(form, formsets)
        found = EditConflict(piece.content["base"], theirs, piece.content["typed"], form, formsets)
        seen = sha256(f"{canonical(theirs)} {piece.saved_at.isoformat()}".encode()).hexdigest()
        if request.method == "POST" and may_write:
            together = found.together(request.POST)
            if request.POST.get("seen") != seen:
                messages.warning(request, "There is something newer now. What you chose is still chosen: look again.")
            elif together is None:
                messages.error(request, "Choose a side for each part that both sides changed.")
            else:
                content = {"base": theirs, "typed": together}
                new = kept_work.supersede(piece, Work(content, piece.title, piece.extent, piece.words))
                messages.success(request, "Put together as you chose. Look it over, then save it.")
                return HttpResponseRedirect(f"{edit}?kept={new.pk}")
        context = {"piece": piece, "rows": found.rows(request.POST), "seen": seen, "row": row, "opts": self.opts}
        context |= {"may_write": may_write, "last": self._last_save(row), "edit": edit, "drop": self._page("drop_kept")}
        context["title"] = f"“{row}” was changed while you were writing"
        return render(request, "admin/conflict.html", self.admin_site.each_context(request) | context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history of a row has what was done to it on its edit pages of other desks, too."""
        if not (row := self.get_object(request, unquote(object_id))):
            return super().history_view(request, object_id, extra_context)
        paginator = self.get_paginator(request, self._entries(row).order_by("action_time"), ENTRIES)
        page = paginator.get_page(request.GET.get(PAGE_VAR, 1))
        context: dict[str, Any] = {"action_list": page, "pagination_required": paginator.count > ENTRIES}
        context["page_range"] = paginator.get_elided_page_range(page.number)
        return super().history_view(request, object_id, context | (extra_context or {}))

    def _entries(self, row: Model) -> QuerySet[LogEntry]:
        """What was done to a row on its edit pages: a model and its proxies have one each."""
        of_table = self.model._meta.concrete_model
        models = [each for each in apps.get_models() if each._meta.concrete_model is of_table]
        kinds = ContentType.objects.get_for_models(*models, for_concrete_models=False).values()
        return LogEntry.objects.filter(content_type__in=kinds, object_id=str(row.pk)).select_related(
            "user", "content_type"
        )

    def _last_save(self, row: Model) -> LogEntry | None:
        return self._entries(row).order_by("-action_time").first()


def _take_over(form: Any, stored: Model) -> None:
    """Give the form's row what is stored of all that was not typed, so that saving the whole of it puts nothing back."""
    for field in stored._meta.concrete_fields:
        asked = form.fields.get(field.name)
        is_typed = asked and not asked.disabled and field.name in form.cleaned_data
        if not is_typed or (isinstance(field, FileField) and field.name not in form.changed_data):
            setattr(form.instance, field.attname, getattr(stored, field.attname))


def _posted_for(request: HttpRequest, parts: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: request.POST.getlist(name) if name in request.POST else values for name, values in parts.items()}


def _all_values(document: FormDocument) -> list[Values]:
    return [document["fields"], *(row["values"] for rows in document["rows"].values() for row in rows)]
