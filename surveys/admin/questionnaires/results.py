"""What came of a survey, at the desk: charts, filters, two questions against each other; publishing it, an article, files."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.lib.text import whole_number
from core.replica import for_reports
from core.transitions import TransitionRefused
from surveys.admin.actions import by
from surveys.models import Source, Survey
from surveys.questionnaires import answer_files, answer_tags, article_draft, publishing, versions
from surveys.questionnaires.crosstabs import Crosstab, crosstab, variables
from surveys.questionnaires.filters import Filter, Pick, ResultsHidden, embargo, picks_of
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition, Question
from surveys.questionnaires.results import SELF_SELECTED, Results, results

TEXTS_A_PAGE = 50
KEY_DIGITS = 20
READ, CHANGE = "surveys.read_answers", "surveys.change_survey"


class ChoiceForm(forms.Form):
    """Which responses are counted, and which two questions stand against each other. Sent by GET."""

    answer = forms.ChoiceField(label="Who gave the answer", required=False)
    answer_too = forms.ChoiceField(label="and the answer", required=False)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.ChoiceField(label="By", required=False, choices=[("", "any way"), *Source.choices])
    first = forms.ChoiceField(label="Rows", required=False)
    second = forms.ChoiceField(label="Columns", required=False)

    def __init__(self, data: Any, definition: Definition) -> None:
        super().__init__(data)
        answers = [("", "any"), *_answers(definition)]
        questions = [("", "none"), *((each.key, each.text) for each in variables(definition))]
        _offer(self, answers, "answer", "answer_too")
        _offer(self, questions, "first", "second")

    def chosen(self) -> Filter:
        """The filter; the form is valid."""
        found = self.cleaned_data
        picks = [found[name].split("|") for name in ("answer", "answer_too") if found[name]]
        return Filter(
            picks=tuple(dict.fromkeys(Pick(question, key, row) for question, row, key in picks)),
            since=found["since"],
            until=found["until"],
            sources=(found["source"],) if found["source"] else (),
        )


def _answers(definition: Definition) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """All answers by which responses can be chosen, under their questions."""
    for question in definition.questions.values():
        rows = {each.id: f"{each.text}: " for each in question.settings.get("rows") or ()}
        if picks := [
            (f"{question.id}|{row}|{key}", rows.get(row, "") + label) for row, key, label in picks_of(question)
        ]:
            yield question.text, picks


class QuotesForm(forms.Form):
    """Which published results the media kit quotes, and by which question people agreed to that."""

    questions = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    consent = forms.ChoiceField(label="Counted are those who agreed by", required=False)

    def __init__(self, survey: Survey, data: Any = None) -> None:
        super().__init__(data, initial={"questions": survey.quoted, "consent": survey.quoted_consent})
        _offer(self, [(each.id, each.text) for each in publishing.quotable(survey)], "questions")
        _offer(self, [(each.id, each.text) for each in publishing.consents(survey)], "consent")


class FileForm(forms.Form):
    """Which file of the answers."""

    form = forms.ChoiceField(label="File", widget=forms.RadioSelect, initial="csv")

    def __init__(self, survey: Survey, data: Any = None) -> None:
        super().__init__(data)
        has_personal = answer_files.has_personal(survey)
        _offer(self, [each for each in answer_files.FORMS.items() if has_personal or each[0] != "personal"], "form")


def _offer(form: forms.Form, choices: Sequence[Any], *names: str) -> None:
    """What fields offer, as far as that depends on the survey."""
    for name in names:
        cast(forms.ChoiceField, form.fields[name]).choices = choices


def urls(desk: ModelAdmin) -> list[URLPattern]:
    """What a survey's desk adds to its addresses."""

    def at(route: str, view: Any, name: str) -> URLPattern:
        return path(f"<int:pk>/results/{route}", desk.admin_site.admin_view(view), name=f"surveys_survey_{name}")

    return [
        at("", require_safe(partial(show, desk)), "results"),
        at("publish/", require_POST(partial(publish, desk)), "results-publish"),
        at("quote/", require_POST(partial(quote, desk)), "results-quote"),
        at("article/", require_POST(partial(draft, desk)), "results-article"),
        at("files/", partial(export, desk), "results-export"),
        at("answers/<slug:question>/", partial(texts, desk), "results-texts"),
    ]


