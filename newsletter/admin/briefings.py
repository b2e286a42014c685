"""Briefings in the admin: drafts can be edited, everything later is read only."""

from typing import Any

from content_editor.admin import ContentEditor
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from js_asset import Media, Script

from articles import blocks
from articles.desk import choice_fields
from articles.desk.csp import allow_editors
from articles.desk.rich_text import InlineProseWidget, prose_settings
from core.admin.shared_editing import SharedEditing
from core.lib.admin_slugs import SlugsFromWords
from core.lib.html import refuse_lost_addresses
from core.lib.text import whole_number
from newsletter.admin import briefing_report, deliveries, desk, progress, subject_tests, template_choices
from newsletter.admin.briefing_list import BriefingList
from newsletter.admin.part_forms import INLINES, MAIL_EXTENSIONS, PartForm
from newsletter.mail import personal_words
from newsletter.models import Briefing, BriefingItem
from newsletter.sending import approval, link_checks, payers, sponsor_places
from newsletter.subscribers.vocabulary import offered

MODULES = ("images", "library", "prose", "blocks", "inserting", "pasting", "linking", "counting", "desk")
SCRIPTS = Media(
    js=[
        Script("content_editor/index.js", type="module"),  # ours come after it
        *(Script(f"js/desk/{name}.js", type="module") for name in MODULES),
        Script("js/personal_words.js", type="module"),
    ]
)


class BriefingForm(forms.ModelForm):
    """What a briefing says of itself; its parts have forms of their own."""

    introduction = blocks.HtmlField(
        extensions=blocks.INLINE_EXTENSIONS,
        required=False,
        help_text="Stands under the subject, before everything else.",
    )

    class Meta:
        model = Briefing
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "introduction" in self.fields:
            self.fields["introduction"].widget = InlineProseWidget(preset="configurable")
        template_choices.offer(self, self.instance.newsletter if self.instance.is_letter else None)

    def clean_introduction(self) -> str:
        refuse_lost_addresses(str(self["introduction"].value() or ""))
        return str(self.cleaned_data["introduction"])

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        template_choices.check(self, self.cleaned_data.get("newsletter"))
        return data


@admin.register(Briefing)
class BriefingAdmin(SlugsFromWords, BriefingList, SharedEditing, ContentEditor):
    slug_from = "subject"
    form = BriefingForm
    fieldsets = (
        (None, {"fields": ("subject", "preheader", "introduction")}),  # above the parts; the others stand beside them
        ("About it", {"fields": ("newsletter", "issue_date", "segment", "template", "slug")}),
    )
    inlines = INLINES
    change_form_template = "admin/newsletter/briefing/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The list has the issues; letters of automations have the same pages, and are led to from there."""
        asked = request.resolver_match.kwargs if request.resolver_match else {}
        one = "object_id" in asked or "pk" in asked
        return Briefing.every.select_related("automation") if one else super().get_queryset(request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one is for today, in the newsletter that a sign-up without a choice is for."""
        return super().get_changeform_initial_data(request) | desk.begins_with()

    def get_fieldsets(self, request: HttpRequest, obj: Briefing | None = None) -> Any:
        """A letter of an automation is for no day, and for whoever comes to its step."""
        if obj and obj.is_letter:
            return (self.fieldsets[0], ("About it", {"fields": ("template",)}))
        return super().get_fieldsets(request, obj)

    def get_inline_instances(self, request: HttpRequest, obj: Briefing | None = None) -> Any:
        """Places of ads are booked by the day, so a letter has none."""
        found: Any = super().get_inline_instances(request, obj)
        of_issues = BriefingItem.Kind.SPONSOR
        return [inline for inline in found if inline.part != of_issues] if obj and obj.is_letter else found

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_briefing_{name}")

        return [
            at("compose/", desk.compose, "compose"),
            at("<int:pk>/articles/", desk.add_articles, "articles"),
            at("<int:pk>/preview/", desk.preview, "preview"),
            at("<int:pk>/preview/mail.html", desk.preview_html, "preview_html"),
            at("<int:pk>/test/", desk.send_test, "test"),
            at("<int:pk>/copy/", desk.copy, "copy"),
            at("<int:pk>/check/", desk.check, "check"),
            at("<int:pk>/check/links/", desk.check_links, "check_links"),
            at("<int:pk>/approve/", progress.approve, "approve"),
            at("<int:pk>/ask/", progress.ask, "ask"),
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
        allowed = obj is None or (obj.is_editable and not obj.is_letter)
        return super().has_delete_permission(request, obj) and allowed

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        sponsor_places.place_sponsors(form.instance)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            approval.edited(form.instance, by=request.user)
        payers.look_at(form.instance)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context: dict[str, Any] = {"may_approve": request.user.has_perm("newsletter.approve_briefing")}
        if Briefing.every.letters().filter(pk=whole_number(object_id)).exists():
            context |= {"title": "Letter of an automation", "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        shown = [form for found in context["inline_admin_formsets"] for form in found.formset.forms]
        empty = [found.formset.empty_form for found in context["inline_admin_formsets"]]
        choice_fields.label([form for form in [*shown, *empty] if isinstance(form, PartForm)])
        context |= {
            "has_file_field": True,
            "prose_settings": prose_settings(MAIL_EXTENSIONS),
            "words": [(label, personal_words.written(name, "reader")) for name, label in offered()],
            "is_nav_sidebar_enabled": False,
        }
        response: Any = super().render_change_form(request, context, *args, **kwargs)
        response.context_data["media"] += SCRIPTS + template_choices.SCRIPT
        return allow_editors(request, response)

    def response_post_save_change(self, request: HttpRequest, obj: Briefing) -> HttpResponseRedirect:
        """A letter leads back to its automation."""
        if obj.is_letter:
            return HttpResponseRedirect(reverse("admin:newsletter_automation_overview", args=[obj.automation_id]))
        return super().response_post_save_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Briefing) -> HttpResponse:
        """Buttons that lead elsewhere save first."""
        leads_to = {"_preview": "preview", "_subjects": "subjects", "_articles": "articles"}
        leads_to |= {"_approve": "approve", "_check": "check"}
        if obj.is_letter:
            leads_to = {name: leads_to[name] for name in ("_preview", "_articles", "_check")}
        for name, page in leads_to.items():
            if name in request.POST:
                if name in ("_approve", "_check"):
                    link_checks.start(obj)
                return desk.redirect_to(page, obj)
        return super().response_change(request, obj)
