"""Surveys: their list, and the page of what is said about one. Its questions are built in surveys.admin.questionnaires.builder."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.html import linebreaks
from django.views.decorators.http import require_POST, require_safe

from core.admin.bases import AuditedAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import ClosedChangeList
from core.lib.admin_slugs import SlugsFromWords
from surveys.admin.questionnaires import flow_page, invitations, overview, results
from surveys.admin.questionnaires.builder import IN_BUILDER, Builder
from surveys.models import Survey

State = Survey.State
FROZEN = ("slug", "access", "changeable")
TIMES = ("opens_at", "closes_at", "max_responses")
ANONYMOUS = (
    "Answers are anonymous: that somebody took part is kept apart from what they answered, without a time, and answers are"
    " counted twenty and more at once, shuffled, so that nobody can put the two together. Three things limit that. A question"
    " that asks who somebody is. Answers that can be changed: until the close they are kept beside a keyed name. And"
    " “as often as they like”, where nobody is known and answers are counted as they come."
    " “Once a day from one browser” needs no cookie: it goes by network address and browser, under a key that is forgotten"
    " each night. People who share both count as one, and whoever changes either can answer again."
)
HELP = {
    "introduction": "What it is about, who asks, why, and how long it takes. Empty lines part paragraphs; HTML can be used.",
    "thanks": "What readers see once they have answered. A rule can end a survey with words of its own.",
    "access": "Fixed once the survey has opened.",
    "opens_at": "Empty: as soon as you press “Open the survey”. With a time, you press it before, and it waits.",
    "closes_at": "Empty: when you close it.",
    "results_shown": "Some would rather not be tempted to look, or to stop, while answers come in. Once it has opened, that stays.",
    "min_cell": "A figure that fewer people gave is hidden from everybody who sees results, so that nobody is recognized by"
    " an unusual answer. 5 is customary; 1 hides nothing, as in a poll. Once it has opened, it can only grow.",
    "is_listed": "Shown to everybody on the page of all surveys while it is open. Else only those find it who have its link.",
}


class SurveyForm(forms.ModelForm):
    """What is said about a survey. What it asks is left alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = words

    def clean_introduction(self) -> str:
        return _paragraphs(self.cleaned_data["introduction"])

    def clean_thanks(self) -> str:
        return _paragraphs(self.cleaned_data["thanks"])

    def clean_closes_at(self) -> Any:
        closes = self.cleaned_data["closes_at"]
        is_new = "closes_at" in self.changed_data
        if closes and is_new and self.instance.state == State.OPEN and closes <= timezone.now():
            raise ValidationError("This is past. To close the survey now, use the button on its own page.")
        return closes


def _paragraphs(text: str) -> str:
    """Plain text as paragraphs; HTML as it is."""
    return text if "<" in text or not text else linebreaks(text)


class SurveyList(ClosedChangeList):
    """The list leads to each survey's own page."""

    def url_for_result(self, result: Any) -> str:
        return overview.address(result)


@admin.register(Survey)
class SurveyAdmin(SlugsFromWords, AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    form = SurveyForm
    noun = "survey"
    slug_from = "title"
    list_display = ("title", "state_badge", "access", "so_far", "opens_at", "closes")
    list_filter = ("state", "access")
    search_fields = ("title", "slug")
    sortable_by = ("title", "state_badge", "opens_at")
    list_per_page = 50
    change_list_template = "admin/surveys/survey/change_list.html"
    change_form_template = "admin/surveys/survey/change_form.html"
    fieldsets = (
        (None, {"fields": ("title", "slug", "introduction", "thanks")}),
        ("Who may answer", {"fields": ("access", "changeable"), "description": ANONYMOUS}),
        ("When", {"fields": TIMES}),
        ("Results", {"fields": ("results_shown", "min_cell", "is_listed")}),
    )

    def facts(self, obj: Survey) -> dict[str, str | set[str]]:
        return {
            "title": obj.title,
            "slug": obj.slug,
            "who may answer": obj.get_access_display(),
            "opens": clock.in_words(obj.opens_at) if obj.opens_at else "",
            "closes": clock.in_words(obj.closes_at) if obj.closes_at else "",
            "answers at most": str(obj.max_responses or ""),
            "fewest answers shown": str(obj.min_cell),
        }

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}/", self.admin_site.admin_view(view), name=f"surveys_survey_{name}")

        return [
            at("overview", require_safe(partial(overview.survey_page, self)), "overview"),
            at("step", require_POST(partial(overview.survey_step, self)), "step"),
            at("try", require_POST(partial(overview.try_it, self)), "try"),
            at("copy", require_POST(partial(overview.copy_survey, self)), "copy"),
            at("flow", require_safe(partial(flow_page.page, self)), "flow"),
            at("versions", require_safe(partial(flow_page.versions_page, self)), "versions"),
            at("invitations", partial(invitations.page, self), "invitations"),
            *results.urls(self),
            *Builder(Survey, self.admin_site).get_urls(),
            *super().get_urls(),
        ]

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClosedChangeList]:
        return SurveyList

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        listed = request.resolver_match and request.resolver_match.url_name == "surveys_survey_changelist"
        return overview.with_answers(found.defer("definition", "introduction", "thanks")) if listed else found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"is_first": not Survey.objects.exists()}
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="answers")
    def so_far(self, survey: Any) -> str:
        return "" if survey.state == State.DRAFT else overview.in_words(survey.answers)

    @admin.display(description="closes")
    def closes(self, survey: Survey) -> str:
        if survey.closed_at:
            return f"closed {clock.in_words(survey.closed_at)}"
        ends = [clock.in_words(survey.closes_at)] if survey.closes_at else []
        ends += [f"with {survey.max_responses:,} answers"] if survey.max_responses else []
        return " or ".join(ends) or "when you close it"

    # The page of what is said about it

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Begin with a template; unsaved work whose survey was deleted goes on in the plain form, which refuses the rest."""
        if request.GET.keys() & {"kept", "_to_field"} or "base" in request.POST:
            return super().add_view(request, form_url, extra_context)
        return overview.new_survey(self, request)

    def _pieces(self, request: HttpRequest, row: Any) -> Any:
        return super()._pieces(request, row).exclude(content__has_key=IN_BUILDER)

    def response_post_save_add(self, request: HttpRequest, obj: Survey) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Survey) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Survey | None = None) -> tuple[str, ...]:
        if obj is None or obj.state == State.DRAFT:
            return ()
        if obj.state == State.OPEN:
            return (*FROZEN, *(["opens_at"] if obj.opened_at else []))
        return (*FROZEN, *TIMES)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Nobody sees a draft."""
        return super().get_view_on_site_url(obj) if obj and obj.is_public else None

    def has_delete_permission(self, request: HttpRequest, obj: Survey | None = None) -> bool:
        """Only a draft goes: what people have answered stays."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == State.DRAFT)
