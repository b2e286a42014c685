"""Bringing subscribers in and out at the desk: upload, columns and preview, dry run, progress and report; export."""

import csv
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.admin.bases import ReadOnlyAdmin
from core.lib.text import whole_number
from core.transitions import TransitionRefused
from newsletter.admin.import_columns import ColumnsForm, Understood, understood
from newsletter.models import Newsletter, Segment, SubscriberImport
from newsletter.subscribers import exports, import_runs

may_import = permission_required("newsletter.add_subscriberimport", raise_exception=True)
State = SubscriberImport.State


class UploadForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    file = forms.FileField(
        label="CSV file",
        max_length=1000,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        help_text=f"At most {import_runs.MOST_BYTES // 1_000_000} MB. It is deleted when it has been imported, or else"
        f" after {import_runs.FILES_KEPT_FOR.days} days. Keep the names of Mailchimp’s files.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > import_runs.MOST_BYTES:
            raise ValidationError(
                f"This file has {file.size / 1_000_000:,.0f} MB; at most {import_runs.MOST_BYTES // 1_000_000} are taken."
                " Split it, or use import_subscribers."
            )
        return file


class ExportForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    segment = forms.ModelChoiceField(Segment.objects.all(), required=False, empty_label="everybody")
    form = forms.ChoiceField(
        label="Form",
        choices=[
            ("plain", "Plain CSV"),
            ("listmonk", "For listmonk"),
            ("mailchimp", "For Mailchimp (three files in a zip archive)"),
        ],
    )


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """A page of the desk, with what the admin's frame needs."""
    frame = admin.site.each_context(request) | {"opts": SubscriberImport._meta}
    return render(request, f"admin/newsletter/subscriberimport/{template}.html", {**frame, "title": title, **context})


def redirect_to(row: SubscriberImport) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:newsletter_subscriberimport_show", args=[row.pk]))


def _row(pk: int) -> SubscriberImport:
    return get_object_or_404(SubscriberImport.objects.select_related("newsletter"), pk=pk)


@may_import
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file and the newsletter it is for."""
    initial = {"newsletter": Newsletter.objects.default()}
    form = UploadForm(request.POST or None, request.FILES or None, initial=initial)
    if form.is_valid():
        file, newsletter = form.cleaned_data["file"], form.cleaned_data["newsletter"]
        return redirect_to(
            import_runs.keep(file.chunks(), name=file.name, newsletter=newsletter, by_name=str(request.user))
        )
    return page(request, "upload", "Import subscribers", form=form)


@require_safe
@may_import
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How the file is understood, before it is imported; then how far it is; then the report."""
    row = _row(pk)
    is_moving = row.state == State.RUNNING
    if request.headers.get("X-Fragment"):
        return page(request, "_progress", "Progress", row=row, is_moving=is_moving)
    found = understood(row) if row.can_start else None
    form = ColumnsForm(row=row, found=found) if found else None
    return _show(request, row, found, form)


def _show(
    request: HttpRequest, row: SubscriberImport, found: Understood | None, form: ColumnsForm | None
) -> HttpResponse:
    return page(request, "show", str(row), row=row, found=found, form=form, is_moving=row.state == State.RUNNING)


@require_POST
@may_import
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is said of the columns; then show the preview anew, start a dry run, or start the import."""
    row = _row(pk)
    if not row.can_start:
        messages.error(request, f"This import is {row.get_state_display().lower()}, so it cannot be started.")
        return redirect_to(row)
    form = ColumnsForm(request.POST, row=row, found=understood(row))
    if not form.is_valid():
        return _show(request, row, form.found, form)
    form.save()
    decision = request.POST.get("decision")
    if decision not in ("Dry run", "Import"):
        return redirect_to(row)
    if problem := understood(row).problem:
        messages.error(request, problem)
        return redirect_to(row)
    try:
        import_runs.start(row, is_dry_run=decision == "Dry run")
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        if decision == "Import":
            audit.record(
                "started an import of subscribers", row.newsletter, by=request.user, detail=f"from {row.file_name}"
            )
    return redirect_to(row)


@may_import
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then cancel."""
    row = _row(pk)
    if request.method != "POST":
        return page(request, "cancel", "Cancel this import", row=row)
    try:
        import_runs.cancel(row)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        is_asked = row.state == State.RUNNING
        messages.success(
            request, "It stops after the rows it is at." if is_asked else "Cancelled; the file is deleted."
        )
    return redirect_to(row)


@require_safe
@may_import
def lines(_request: HttpRequest, pk: int) -> HttpResponse:
    """The lines of the file about which the report has something to say, as CSV."""
    row = _row(pk)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{row.pk}-lines.csv"'
    response["Cache-Control"] = "no-store"
    writer = csv.writer(response)
    writer.writerow(["line", "what became of it", "why"])
    for key, became in (
        ("refused_lines", "not taken"),
        ("dateless_lines", "taken, without the date"),
        (
            "unread_lines",
            "taken, without a value",
        ),
    ):
        for said in row.report.get(key, []):
            line, _, reason = said.removeprefix("line ").partition(": ")
            writer.writerow([line, became, reason])
    return response


@may_import
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """A newsletter's subscribers as a file, sent while it is read; that goes into the audit log."""
    initial = {"newsletter": Newsletter.objects.default(), "segment": whole_number(request.GET.get("segment"))}
    form = ExportForm(request.POST or None, initial=initial)
    if not form.is_valid():
        return page(request, "export", "Export subscribers", form=form)
    newsletter, segment, chosen = (form.cleaned_data[name] for name in ("newsletter", "segment", "form"))
    label = dict(form.fields["form"].choices)[chosen]  # type: ignore[attr-defined]
    audit.record(
        "exported the subscribers", newsletter, by=request.user, detail=f"{label}, of {segment}" if segment else label
    )
    is_archive = len(exports.FORMS[chosen]) > 1
    response = StreamingHttpResponse(
        exports.pieces(newsletter, form=chosen, name=newsletter.slug, segment=segment),
        content_type="application/zip" if is_archive else "text/csv; charset=utf-8",
    )
    name = f"{newsletter.slug}-{chosen}.{'zip' if is_archive else 'csv'}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@admin.register(SubscriberImport)
class SubscriberImportAdmin(ReadOnlyAdmin):
    list_display = ("file", "newsletter", "state", "rows_done", "by_name", "created_at")
    list_display_links = None
    list_filter = ("state",)
    list_select_related = ("newsletter",)
    change_list_template = "admin/newsletter/subscriberimport/change_list.html"

    @admin.display(description="file")
    def file(self, row: SubscriberImport) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:newsletter_subscriberimport_show", args=[row.pk]), row.file_name
        )

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_subscriberimport_{name}")

        return [
            at("upload/", upload, "upload"),
            at("export/", export, "export"),
            at("<int:pk>/", show, "show"),
            at("<int:pk>/decide/", decide, "decide"),
            at("<int:pk>/cancel/", cancel, "cancel"),
            at("<int:pk>/lines.csv", lines, "lines"),
            *super().get_urls(),
        ]
