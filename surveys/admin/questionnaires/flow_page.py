"""The pages that show a survey's flow as a picture and as a table, and what it asked in its versions."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from surveys.admin.questionnaires import overview
from surveys.models import Survey
from surveys.questionnaires import drawing, versions
from surveys.questionnaires.comparisons import condition_words
from surveys.questionnaires.definition import DefinitionRefused
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The flow as it is worked on."""
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_view_permission(request, survey):
        raise PermissionDenied
    try:
        definition = versions.working(survey)
    except DefinitionRefused as refused:
        messages.error(request, f"What “{survey}” asks cannot be read: {refused}")
        return HttpResponseRedirect(overview.address(survey))
    context = {"title": f"Flow of “{survey}”", "survey": survey, "picture": drawing.drawn(definition)}
    context["quotas"] = [
        {"words": condition_words(each.condition, definition), "quota": each} for each in definition.quotas
    ]
    context["may_build"] = desk.has_change_permission(request, survey)
    return render(request, "admin/surveys/survey/flow.html", overview.frame(desk, request, context))


def versions_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What each version asked, the newest first, with what it changed."""
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_view_permission(request, survey):
        raise PermissionDenied
    found, before = list[dict[str, Any]](), None
    for version in survey.versions.all():
        definition = versions.definition_of(version.pk)
        found.insert(0, {"version": version, "changes": _changes(before, definition), "questions": _asked(definition)})
        before = definition
    context = {"title": f"Versions of “{survey}”", "survey": survey, "versions": found}
    return render(request, "admin/surveys/survey/versions.html", overview.frame(desk, request, context))


def _asked(definition: Definition) -> list[dict[str, str]]:
    return [
        {
            "id": question.id,
            "text": question.text,
            "kind": kind_of(question).label,
            "choices": ", ".join(choice.text for choice in question.offered),
        }
        for question in definition.questions.values()
    ]


def _changes(before: Definition | None, now: Definition) -> list[str]:
    """What a version changed, a sentence each."""
    if before is None:
        return ["The questions with which the survey opened."]
    said = [f"Asks “{each.text}” as well." for key, each in now.questions.items() if key not in before.questions]
    for key, question in now.questions.items():
        was = before.questions.get(key)
        if was is None or was == question:
            continue
        added = [f"“{each.text}”" for each in question.choices if each.id not in was.texts]
        closed = {each.id for each in was.offered} - {each.id for each in question.offered}
        parts = [f"offers {', '.join(added)}"] if added else []
        parts += [f"no longer offers {', '.join(f'“{was.texts[each]}”' for each in sorted(closed))}"] if closed else []
        said.append(f"“{question.text}” {' and '.join(parts) or 'has other settings or help'}.")
    if [*before.questions] != [key for key in now.questions if key in before.questions]:
        said.append("Asks in another order.")
    return said or ["Changed pages, rules or quotas."]
