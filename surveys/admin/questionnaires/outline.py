"""The outline of a survey in the builder: its pages and questions with what is wrong with each."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from surveys.models import Survey
from surveys.questionnaires import flow
from surveys.questionnaires.comparisons import condition_words, short
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import END, Definition, Page, Question


@dataclass
class Entry:
    """A page or a question. `asks_if` is its condition in words."""

    id: str
    name: str
    kind: str = ""
    is_here: bool = False
    is_first: bool = False
    is_last: bool = False
    asks_if: str = ""
    problems: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    entries: list["Entry"] = field(default_factory=list)


def context(definition: Definition, at: str) -> dict[str, Any]:
    """What the page needs: the entries, all problems, and the page that the part stands on."""
    problems = flow.problems(definition)
    told: dict[str, list[str]] = {}
    for problem in problems:
        told.setdefault(problem.where, []).append(problem.words)
    pages = [_page(definition, page, number, at, told) for number, page in enumerate(definition.pages)]
    named = {entry.id: entry.name for page in pages for entry in (page, *page.entries)}
    listed = [{"where": each.where, "name": named.get(each.where, ""), "words": each.words} for each in problems]
    return {
        "outline": pages,
        "problems": listed,
        "has_quotas": bool(definition.quotas),
        "quotas": len(definition.quotas),
    }


def first(definition: Definition) -> str:
    """What the builder opens with: the first question, or else the first page."""
    return next(iter(definition.questions), "") or next((page.id for page in definition.pages), "")


def before_page(definition: Definition, panel: Any) -> list[tuple[str, str]]:
    """The questions whose answers can stand in a part's texts: of the pages before; in a page's own, its questions as well."""
    here = definition.places.get(
        str(panel["page"].value() if "page" in panel.fields else panel.at), len(definition.pages)
    )
    shown = definition.pages[: here if "page" in panel.fields else here + 1]
    asked = [question for page in shown for question in page.questions if kind_of(question).takes_answers]
    return [(question.id, short(question.text)) for question in asked]


def last_save(survey: Survey) -> LogEntry | None:
    kind = ContentType.objects.get_for_model(Survey)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(survey.pk)).select_related("user")
    return entries.order_by("-action_time").first()


def page_name(definition: Definition, key: str) -> str:
    """How a page is called: by its number, and its title where it has one."""
    if key == END:
        return "the end"
    page = definition.page(key)
    number = definition.places.get(key, 0) + 1
    return f"{number}. {page.title}" if page and page.title else f"Page {number}"


def _page(definition: Definition, page: Page, number: int, at: str, told: dict[str, list[str]]) -> Entry:
    last = len(definition.pages) - 1
    entry = Entry(page.id, page_name(definition, page.id), "page", page.id == at, number == 0, number == last)
    entry.asks_if, entry.problems = condition_words(page.condition, definition), told.get(page.id, [])
    entry.rules = [f"{_if(rule.condition, definition)} → {page_name(definition, rule.go)}" for rule in page.then]
    for place, question in enumerate(page.questions):
        edges = (number == 0 and place == 0, number == last and place == len(page.questions) - 1)
        entry.entries.append(_question(definition, question, at, told, *edges))
    return entry


def _if(condition: Any, definition: Definition) -> str:
    return f"if {condition_words(condition, definition)}" if condition else "always"


def _question(
    definition: Definition, question: Question, at: str, told: dict[str, list[str]], is_first: bool, is_last: bool
) -> Entry:
    entry = Entry(question.id, short(question.text, 90), kind_of(question).label, question.id == at, is_first, is_last)
    entry.asks_if, entry.problems = condition_words(question.condition, definition), told.get(question.id, [])
    return entry
