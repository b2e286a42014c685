"""Plans of briefings in the admin: when one is drafted, from which articles, and what it would hold now."""

import calendar
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from articles.desk import choice_fields
from articles.desk.choice_fields import ChoiceWidget, ManyChoicesWidget
from articles.models import Category, Tag
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from newsletter.admin import template_choices
from newsletter.models import BriefingPlan
from newsletter.sending import plans
from newsletter.subscribers import vocabulary


class PlanForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        label="On these days",
        coerce=int,
        choices=list(enumerate(calendar.day_name)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day; to stop it for a while, turn it off."},
    )
    time = forms.TimeField(
        label="At",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="In the newsletter's time zone. The draft is made then.",
    )

    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(),
        to_field_name="slug",
        required=False,
        widget=ManyChoicesWidget("category"),
        help_text="Articles of one of these; none chosen: of all.",
    )
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        to_field_name="slug",
        required=False,
        widget=ManyChoicesWidget("tag"),
        help_text="With one of these; none chosen: whatever they have.",
    )
    lead_tag = forms.ModelChoiceField(
        Tag.objects.all(),
        to_field_name="slug",
        required=False,
        widget=ChoiceWidget("tag"),
        help_text="Articles with this tag come first. The first article gives the briefing its subject.",
    )

    class Meta:
        model = BriefingPlan
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template_choices.offer(self, self.instance.newsletter if self.instance.pk else None)
        if self.instance.lead_tag_id and "lead_tag" in self.fields:
            self.initial["lead_tag"] = self.instance.lead_tag

    def clean_subject(self) -> str:
        subject = str(self.cleaned_data["subject"])
        if found := vocabulary.problems(subject):
            raise ValidationError(found)
        return subject

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("fewest") and cleaned.get("most") and cleaned["fewest"] > cleaned["most"]:
            self.add_error("fewest", "“At least” cannot be more than “at most”.")
        newsletter = cleaned.get("newsletter") or (self.instance.newsletter if self.instance.pk else None)
        template_choices.check(self, newsletter)
        if cleaned.get("by_itself") and newsletter and newsletter.approved_by_another:
            self.add_error(
                "by_itself", f"Briefings of {newsletter} are approved by somebody, so none goes out by itself."
            )
        return cleaned


@admin.register(BriefingPlan)
class BriefingPlanAdmin(SharedEditing):
    form = PlanForm
    nothing_yet = "A plan drafts a briefing by itself, on the days and from the articles that you choose."
    list_display = ("__str__", "is_on", "when", "by_itself", "next_draft", "said")
    list_filter = ("newsletter", "is_on")
    list_select_related = ("newsletter",)
    search_fields = ("name",)
    readonly_fields = ("next_draft", "would_hold", "said")
    fieldsets = (
        (None, {"fields": ("newsletter", "name", "is_on")}),
        ("When", {"fields": ("weekdays", "time", "next_draft", "said")}),
        ("Articles", {"fields": ("categories", "tags", "lead_tag", "most", "fewest", "newest_days", "would_hold")}),
        ("The briefing", {"fields": ("subject", "template")}),
        ("Sending", {"fields": ("segment", "by_itself", "notice")}),
    )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        choice_fields.label([context["adminform"].form])
        response: Any = super().render_change_form(request, context, *args, **kwargs)
        response.context_data["media"] += template_choices.SCRIPT
        return response

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What it has made is the newsletter's: it does not move to another."""
        return (*self.readonly_fields, "newsletter") if obj else self.readonly_fields

    @admin.display(description="When")
    def when(self, plan: BriefingPlan) -> str:
        return f"{plan.days}, {plan.time:%H:%M}"

    @admin.display(description="Next draft", ordering="due_at")
    def next_draft(self, plan: BriefingPlan) -> str:
        if plan.due_at is None:
            return "Save it to see when." if plan._state.adding else "None: it is off."
        return clock.in_words(plan.due_at, "D j M Y, H:i", plan.newsletter.zone)

    @admin.display(description="Would hold now")
    def would_hold(self, plan: BriefingPlan) -> str:
        if plan._state.adding:
            return "Save it to see which articles it finds."
        found = plans.chosen(plan)
        if not found:
            return "Nothing: no article is new by this rule. There would be no briefing."
        few = format_html("<p>Too few for a briefing: they wait for more.</p>") if len(found) < plan.fewest else ""
        about = format_html("<p>Subject: {}</p>", plan.subject_of(found[0].title, plan.due_at or timezone.now()))
        return format_html(
            "{}<ol>{}</ol>{}", about, format_html_join("", "<li>{}</li>", ((row.title,) for row in found)), few
        )
