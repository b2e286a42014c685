"""Briefings in the admin: drafts can be edited, everything later is read only."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.urls.resolvers import URLPattern

from core.admin.shared_editing import SharedEditing
from core.lib.admin_text import CleanedText
from newsletter.admin import briefing_report, deliveries, desk, progress, subject_tests
from newsletter.models import Briefing, BriefingItem
from newsletter.sending import approval, sponsor_places


class ItemForm(forms.ModelForm):
    """A sponsor's words stay as they were approved: only their place in the briefing can be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [
            choice for choice in BriefingItem.Kind.choices if self.is_ad or choice[0] != BriefingItem.Kind.SPONSOR
        ]
        if self.is_ad:
            for name, field in self.fields.items():
                field.disabled = name not in ("ordering", "DELETE")

    @property
    def is_ad(self) -> bool:
        return self.instance.kind == BriefingItem.Kind.SPONSOR and bool(self.instance.pk)


class ItemInline(CleanedText, admin.StackedInline):
    model = BriefingItem
    form = ItemForm
    extra = 0
    template = "admin/newsletter/briefing/items.html"
    fields = (("ordering", "kind"), "heading", "text", ("url", "label"), ("image_url", "image_alt"))
    verbose_name = "item"
    formfield_overrides = {
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 4, "cols": 80})},
        models.URLField: {"assume_scheme": "https"},
    }


@admin.register(Briefing)
class BriefingAdmin(SharedEditing):
    list_display = (
        "__str__",
        "newsletter",
        "segment",
        "issue_date",
        "state",
        "scheduled_at",
        "delivered",
        "failed",
        "uncertain",
    )
    list_filter = ("state", "newsletter")
    list_select_related = ("newsletter", "segment")
    search_fields = ("subject", "slug")
    date_hierarchy = "issue_date"
    fields = (("newsletter", "issue_date", "segment"), "subject", "preheader", "introduction", "slug")
    inlines = (ItemInline,)
    change_list_template = "admin/newsletter/briefing/change_list.html"
    change_form_template = "admin/newsletter/briefing/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_briefing_{name}")

        return [
            at("compose/", desk.compose, "compose"),
            at("<int:pk>/articles/", desk.add_articles, "articles"),
            at("<int:pk>/preview/", desk.preview, "preview"),
            at("<int:pk>/preview/mail.html", desk.preview_html, "preview_html"),
            at("<int:pk>/test/", desk.send_test, "test"),
            at("<int:pk>/approve/", progress.approve, "approve"),
            at("<int:pk>/progress/", progress.progress, "progress"),
            at("<int:pk>/subjects/", subject_tests.edit, "subjects"),
            at("<int:pk>/subjects/choose/", subject_tests.choose, "subject"),
            at("<int:pk>/report/", briefing_report.show, "report"),
            at("<int:pk>/report/mail.html", briefing_report.click_map_html, "click_map"),
            at("<int:pk>/report/<slug:name>.csv", briefing_report.table, "report_table"),
            at("<int:pk>/deliveries/", deliveries.settle, "deliveries"),
            at("<int:pk>/decide/", progress.decide, "decide"),
            at("<int:pk>/schedule/", progress.schedule, "schedule"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Briefing | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Briefing | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_editable)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        sponsor_places.place_sponsors(form.instance)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            approval.edited(form.instance, by=request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_approve": request.user.has_perm("newsletter.approve_briefing")}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def response_change(self, request: HttpRequest, obj: Briefing) -> HttpResponse:
        """Buttons that lead elsewhere save first."""
        leads_to = {"_preview": "preview", "_subjects": "subjects", "_articles": "articles", "_approve": "approve"}
        for name, page in leads_to.items():
            if name in request.POST:
                return desk.redirect_to(page, obj)
        return super().response_change(request, obj)
