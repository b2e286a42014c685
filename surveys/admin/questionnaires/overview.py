"""A survey's own page: where it stands, what comes next and what is missing. And how a new one begins."""

from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse

from core.admin.steps import offers, take_posted, trail_of
from core.lib.forms import LineField
from surveys.admin.actions import by
from surveys.admin.questionnaires import steps
from surveys.models import Survey
from surveys.questionnaires import access, embedding, flow, starters, versions
from surveys.questionnaires.definition import DefinitionRefused
from surveys.questionnaires.kinds import kind_of

State = Survey.State
COUNTED_TO = 1000  # answers; beyond that the list says only that there are more
# By the index of a survey's responses; never more of them than that.
ANSWERS = f"""
    (SELECT count(*) FROM
    (SELECT 1 FROM surveys_response WHERE survey_id = surveys_survey.id AND ended IN ('complete', 'early')
    LIMIT {COUNTED_TO + 1}) AS found)
"""


class Phase(NamedTuple):
    """A phase of a survey's life. `place` is “past”, “now” or “next”."""

    name: str
    place: str
    begins: Any = None
    ends: Any = None


def address(survey: Survey) -> str:
    """Where a survey's page is."""
    return reverse("admin:surveys_survey_overview", args=[survey.pk])


def with_answers(surveys: QuerySet[Survey]) -> QuerySet[Survey]:
    """Surveys, each with the number of its answers as far as COUNTED_TO."""
    return surveys.annotate(answers=RawSQL(ANSWERS, ()))  # noqa: S611 - nothing is put into it


def answers_so_far(survey: Survey) -> str:
    """How many answers are counted, exactly as far as COUNTED_TO."""
    found: Any = with_answers(Survey.objects.filter(pk=survey.pk)).get()
    return in_words(found.answers)


def in_words(answers: int) -> str:
    return f"more than {COUNTED_TO:,}" if answers > COUNTED_TO else f"{answers:,}"


def survey_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Where a survey stands, what comes next and what is missing, what it asks and what was done."""
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_view_permission(request, survey):
        raise PermissionDenied
    context: dict[str, Any] = {"title": survey.title, "survey": survey, "phases": phases_of(survey)}
    context |= {"may_change": desk.has_change_permission(request, survey), "may_copy": desk.has_add_permission(request)}
    context |= offers(request, survey, steps.next_of(survey), [])
    context |= {"answers": answers_so_far(survey), "asks": _asks(survey), "warnings": _warnings(survey)}
    context["versions"] = survey.versions.defer("definition")
    context["results"] = _results(survey)
    context["snippet"] = embedding.snippet(survey) if survey.is_public else ""
    context["trail"] = trail_of(survey)
    return render(request, "admin/surveys/survey/overview.html", frame(desk, request, context))


def survey_step(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Take the step that the survey's page offered."""
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_change_permission(request, survey):
        raise PermissionDenied
    step = steps.next_of(survey)
    take_posted(request, survey, [step] if step else [])
    return HttpResponseRedirect(address(survey))


def try_it(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the survey as it is worked on; what is answered there is not counted."""
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_change_permission(request, survey):
        raise PermissionDenied
    return HttpResponseRedirect(access.test_link(survey))


def copy_survey(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new survey with this one's questions, and go to it."""
    survey = get_object_or_404(Survey, pk=pk)
    if not (desk.has_add_permission(request) and desk.has_view_permission(request, survey)):
        raise PermissionDenied
    made = starters.copy(survey, by=by(request))
    messages.success(request, f"“{made}” is a draft with the questions of “{survey}”. It has no times and no answers.")
    return HttpResponseRedirect(address(made))


class NewSurveyForm(forms.Form):
    """A new survey's title, and what it begins with."""

    title = LineField(max_length=120, label="Title", help_text="What readers see. It can be changed later.")
    starter = forms.ChoiceField(
        choices=[(each.name, each.label) for each in starters.ALL],
        widget=forms.RadioSelect,
        required=False,
        label="Begin with",
    )


def new_survey(desk: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for a title and a template; on POST make the draft and go to its questions."""
    if not desk.has_add_permission(request):
        raise PermissionDenied
    form = NewSurveyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        starter = starters.BY_NAME[form.cleaned_data["starter"]]
        made = starters.begin(title=form.cleaned_data["title"], starter=starter, by=by(request))
        messages.success(request, f"“{made}” is a draft: nobody sees it until you open it.")
        return HttpResponseRedirect(reverse("admin:surveys_survey_builder", args=[made.pk]))
    chosen = form["starter"].value() or ""
    context = {"title": "A new survey", "form": form, "starters": starters.ALL, "chosen": chosen}
    status = 400 if form.errors else 200
    return render(request, "admin/surveys/survey/new.html", frame(desk, request, context), status=status)


def frame(desk: ModelAdmin, request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of a page beside the list of surveys."""
    return desk.admin_site.each_context(request) | {"opts": desk.opts} | context


def phases_of(survey: Survey) -> list[Phase]:
    """All phases of a survey in their order."""
    order = [State.DRAFT, State.OPEN, State.CLOSED, State.ARCHIVED]
    opened = survey.opened_at or survey.opens_at
    times = [
        (survey.created_at, None),
        (opened, survey.closed_at or survey.closes_at),
        (survey.closed_at, None),
        (survey.archived_at, None),
    ]
    at = order.index(State(survey.state))
    places = ["past" if place < at else "now" if place == at else "next" for place in range(len(order))]
    return [
        Phase(str(state.label), place, *moments) for state, place, moments in zip(order, places, times, strict=True)
    ]


def _asks(survey: Survey) -> str:
    try:
        definition = versions.working(survey)
    except DefinitionRefused:
        return "questions that cannot be read"
    number = sum(kind_of(each).takes_answers for each in definition.questions.values())
    pages = len(definition.pages)
    return f"{number} question{'' if number == 1 else 's'} on {pages} page{'' if pages == 1 else 's'}"


def _warnings(survey: Survey) -> list[str]:
    """What is odd about the questions of a survey that is open already."""
    if survey.state != State.OPEN:
        return []
    try:
        return [steps.told(each, survey) for each in flow.problems(versions.working(survey))]
    except DefinitionRefused as refused:
        return [str(each) for each in refused.problems]


def _results(survey: Survey) -> str:
    """Where the results are read; "" where that cannot be yet."""
    if survey.state == State.DRAFT:
        return ""
    try:
        return reverse("admin:surveys_survey_results", args=[survey.pk])
    except NoReverseMatch:
        return ""
