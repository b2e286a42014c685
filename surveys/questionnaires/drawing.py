"""A survey's flow as a picture: its pages below each other, and the ways between them. Lengths are in units of the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from surveys.questionnaires import flow
from surveys.questionnaires.comparisons import condition_words, short
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import END, Condition, Definition, Page

WIDTH, LINE, HEAD, GAP, MARGIN, LANE = 300, 20, 36, 52, 12, 26
MOST_LINES, LONGEST = 6, 42  # questions that a page lists, and characters of each


@dataclass
class Box:
    """A page, or the end. `number` counts pages from 1; the end has 0."""

    id: str
    number: int
    title: str
    lines: list[str]
    x: int
    y: int
    height: int
    problems: list[str] = field(default_factory=list)
    width: int = WIDTH

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def foot(self) -> int:
        return self.y + self.height

    @property
    def rows(self) -> list[tuple[int, str]]:
        """The lines, each with the height at which it stands."""
        return [(self.y + HEAD + LINE * number + 14, line) for number, line in enumerate(self.lines)]


@dataclass
class Way:
    """A way from one box to another: its path, and where its number stands. `kind` is next, skip or back."""

    number: int
    source: Box
    target: Box
    kind: str
    path: str
    at: tuple[int, int]
    conditions: list[str]

    @property
    def words(self) -> str:
        """When it is taken."""
        return "; or ".join(self.conditions)


@dataclass
class Picture:
    width: int
    height: int
    boxes: list[Box]
    ways: list[Way]
    problems: list[str]  # of the whole


def drawn(definition: Definition) -> Picture:
    """The picture of a survey's flow, with what is wrong marked on the page that it is about."""
    told: dict[str, list[str]] = {}
    owners = {question.id: page.id for page in definition.pages for question in page.questions}
    for problem in flow.problems(definition):
        told.setdefault(owners.get(problem.where, problem.where), []).append(problem.words)
    joined = _joined(definition)
    back = sum(_is_back(definition, source, target) for source, target in joined)
    boxes = list(_boxes(definition, told, MARGIN + back * LANE))
    ways = list(_ways(definition, joined, {box.id: box for box in boxes}))
    lanes = sum(way.kind == "skip" for way in ways)
    width = boxes[0].x + WIDTH + (lanes + 1) * LANE + MARGIN
    return Picture(width, boxes[-1].foot + MARGIN, boxes, ways, told.get("", []))


def _boxes(definition: Definition, told: dict[str, list[str]], x: int) -> Iterator[Box]:
    y = MARGIN
    for number, page in enumerate(definition.pages, 1):
        lines = _lines(page)
        height = HEAD + LINE * len(lines) + (8 if lines else 0)
        title = f"{number}. {page.title}" if page.title else f"Page {number}"
        yield Box(page.id, number, short(title, LONGEST), lines, x, y, height, told.get(page.id, []))
        y += height + GAP
    yield Box(END, 0, "The end", [], x, y, HEAD, told.get(END, []))


def _lines(page: Page) -> list[str]:
    asked = [question.text for question in page.questions if kind_of(question).takes_answers]
    more = [f"and {len(asked) - MOST_LINES + 1} more"] if len(asked) > MOST_LINES else []
    return [*(short(text, LONGEST) for text in (asked[: MOST_LINES - 1] if more else asked)), *more]


def _joined(definition: Definition) -> dict[tuple[str, str], list[str]]:
    """When each way is taken: conditions in words, each once."""
    found: dict[tuple[str, str], list[str]] = {}
    for edge in flow.edges(definition):
        page = definition.page(edge.source)
        has_rules = bool(page and page.then and page.then[0].condition)
        words = _when(edge.condition, definition, passed=_left_out(definition, edge), is_other=has_rules)
        some = found.setdefault((edge.source, edge.target), [])
        if words not in some:
            some.append(words)
    return found


def _left_out(definition: Definition, edge: flow.Edge) -> bool:
    """Whether a page comes first that may be left out."""
    if edge.condition is not None:
        return False
    ways = [each for each in flow.edges(definition) if each.source == edge.source and each.condition is None]
    return ways.index(edge) > 0


def _when(condition: Condition | None, definition: Definition, *, passed: bool, is_other: bool) -> str:
    if condition is not None:
        return f"if {condition_words(condition, definition)}"
    if passed:
        return "where the pages between have nothing to ask"
    return "otherwise" if is_other else "always"


def _is_back(definition: Definition, source: str, target: str) -> bool:
    return target != END and definition.places[target] <= definition.places[source]


def _ways(definition: Definition, joined: dict[tuple[str, str], list[str]], boxes: dict[str, Box]) -> Iterator[Way]:
    order = [*(page.id for page in definition.pages), END]
    right = left = 0
    for number, ((source, target), conditions) in enumerate(joined.items(), 1):
        one, other = boxes[source], boxes[target]
        if order.index(target) == order.index(source) + 1:
            path = f"M{one.middle} {one.foot} V{other.y - 6}"
            yield Way(number, one, other, "next", path, (one.middle, one.foot + GAP // 2 - 4), conditions)
        elif _is_back(definition, source, target):
            left += 1
            yield _around(number, one, other, "back", -left, conditions)
        else:
            right += 1
            yield _around(number, one, other, "skip", right, conditions)


def _around(number: int, one: Box, other: Box, kind: str, lane: int, conditions: Sequence[str]) -> Way:
    """A way that leaves and arrives at a side, past what stands between."""
    edge = one.x + one.width if lane > 0 else one.x
    out = edge + lane * LANE
    start, end = one.foot - 12, other.y + 14
    tip = edge + (6 if lane > 0 else -6)
    path = f"M{edge} {start} C{out} {start} {out} {start} {out} {start + 16} V{end - 16} C{out} {end} {out} {end} {tip} {end}"
    if kind == "back":
        start, end = one.y + 14, other.foot - 12
        path = f"M{edge} {start} C{out} {start} {out} {start} {out} {start - 8} V{end + 8} C{out} {end} {out} {end} {tip} {end}"
    return Way(number, one, other, kind, path, (out, (start + end) // 2), list(conditions))