def show(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What came of each question, as far as it may be seen now."""
    survey = _survey(desk, request, pk)
    may_read = request.user.has_perm(READ)
    context: dict[str, Any] = {
        "may_read": may_read,
        "may_change": request.user.has_perm(CHANGE),
        "sample": SELF_SELECTED,
    }
    form = ChoiceForm(request.GET if may_read else {}, versions.current(survey))
    try:
        if not form.is_valid():
            raise ResultsHidden("These filters cannot be read: see what is said beside them.")
        found = results(survey, staff=True, filters=form.chosen())
    except ResultsHidden as hidden:
        context |= {"hidden": str(hidden)}
    else:
        context |= {"results": found, "questions": _questions(survey, found), "tiles": _tiles(found)}
        context |= _crosstab(survey, form)
    context |= {"form": form, "is_filtered": form.is_bound and form.is_valid() and bool(form.chosen())}
    return _page(desk, request, survey, "results", f"Results: {survey.title}", context | _published(survey))


def _questions(survey: Survey, found: Results) -> list[dict[str, Any]]:
    """Each result with the words of its kind, and whether there are texts to read."""
    readable = {each.id for each in answer_tags.readable(survey)}
    return [
        {"result": each, "kind": kind_of(each.question).label, "texts": each.question.id in readable}
        for each in found.questions
    ]


def _tiles(found: Results) -> list[dict[str, str]]:
    return [
        {"value": f"{found.responses:,}", "label": "answers that count"},
        {"value": f"{found.partial:,}", "label": "never finished", "note": "in no figure"},
        {"value": f"{found.screened:,}", "label": "screened out", "note": "in no figure"},
    ]


def _crosstab(survey: Survey, form: ChoiceForm) -> dict[str, Crosstab | str]:
    first, second = form.cleaned_data["first"], form.cleaned_data["second"]
    if not (first and second):
        return {}
    try:
        return {"crosstab": crosstab(survey, first, second, filters=form.chosen())}
    except ResultsHidden as hidden:
        return {"crosstab_hidden": str(hidden)}


def _published(survey: Survey) -> dict[str, Any]:
    """The questions that can be published, in the order in which they are, each with its place."""
    places = {key: place for place, key in enumerate(survey.published, 1)}
    found = sorted(publishing.publishable(survey), key=lambda each: places.get(each.id, len(places) + 1))
    return {
        "publishable": [{"question": each, "place": places.get(each.id, "")} for each in found],
        "quotes": QuotesForm(survey) if survey.published_at and publishing.quotable(survey) else None,
        "consents": publishing.consents(survey),
    }


def publish(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show readers the questions that were given a place, in that order; or none any more."""
    survey = _survey(desk, request, pk, CHANGE)
    try:
        if "unpublish" in request.POST:
            publishing.unpublish(survey, by=request.user)
            messages.success(request, "Readers see no results of this survey any more.")
        else:
            publishing.publish(survey, _in_places(survey, request.POST), by=request.user)
            messages.success(request, "Readers see these results now.")
    except TransitionRefused as refused:
        messages.error(request, str(refused))
    return _back(survey)


def _in_places(survey: Survey, data: Any) -> list[str]:
    """The questions that have a place, by it; equal places in the survey's order. Raises TransitionRefused."""
    placed = list[tuple[int, str]]()
    for question in publishing.publishable(survey):
        typed = data.get(f"place-{question.id}", "").strip()
        place = whole_number(typed, most=999)
        if typed and place is None:
            raise TransitionRefused(f"“{question.text}”: its place is a number from 0 to 999, or empty.")
        if place is not None:
            placed.append((place, question.id))
    return [key for _, key in sorted(placed, key=lambda each: each[0])]


def quote(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Have the media kit quote published results of those who agreed."""
    survey = _survey(desk, request, pk, READ)
    form = QuotesForm(survey, request.POST)
    try:
        if not form.is_valid():
            raise TransitionRefused("Choose among the questions that are published, and a question of consent.")
        publishing.quote(survey, form.cleaned_data["questions"], form.cleaned_data["consent"], by=request.user)
        messages.success(request, "The media kit follows this choice now.")
    except TransitionRefused as refused:
        messages.error(request, str(refused))
    return _back(survey)


def draft(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an article from the published results, and go to it."""
    survey = _survey(desk, request, pk, READ)
    try:
        article = article_draft.draft_article(survey, by=by(request))
    except TransitionRefused as refused:
        messages.error(request, str(refused))
        return _back(survey)
    messages.success(request, f"“{article}” is drafted.")
    if not request.user.has_perm("articles.change_article"):
        return _back(survey)
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))


