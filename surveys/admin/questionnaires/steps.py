"""What comes next with a survey: opened, closed, put away; what each does, and what is missing before it."""

from collections.abc import Sequence
from typing import Any

from core.admin.steps import Step
from core.lib import clock
from surveys.models import Survey
from surveys.questionnaires import comparisons, phases, versions
from surveys.questionnaires.definition import DefinitionRefused
from surveys.questionnaires.kinds import kind_of

State, Access = Survey.State, Survey.Access
WHO = {
    Access.ANYBODY: "Takes answers from anybody, as often as they like.",
    Access.BROWSER: "Takes answers from anybody, once a day from one browser.",
    Access.ADDRESS: "Takes one answer for each e-mail address that is confirmed.",
    Access.SUBSCRIBERS: "Takes answers from subscribers, by the links of a briefing.",
    Access.INVITATION: "Takes one answer for each invitation.",
}


def next_of(survey: Survey) -> Step | None:
    """The step that comes next."""
    return {State.DRAFT: OPEN, State.OPEN: CLOSE, State.CLOSED: ARCHIVE}.get(State(survey.state))


def _opening(survey: Survey) -> list[str]:
    begins = f"from {clock.in_words(survey.opens_at)} on" if survey.opens_at else "from now on"
    ends = [f"at {clock.in_words(survey.closes_at)}"] if survey.closes_at else []
    ends += [f"with {survey.max_responses:,} answers"] if survey.max_responses else []
    return [
        f"Shows readers “{survey}” at {survey.get_absolute_url()} {begins}.",
        WHO[Access(survey.access)],
        f"Closes by itself {' or '.join(ends)}." if ends else "Stays open until you close it.",
        "Fixes its address and who may answer. Questions keep their words and answers from then on; others can be added.",
        *_asking_who(survey),
    ]


def _asking_who(survey: Survey) -> list[str]:
    try:
        questions = versions.working(survey).questions.values()
    except DefinitionRefused:
        return []
    asked = [f"“{comparisons.short(each.text)}”" for each in questions if kind_of(each).is_personal]
    return [f"Asks people who they are: {', '.join(asked)}. Their answers are not anonymous then."] if asked else []


def _closing(survey: Survey) -> list[str]:
    planned = f" It was to close at {clock.in_words(survey.closes_at)}." if survey.closes_at else ""
    return [
        f"Takes no more answers from now on.{planned}",
        "Counts all that was sent. What somebody has begun and not sent is kept as a partial answer.",
        *(["Forgets who may change an answer."] if survey.changeable else []),
        "It cannot be opened again.",
    ]


def _archiving(survey: Survey) -> list[str]:
    return [f"Puts “{survey}” away. Its page and what was published of its results stay where they are."]


def _lacks(survey: Survey) -> Sequence[str]:
    return [told(each, survey) for each in phases.not_ready(survey)]


def told(problem: Any, survey: Survey) -> str:
    """A problem with the name of what it is about."""
    if not problem.where:
        return str(problem.words)
    for page in survey.definition.get("pages", []):
        if page["id"] == problem.where:
            return f"Page “{page.get('title') or page['id']}”: {problem.words}"
        for question in page["questions"]:
            if question["id"] == problem.where:
                return f"“{comparisons.short(question['text'])}”: {problem.words}"
    return str(problem.words)


CHANGE: dict[str, Any] = {"permission": "surveys.change_survey"}
OPEN = Step(
    "open", "Open the survey", _opening, phases.open_survey, "it is open.", _lacks, is_final=True, **CHANGE
)  # fmt: skip
CLOSE = Step("close", "Close the survey", _closing, phases.close, "it is closed.", is_final=True, **CHANGE)
ARCHIVE = Step("archive", "Archive the survey", _archiving, phases.archive, "it is archived.", **CHANGE)
