"""Automations in the admin: rules and steps on an edit page; a page where each stands, with its next step; who is where."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST, require_safe

from core.admin.bases import ReadOnlyAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import ClosedChangeList, linked
from core.lib.admin_text import CleanedText
from core.lib.text import whole_number
from core.transitions import TransitionRefused
from newsletter.automations import figures, letters, lifecycle
from newsletter.models import Automation, AutomationStep, Enrolment
from newsletter.subscribers import segments

Kind, Test = AutomationStep.Kind, AutomationStep.Test
# What each kind of step asks for; the others are hidden by js/desk/conditions.js, and emptied when it is saved.
NEEDS = {
    Kind.WAIT: "amount unit at_time",
    Kind.LETTER: "asks_to_stay",
    Kind.FORK: "test segment target leaves",
    Kind.PAUSE: "amount unit",
    Kind.UNSUBSCRIBE: "",
    Kind.LEAVE: "",
}
EMPTY: dict[str, Any] = {
    "amount": None, "at_time": None, "asks_to_stay": False, "test": "", "segment": None, "target": None, "leaves": False,
}  # fmt: skip
LAST = 30_000
TROUBLES_SHOWN = 20
DECISIONS = {
    "start": (lifecycle.start, "It is running."),
    "pause": (lifecycle.pause, "Paused. Everybody stays where they are, and whoever enters waits at the first step."),
    "end": (lifecycle.end, "Ended. Nobody gets another letter of it."),
}


class StepForm(forms.ModelForm):
    """One step. What its kind does not need is dropped; what it needs is asked for in words."""

    kind = forms.ChoiceField(label="What", choices=[("", "choose …"), *Kind.choices])

    class Meta:
        model = AutomationStep
        fields = ("ordering", "kind", *EMPTY, "unit")
        widgets = {
            "ordering": forms.NumberInput(attrs={"min": 1, "max": 999}),
            "at_time": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ordering"].required = False
        if not self.instance.pk:
            self.initial = {**self.initial, "ordering": None, "kind": ""}
        for name in ("segment", "target"):
            for act in ("add", "change", "delete", "view"):
                setattr(self.fields[name].widget, f"can_{act}_related", False)
        self.fields["kind"].widget.attrs |= {"data-needs": json.dumps(NEEDS), "data-hints": "{}"}

    def clean_ordering(self) -> int:
        """Without a place it is the last."""
        return int(self.cleaned_data.get("ordering") or LAST)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kind") not in NEEDS:
            return cleaned
        needed = NEEDS[Kind(cleaned["kind"])].split()
        cleaned |= {name: value for name, value in EMPTY.items() if name not in needed}
        if "amount" in needed and not cleaned.get("amount") and "amount" not in self.errors:
            self.add_error("amount", "Say how long: a number of days or hours.")
        if "test" in needed and not cleaned.get("test"):
            self.add_error("test", "Say whom the fork is about.")
        by_segment = cleaned.get("test") in (Test.IN_SEGMENT, Test.NOT_IN_SEGMENT)
        if by_segment and not cleaned.get("segment"):
            self.add_error("segment", "Choose the segment.")
        if not by_segment:
            cleaned["segment"] = None
        if cleaned.get("leaves") and cleaned.get("target"):
            self.add_error("target", "Either they go on at a step, or they leave.")
        return cleaned


class StepInline(CleanedText, admin.StackedInline):
    model = AutomationStep
    form = StepForm
    extra = 0
    max_num = 60
    fields = (("ordering", "kind", "amount", "unit", "at_time", "asks_to_stay", "test", "segment", "target", "leaves"),)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        own = AutomationStep.objects.filter(automation=obj).select_related("segment", "target") if obj else None
        target: Any = formset.form.base_fields["target"]
        target.queryset = own if own is not None else AutomationStep.objects.none()
        return formset


class AutomationForm(forms.ModelForm):
    """The rules. Those of the other beginning are emptied."""

    class Meta:
        model = Automation
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        newsletter = cleaned.get("newsletter") or self.instance.newsletter
        asks_reading = cleaned.get("begins") == Automation.Begins.QUIET or cleaned.get("ends_when_reading")
        if asks_reading and newsletter and not newsletter.counts_reading:
            self.add_error("begins", f"{newsletter} does not count who opens and clicks.")
        begins = cleaned.get("begins") or self.instance.begins
        if begins == Automation.Begins.TAGGED and "tag" in self.fields and not cleaned.get("tag"):
            self.add_error("tag", "Choose the tag with which it begins.")
        if begins == Automation.Begins.SEGMENT and not cleaned.get("segment"):
            self.add_error("segment", "Choose the segment with which it begins.")
        if begins in (Automation.Begins.TAGGED, Automation.Begins.SEGMENT) and cleaned.get("again_after"):
            self.add_error(
                "again_after", "Whoever is given a tag, or comes into a segment, enters once: leave it empty."
            )
        if begins != Automation.Begins.TAGGED and "tag" in self.fields:
            cleaned["tag"] = None
        return cleaned


class AutomationList(ClosedChangeList):
    """The list leads to each automation's own page."""

    def url_for_result(self, result: Any) -> str:
        return address(result)