@for_reports
def export(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """The answers as a file, sent while it is read; that goes into the audit log."""
    survey = _survey(desk, request, pk, READ)
    form = FileForm(survey, request.POST or None)
    if not form.is_valid():
        return _page(desk, request, survey, "files", f"Files: {survey.title}", {"form": form})
    chosen = form.cleaned_data["form"]
    try:
        found = answer_files.pieces(survey, chosen)
    except TransitionRefused as refused:
        messages.error(request, str(refused))
        return _back(survey)
    audit.record("exported the answers to the survey", survey, by=request.user, detail=answer_files.FORMS[chosen])
    kind, suffix = {"csv": ("application/zip", "zip"), "json": ("application/json", "json")}.get(
        chosen, ("text/csv; charset=utf-8", "csv")
    )
    response = StreamingHttpResponse(found, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{survey.slug}-{chosen}.{suffix}"'
    response["Cache-Control"] = "no-store"
    return response


def texts(desk: ModelAdmin, request: HttpRequest, pk: int, question: str) -> HttpResponse:
    """The answers to a question in own words, a page at a time, and their tags."""
    survey = _survey(desk, request, pk, READ)
    asked = next((each for each in answer_tags.readable(survey) if each.id == question), None)
    if asked is None:
        raise Http404("There are no such answers.")
    if request.method == "POST":
        _tag(request, survey, asked)
        return HttpResponseRedirect(request.get_full_path())
    context: dict[str, Any] = {"question": asked}
    if reason := embargo(survey):
        return _page(desk, request, survey, "texts", asked.text, context | {"hidden": reason})
    tag = request.GET.get("tag", "")
    every = answer_tags.responses(survey, asked, tag=tag).prefetch_related("tags")
    after = request.GET.get("after", "")
    rows = list((every.filter(pk__gt=after) if _is_key(after) else every)[: TEXTS_A_PAGE + 1])
    lines = [
        {
            "key": row.pk,
            "words": answer_tags.words_of(row.answers[question]),
            "tags": [each.name for each in row.tags.all() if each.question == question],
        }
        for row in rows[:TEXTS_A_PAGE]
    ]
    context |= {"lines": lines, "tag": tag, "tags": answer_tags.tags_of(survey, asked), "is_first": not _is_key(after)}
    context["next"] = rows[TEXTS_A_PAGE - 1].pk if len(rows) > TEXTS_A_PAGE else None
    return _page(desk, request, survey, "texts", asked.text, context)


def _tag(request: HttpRequest, survey: Survey, question: Question) -> None:
    keys = [int(key) for key in request.POST.getlist("answer") if _is_key(key)]
    try:
        remove = "remove" in request.POST
        number = answer_tags.change(survey, question, keys, request.POST.get("name", ""), remove=remove)
    except TransitionRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, f"{number} answer{'' if number == 1 else 's'}: {'taken off' if remove else 'tagged'}."
        )


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < KEY_DIGITS


def _survey(desk: ModelAdmin, request: HttpRequest, pk: int, permission: str = "") -> Survey:
    survey = get_object_or_404(Survey, pk=pk)
    if not desk.has_view_permission(request, survey) or (permission and not request.user.has_perm(permission)):
        raise PermissionDenied
    return survey


def _page(
    desk: ModelAdmin, request: HttpRequest, survey: Survey, name: str, title: str, context: dict[str, Any]
) -> HttpResponse:
    frame = desk.admin_site.each_context(request) | {"opts": desk.opts, "title": title, "survey": survey}
    return render(request, f"admin/surveys/survey/{name}.html", frame | context)


def _back(survey: Survey) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:surveys_survey_results", args=[survey.pk]))
