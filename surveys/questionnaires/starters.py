"""What a new survey can begin with: templates for what newsrooms ask most, and copies of earlier surveys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from core import audit
from core.lib.slugs import free_slug, slug_of
from surveys.models import Survey
from surveys.questionnaires import versions
from surveys.seasons import next_title

Document = dict[str, Any]
COPIED = ("introduction", "thanks", "access", "changeable", "max_responses", "min_cell", "results_shown", "is_listed")


@dataclass(frozen=True)
class Starter:
    """A template: what it is for, and what the survey is when it is made."""

    name: str
    label: str
    about: str
    definition: Callable[[], Document]
    fields: dict[str, Any] = field(default_factory=dict)


def _some(*texts: str) -> list[Document]:
    return [{"id": f"a{number}", "text": text} for number, text in enumerate(texts, 1)]


def _asked(key: str, kind: str, text: str, *choices: str, **settings: Any) -> Document:
    return {"id": key, "kind": kind, "text": text, **({"choices": _some(*choices)} if choices else {}), **settings}


def _page(key: str, title: str, *questions: Document, **settings: Any) -> Document:
    return {"id": key, "title": title, "questions": list(questions), **settings}


def _empty() -> Document:
    return {"pages": [_page("p1", "")]}


def _readers() -> Document:
    investing = ("Yes", "Not yet", "No, and I do not plan to")
    reads = _page(
        "p1",
        "How you read us",
        _asked("q1", "single", "How often do you read us?", "Daily", "Several times a week", "Weekly", "Less often", required=True),
        _asked("q2", "multiple", "Where do you read us?", "Newsletter", "Website", "Feed reader", "Social media", other=True),
        _asked("q3", "nps", "How likely are you to recommend us to a colleague?", left="not at all likely", right="extremely likely"),
        _asked("q4", "long_text", "What should we do better?", **{"if": {"question": "q3", "le": 6}}),
    )  # fmt: skip
    about = _page(
        "p2",
        "About you",
        _asked("q5", "dropdown", "Where do you live?", "Europe", "North America", "Asia", "Latin America", "Africa", "Oceania"),
        _asked("q6", "single", "What do you do?", "Founder or executive", "Engineer", "Investor or trader", "Research or education", "Student", other=True),
        _asked("q7", "single", "Do you hold crypto-assets yourself?", *investing),
        _asked("q8", "multiple", "Which do you hold?", "Bitcoin", "Ether", "Stablecoins", "Other coins and tokens", **{"if": {"question": "q7", "is": "a1"}}),
        _asked("q9", "consent", "May we quote figures from this survey to sponsors?",
               agree="Yes: totals only, never a single answer, and nothing that fewer than five people said."),
    )  # fmt: skip
    return {"pages": [reads, about]}


def _nps() -> Document:
    why = {"question": "q1", "answered": True}
    return {
        "pages": [
            _page("p1", "", _asked("q1", "nps", "How likely are you to recommend us to a friend or colleague?",
                                   required=True, left="not at all likely", right="extremely likely")),
            _page("p2", "", _asked("q2", "long_text", "You gave us {{q:q1}}. Why?", **{"if": why})),
        ]
    }  # fmt: skip


def _event() -> Document:
    came = _page(
        "p1", "", _asked("q1", "yes_no", "Did you come?", required=True),
        then=[{"if": {"question": "q1", "is": False}, "go": "p3"}],
    )  # fmt: skip
    was = _page(
        "p2",
        "How it was",
        _asked("q2", "rating", "How did you like it over all?", required=True),
        _asked("q3", "matrix", "And in particular?", "poor", "fair", "good", "excellent",
               rows=[{"id": "r1", "text": "Speakers"}, {"id": "r2", "text": "Venue"}, {"id": "r3", "text": "People to meet"}]),
        _asked("q4", "long_text", "What will you remember?"),
        then=[{"go": "p4"}],
    )  # fmt: skip
    missed = _page(
        "p3", "What kept you", _asked("q5", "single", "Why not?", "No time", "Too far", "Too dear", other=True)
    )
    again = _page("p4", "Next time", _asked("q6", "single", "Would you come to the next one?", "Yes", "Perhaps", "No"),
                  _asked("q7", "long_text", "What should it be about?"))  # fmt: skip
    return {"pages": [came, was, missed, again]}


def _brand_lift() -> Document:
    names = ("The sponsor", "Competitor A", "Competitor B", "None of these")
    return {
        "pages": [
            _page("p1", "", _asked("q1", "multiple", "Which of these have you heard of?", *names, shuffle=True, required=True),
                  _asked("q2", "single", "Which comes to mind first?", *names)),
            _page("p2", "", _asked("q3", "single", "Do you remember an ad of the sponsor in our newsletter?", "Yes", "No", "Not sure"),
                  _asked("q4", "scale", "How well do you think of the sponsor?", left="not at all", right="very"),
                  _asked("q5", "single", "Would you consider it?", "Certainly", "Perhaps", "Hardly", "No")),
        ]
    }  # fmt: skip


def _poll() -> Document:
    return {"pages": [_page("p1", "", _asked("q1", "single", "What do you think?", "Yes", "No", "Not sure", required=True))]}  # fmt: skip


_ONCE = {"access": Survey.Access.BROWSER}
ALL = [
    Starter("", "Empty", "No questions yet.", _empty, _ONCE),
    Starter("readers", "Reader survey", "Who your readers are and how they read: nine questions on two pages.", _readers, _ONCE),
    Starter("nps", "Net Promoter Score", "One number from 0 to 10, and why.", _nps, _ONCE),
    Starter("event", "After an event", "Whoever came says how it was; whoever did not, why.", _event, _ONCE),
    Starter(
        "brand", "Brand lift for a sponsor", "What readers know and think of a sponsor. Ask before and after a campaign.",
        _brand_lift, _ONCE,
    ),
    Starter("poll", "Poll of one question", "Can be put into an article or a briefing.", _poll, _ONCE | {"is_listed": False}),
]  # fmt: skip
BY_NAME = {starter.name: starter for starter in ALL}


@transaction.atomic
def begin(*, title: str, starter: Starter, by: Any) -> Survey:
    """A draft made of a template."""
    survey = Survey(title=title, slug=_slug(title), template=starter.name, **starter.fields)
    survey.save()
    versions.save(survey, starter.definition())
    audit.record("made the survey", survey, by=by, detail=starter.label)
    return survey


@transaction.atomic
def copy(survey: Survey, *, by: Any) -> Survey:
    """A draft with the questions and rules of another survey, without its times, answers and invitations."""
    title = next_title(survey.title)
    made = Survey(title=title, slug=_slug(title), template=survey.template)
    for name in COPIED:
        setattr(made, name, getattr(survey, name))
    made.save()
    versions.save(made, survey.definition)
    audit.record("made the survey", made, by=by, detail=f"a copy of “{survey}”"[:1000])
    return made


def _slug(title: str) -> str:
    return free_slug(
        slug_of(title, 60, otherwise="survey"), lambda slug: Survey.objects.filter(slug=slug).exists(), limit=60
    )