def address(automation: Automation) -> str:
    """Where an automation's page is."""
    return reverse("admin:newsletter_automation_overview", args=[automation.pk])


@admin.register(Automation)
class AutomationAdmin(SharedEditing):
    form = AutomationForm
    nothing_yet = "An automation is a series of letters: to welcome who is new, or to ask who has gone quiet."
    list_display = ("__str__", "begins", "state_badge", "in_it", "finished", "started_at")
    list_filter = ("newsletter", "state")
    list_select_related = ("newsletter",)
    search_fields = ("name",)
    sortable_by = ()
    actions = None  # one that was started is ended, and stays
    inlines = (StepInline,)
    change_form_template = "admin/newsletter/automation/change_form.html"
    fieldsets = (
        (None, {"fields": ("newsletter", "name", "begins")}),
        ("Who is quiet", {"classes": ("begins-quiet",), "fields": ("quiet_days", "fewest_letters", "most_per_day")}),
        ("The tag", {"classes": ("begins-tagged",), "fields": ("tag",)}),
        ("Who is there already", {"classes": ("begins-tagged", "begins-segment"), "fields": ("takes_present",)}),
        (
            "Who enters, and who leaves early",
            {"fields": ("segment", "again_after", "exit_segment", "ends_when_reading")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_automation_{name}")

        return [
            at("<int:pk>/overview/", require_safe(self.overview), "overview"),
            at("<int:pk>/decide/", require_POST(self.decide), "decide"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClosedChangeList]:
        return AutomationList

    def has_change_permission(self, request: HttpRequest, obj: Automation | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Automation | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.started_at is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Automation | None = None) -> tuple[str, ...]:
        """What it has begun with stays: who is in it came in by that."""
        return ("newsletter", "begins", "tag", "takes_present") if obj and obj.started_at else ()

    def get_fieldsets(self, request: HttpRequest, obj: Automation | None = None) -> Any:
        """Where the beginning stays, what another would ask for is left out."""
        shown = super().get_fieldsets(request, obj)
        if obj is None or "begins" not in self.get_readonly_fields(request, obj):
            return shown
        others = [f"begins-{each}" for each in Automation.Begins if each != obj.begins]
        own = f"begins-{obj.begins}"
        return [
            row
            for row in shown
            if own in row[1].get("classes", ()) or not set(others).intersection(row[1].get("classes", ()))
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        automation = form.instance
        for place, step in enumerate(automation.steps.order_by("ordering", "pk"), start=1):
            AutomationStep.objects.filter(pk=step.pk).update(ordering=place)
        letters.put_in_places(automation)
        Automation.objects.filter(pk=automation.pk).update(edited_by=request.user)
        figures.count(automation)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(address(obj))

    response_post_save_change = response_post_save_add

    @admin.display(description="In it")
    def in_it(self, automation: Automation) -> str:
        return f"{automation.counts.get('waiting', 0):,}"

    @admin.display(description="Finished")
    def finished(self, automation: Automation) -> str:
        return f"{automation.counts.get('finished', 0):,}"

    def overview(self, request: HttpRequest, pk: int, refused: list[str] | None = None) -> HttpResponse:
        """Where it stands, its next step, what is missing, the flow with how many wait where, and what became of letters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        automation = _automation(pk)
        may_decide = _may_decide(request)
        shown = figures.overview(automation)
        context: dict[str, Any] = {
            "title": automation.name,
            "automation": automation,
            "opts": self.opts,
            "shown": shown,
        }
        context["may_change"] = self.has_change_permission(request, automation)
        context["may_write"] = request.user.has_perm("newsletter.change_briefing") and automation.is_editable
        context["may_see_who"] = request.user.has_perms(["newsletter.view_enrolment", "newsletter.view_subscriber"])
        context["who_url"] = f"{reverse('admin:newsletter_enrolment_changelist')}?automation__id__exact={pk}"
        context["may_decide"] = may_decide
        context["rules"] = _rules(automation)
        context["problems"] = refused or (lifecycle.problems(automation) if automation.is_editable else [])
        context["troubles"] = list(_troubles(automation))
        template = "admin/newsletter/automation/overview.html"
        return render(request, template, self.admin_site.each_context(request) | context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start, pause or end it."""
        if not _may_decide(request):
            raise PermissionDenied
        automation, name = _automation(pk), request.POST.get("decision", "")
        if name not in DECISIONS:
            messages.error(request, "Choose what to do with this automation.")
            return HttpResponseRedirect(address(automation))
        act, said = DECISIONS[name]
        try:
            with transaction.atomic():
                act(automation, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, "It was not started: " + " ".join(error.messages))
        except TransitionRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
            self.log_change(request, automation, said)
        return HttpResponseRedirect(address(automation))


def _may_decide(request: HttpRequest) -> bool:
    """Letters leave by this, as by the approval of a briefing."""
    return request.user.has_perms(["newsletter.change_automation", "newsletter.approve_briefing"])


def _automation(pk: int) -> Automation:
    rows = Automation.objects.select_related("newsletter", "tag", "segment", "exit_segment", "started_by")
    return get_object_or_404(rows, pk=pk)


def _rules(automation: Automation) -> list[str]:
    """Who enters and who leaves, in sentences."""
    newsletter, days = automation.newsletter, automation.quiet_days
    if automation.is_for_the_quiet:
        most = f", {automation.most_per_day:,} a day at most" if automation.most_per_day else ""
        found = [
            (
                f"Subscribers of {newsletter} enter who got {automation.fewest_letters} briefings or more in {days} days{most}, and"
                " opened and clicked none, as people do, and chose nothing. It looks for them once a day."
            )
        ]
    elif automation.is_for_comers:
        what = f"are given the tag “{automation.tag}”" if automation.tag else "come into the segment below"
        present = "whoever has it already, too" if automation.takes_present else "whoever has it already does not"
        found = [f"Subscribers of {newsletter} enter who {what}; {present}."]
    else:
        found = [f"Whoever confirms a subscription to {newsletter} enters. No other welcome mail is sent to them."]
    if automation.looks_at and automation.is_running:
        found.append(f"It looks for them next at {clock.in_words(automation.looks_at, zone=newsletter.zone)}.")
    if automation.segment:
        found.append(f"Only those in the segment “{automation.segment}”: {segments.described(automation.segment)}.")
    again = f", and again after {automation.again_after} days at the earliest" if automation.again_after else ""
    found.append(
        f"Everybody enters once{again}. Leaving the list, a bounce, a complaint or an erasure ends it at once."
    )
    if automation.exit_segment:
        found.append(f"Whoever is in the segment “{automation.exit_segment}” leaves before the next step.")
    if automation.ends_when_reading:
        found.append("Whoever opens or clicks a mail of the list after having entered leaves before the next step.")
    return found


def _troubles(automation: Automation) -> QuerySet[Enrolment]:
    rows = Enrolment.objects.filter(automation=automation, state=Enrolment.State.WAITING).exclude(trouble="")
    return rows.select_related("step").order_by("-pk")[:TROUBLES_SHOWN]


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    """Who is where: read only, and narrowed by the links of an automation's page."""

    nothing_yet = "Whoever enters an automation that is running is listed here."
    list_display = ("who", "state_badge", "at_step", "entered", "of_automation")
    list_display_links = None
    list_filter = ("automation", "state", "reason", "step")
    list_select_related = ("automation__newsletter", "step__segment", "step__target", "subscriber")
    sortable_by = ()
    list_per_page = 50
    actions = ("take_out",)

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        return ("automation", "state", "reason", ("step", StepFilter))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the notes of those who never enter."""
        return super().get_queryset(request).exclude(reason=Enrolment.Reason.BEFORE)

    def has_take_out_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletter.change_automation")

    @admin.action(description="Take out of the automation", permissions=["take_out"])
    def take_out(self, request: HttpRequest, rows: QuerySet[Enrolment]) -> None:
        """They get no further letter of it; their subscriptions stay as they are."""
        out = sum(lifecycle.take_out(row, by=request.user) for row in rows.select_related("automation"))  # type: ignore[arg-type]
        self.message_user(request, f"{out} taken out. Whoever was out already is left as they were.")

    @admin.display(description="Subscriber")
    def who(self, row: Enrolment) -> str:
        return linked(row.subscriber) if row.subscriber else "erased"

    @admin.display(description="Entered")
    def entered(self, row: Enrolment) -> str:
        return clock.in_words(row.entered_at, "j M Y")

    @admin.display(description="Automation")
    def of_automation(self, row: Enrolment) -> str:
        return str(row.automation)

    def state_in_words(self, row: Enrolment) -> str:
        if row.state == Enrolment.State.WAITING:
            return f"waiting until {clock.in_words(row.due_at, 'j M, H:i')}"
        ended = (
            f"{row.get_state_display()}, {clock.in_words(row.ended_at, 'j M Y')}"
            if row.ended_at
            else row.get_state_display()
        )
        return f"{ended}: {row.get_reason_display()}" if row.reason else ended

    @admin.display(description="At step")
    def at_step(self, row: Enrolment) -> str:
        return str(row.step) if row.step and row.state == Enrolment.State.WAITING else ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It names addresses, so it is for those who may see subscribers."""
        return super().has_view_permission(request, obj) and request.user.has_perm("newsletter.view_subscriber")


class StepFilter(admin.RelatedFieldListFilter):
    """Offers the steps of the automation that the list is narrowed to."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        automation = request.GET.get("automation__id__exact", "")
        key = whole_number(automation)
        rows = AutomationStep.objects.filter(automation=key).select_related("segment", "target") if key else []
        return [(row.pk, str(row)) for row in rows]
