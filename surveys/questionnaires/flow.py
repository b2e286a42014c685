"""A survey's flow: which page leads where, and what is wrong with it before anybody answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from surveys.questionnaires import piping
from surveys.questionnaires.definition import Problem, texts_of
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import END, Condition, Definition, Page, tests_in


@dataclass(frozen=True, slots=True)
class Edge:
    """That a page may be followed by another, or by the end; `condition` is what for, None where nothing has to be met."""

    source: str
    target: str
    condition: Condition | None = None
    skips: bool = False  # the target has a condition of its own, so the next may come instead


def edges(definition: Definition) -> list[Edge]:
    """All ways from page to page, in order."""
    return [edge for place, page in enumerate(definition.pages) for edge in _from(definition, place, page)]


def _from(definition: Definition, place: int, page: Page) -> Iterator[Edge]:
    for rule in page.then:
        yield from _onto(definition, page.id, rule.go, rule.condition)
        if rule.condition is None:
            return
    following = definition.pages[place + 1].id if place + 1 < len(definition.pages) else END
    yield from _onto(definition, page.id, following, None)


def _onto(definition: Definition, source: str, target: str, condition: Condition | None) -> Iterator[Edge]:
    """The way to a page; and past it, where it may be left out."""
    while True:
        page = definition.page(target)
        left_out = page is not None and _may_be_left_out(page)
        yield Edge(source, target, condition, skips=left_out)
        if page is None or not left_out:
            return
        place = definition.places[target] + 1
        target = definition.pages[place].id if place < len(definition.pages) else END


def _may_be_left_out(page: Page) -> bool:
    return page.condition is not None or all(question.condition is not None for question in page.questions)


def problems(definition: Definition) -> list[Problem]:
    """What keeps a survey from being opened, a sentence each."""
    if not any(kind_of(question).takes_answers for question in definition.questions.values()):
        return [Problem("", "Add a question first.")]
    return [
        *(Problem(page.id, "This page is empty.") for page in definition.pages if not page.questions),
        *_loops(definition),
        *_unreached(definition),
        *_rules_never_met(definition),
        *_too_early(definition),
    ]


def _loops(definition: Definition) -> Iterator[Problem]:
    for place, page in enumerate(definition.pages):
        for rule in page.then:
            if rule.go != END and definition.places[rule.go] <= place:
                where = "itself" if rule.go == page.id else "an earlier page"
                yield Problem(page.id, f"A rule leads back to {where}, so the survey would never end.")


def _unreached(definition: Definition) -> Iterator[Problem]:
    """Pages that no way leads to."""
    if not definition.pages:
        return
    ways: dict[str, list[str]] = {}
    for edge in edges(definition):
        ways.setdefault(edge.source, []).append(edge.target)
    first = next(_onto(definition, "", definition.pages[0].id, None))
    waiting = [edge.target for edge in _onto(definition, "", first.target, None)]
    reached = set[str]()
    while waiting:
        if (key := waiting.pop()) not in reached:
            reached.add(key)
            waiting += ways.get(key, [])
    for page in definition.pages:
        if page.id not in reached:
            yield Problem(page.id, "No way leads to this page, so its questions are never put.")
    if END not in reached:
        yield Problem("", "No way leads to the end.")


def _rules_never_met(definition: Definition) -> Iterator[Problem]:
    for page in definition.pages:
        always = next((place for place, rule in enumerate(page.then) if rule.condition is None), None)
        if always is not None and always < len(page.then) - 1:
            yield Problem(page.id, "The rules after one without a condition are never looked at.")


def _too_early(definition: Definition) -> Iterator[Problem]:
    """Conditions and texts that name an answer which is given only later, or never."""
    order = {key: place for place, key in enumerate(definition.questions)}
    first_of = {page.id: order[page.questions[0].id] for page in definition.pages if page.questions}
    for page in definition.pages:
        starts = first_of.get(page.id, 0)
        yield from _later(page.id, page.condition, starts, order)
        for question in page.questions:
            yield from _later(question.id, question.condition, order[question.id], order)
        for rule in page.then:
            yield from _later(page.id, rule.condition, starts + len(page.questions), order)
    page_of = {question.id: page.id for page in definition.pages for question in page.questions}
    ends = {page.id: first_of.get(page.id, 0) + len(page.questions) for page in definition.pages}
    messages = {(page.id, rule.message) for page in definition.pages for rule in page.then}
    for where, text in texts_of(definition):
        if where in page_of or where in first_of:
            page_id = page_of.get(where, where)
            limit = ends[page_id] if (where, text) in messages else first_of[page_id]
            for key in piping.named(text):
                if order.get(key, 0) >= limit:
                    yield Problem(where, "A text names an answer that is not given on an earlier page.")


def _later(where: str, condition: Condition | None, limit: int, order: dict[str, int]) -> Iterator[Problem]:
    for test in tests_in(condition):
        if order.get(test.question, -1) >= limit:
            yield Problem(where, "A condition asks for an answer that is given only later.")
