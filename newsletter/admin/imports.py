"""Bringing subscribers in and out at the desk: upload, columns and preview, dry run, progress and report; export."""

import csv
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.admin.bulk_acts import narrowed_to
from core.admin.upload_runs import KEPT, UploadField, UploadRunAdmin
from core.replica import for_reports
from newsletter.admin.import_columns import ColumnsForm, understood
from newsletter.models import Newsletter, Segment, SubscriberImport
from newsletter.subscribers import exports, import_runs, selection


class UploadForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None, initial=Newsletter.objects.default)
    file = UploadField(
        label="CSV file",
        command="import_subscribers",
        accept=".csv,.tsv,.txt,text/csv,text/plain",
        help_text=f"{KEPT} Keep the names of Mailchimp’s files.",
    )


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


@admin.register(SubscriberImport)
class SubscriberImportAdmin(UploadRunAdmin):
    engine = import_runs.ENGINE
    upload_form = UploadForm
    upload_title = "Import subscribers"
    named_by = ("newsletter",)
    nothing_yet = "A list from elsewhere is brought in from the list of subscribers."
    list_display = ("file", "newsletter", "state_badge", "rows_done", "by_name", "created_at")
    list_select_related: ClassVar[Any] = ("newsletter",)
    change_list_template = "admin/newsletter/subscriberimport/change_list.html"

    def pages(self) -> list[Any]:
        return [
            ("export/", "export", self.export),
            ("<int:pk>/decide/", "decide", require_POST(self.decide)),
            ("<int:pk>/lines.csv", "lines", require_safe(self.lines)),
        ]

    def begin(self, request: HttpRequest, form: Any) -> SubscriberImport:
        file, newsletter = form.cleaned_data["file"], form.cleaned_data["newsletter"]
        row: SubscriberImport = self.engine.keep(
            file.chunks(), name=file.name, newsletter=newsletter, by_name=str(request.user)
        )
        return row

    def shown(self, request: HttpRequest, row: SubscriberImport) -> dict[str, Any]:
        found = understood(row) if row.can_start else None
        return {"found": found, "form": ColumnsForm(row=row, found=found) if found else None}

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what is said of the columns; then show the preview anew, start a dry run, or start the import."""
        row = self.row(pk)
        if not row.can_start:
            messages.error(request, f"This import is {row.get_state_display().lower()}, so it cannot be started.")
            return self.redirect_to(row)
        form = ColumnsForm(request.POST, row=row, found=understood(row))
        if not form.is_valid():
            return self.page(request, "show", str(row), row=row, found=form.found, form=form, is_moving=False)
        form.save()
        decision = request.POST.get("decision")
        if decision not in ("Dry run", "Import"):
            return self.redirect_to(row)
        if problem := understood(row).problem:
            messages.error(request, problem)
            return self.redirect_to(row)
        is_dry_run = decision == "Dry run"
        if self.attempt(request, lambda: import_runs.start(row, is_dry_run=is_dry_run)) and not is_dry_run:
            detail = f"from {row.file_name}"
            audit.record("started an import of subscribers", row.newsletter, by=request.user, detail=detail)
        return self.redirect_to(row)

    def lines(self, _request: HttpRequest, pk: int) -> HttpResponse:
        """The lines of the file about which the report has something to say, as CSV."""
        row = self.row(pk)
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{row.pk}-lines.csv"'
        response["Cache-Control"] = "no-store"
        writer = csv.writer(response)
        writer.writerow(["line", "what became of it", "why"])
        for key, became in (
            ("refused_lines", "not taken"),
            ("dateless_lines", "taken, without the date"),
            ("unread_lines", "taken, without a value"),
        ):
            for said in row.report.get(key, []):
                line, _, reason = said.removeprefix("line ").partition(": ")
                writer.writerow([line, became, reason])
        return response

    @for_reports
    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """A newsletter's subscribers as a file, sent while it is read: all, or those of a list as it is narrowed. That is logged."""
        said = narrowed_to(request)
        initial = {"newsletter": said.get("list") or Newsletter.objects.default(), "segment": said.pop("segment", None)}
        form, about, refused = ExportForm(request.POST or None, initial=initial), "", ""
        try:
            about = selection.in_words({name: value for name, value in said.items() if name != "list"}) if said else ""
        except ValidationError as refusal:
            refused = " ".join(refusal.messages)
        if refused or not form.is_valid():
            context = {"about": "" if about == "everybody" else about, "refused": refused}
            return self.page(request, "export", "Export subscribers", form=form, **context)
        newsletter, segment, chosen = (form.cleaned_data[name] for name in ("newsletter", "segment", "form"))
        label = dict(form.fields["form"].choices)[chosen]  # type: ignore[attr-defined]
        narrowed = [str(segment)] if segment else []
        among = None
        if about not in ("", "everybody"):
            narrowed.append(about)
            among = selection.meant(said | {"list": str(newsletter.pk)})
        detail = f"{label}, of {'; '.join(narrowed)}" if narrowed else label
        audit.record("exported the subscribers", newsletter, by=request.user, detail=detail)
        is_archive = len(exports.FORMS[chosen]) > 1
        response = StreamingHttpResponse(
            exports.pieces(newsletter, form=chosen, name=newsletter.slug, segment=segment, among=among),
            content_type="application/zip" if is_archive else "text/csv; charset=utf-8",
        )
        name = f"{newsletter.slug}-{chosen}.{'zip' if is_archive else 'csv'}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response
