"""Changes to a survey's definition as somebody builds it: on the document, as surveys.questionnaires.definition writes it.

Nothing is saved here (surveys.questionnaires.versions does that, which checks the whole), and nothing of a document that
is passed in is changed. Ids are made once: a new one is beyond every one that is there or ever was.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from surveys.questionnaires import piping
from surveys.questionnaires.questions import ID

Document = dict[str, Any]
NEW_PAGE = "new"  # stands for a page that is made with a question
LISTS = ("choices", "rows")


class NotBuilt(Exception):
    """A change that would leave something pointing at nothing. The text says what to change first."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out of a document, to be put back: a page (no `page` named) or a question at its place."""

    what: Document
    place: int
    page: str = ""

    @property
    def title(self) -> str:
        return str(self.what.get("text") or self.what.get("title") or "Untitled page")


def pages_of(document: Document) -> list[Document]:
    return list(document.get("pages", []))


def page_of(document: Document, key: str) -> str:
    """The page on which a question stands, or the page itself; "" where there is neither."""
    for page in pages_of(document):
        if page["id"] == key or any(question["id"] == key for question in page["questions"]):
            return str(page["id"])
    return ""


def question_of(document: Document, key: str) -> Document | None:
    return next((each for page in pages_of(document) for each in page["questions"] if each["id"] == key), None)


def new_id(begins: str, *documents: Document) -> str:
    """An id that nothing in these documents has, such as q7."""
    taken = {key for document in documents for key in ids_in(document)}
    highest = max((int(key[1:]) for key in taken if key[0] == begins and key[1:].isdecimal()), default=0)
    return f"{begins}{highest + 1}"


def new_choice_id(taken: Iterable[str]) -> str:
    """An id for an answer to choose, beyond those that the question has."""
    numbers = [int(key[1:]) for key in taken if key[:1] == "a" and key[1:].isdecimal() and ID.fullmatch(key)]
    return f"a{max(numbers, default=0) + 1}"


def ids_in(document: Document) -> Iterator[str]:
    for page in pages_of(document):
        yield page["id"]
        yield from (question["id"] for question in page["questions"])
    yield from (quota["id"] for quota in document.get("quotas", []))


# Putting in and changing


def with_page(document: Document, page: Document, place: int | None = None) -> Document:
    """A page put in at a place, at the end without one; or in place of the one that has its id."""
    made = deepcopy(document)
    pages = made.setdefault("pages", [])
    at = next((number for number, each in enumerate(pages) if each["id"] == page["id"]), None)
    if at is not None:
        pages[at] = page
    else:
        pages.insert(len(pages) if place is None else place, page)
    return made


def with_question(
    document: Document, question: Document, *, page: str, place: int | None = None, after: str = ""
) -> Document:
    """A question put on a page, after another one or at a place, else at its end; or in place of the one of its id."""
    made = deepcopy(document)
    for each in pages_of(made):
        found = [asked["id"] for asked in each["questions"]]
        if question["id"] in found and each["id"] == page and place is None:
            each["questions"][found.index(question["id"])] = question
            return made
        each["questions"][:] = [asked for asked in each["questions"] if asked["id"] != question["id"]]
    target = next((each for each in pages_of(made) if each["id"] == page), None)
    if target is None:
        target = {"id": page if page and page != NEW_PAGE else new_id("p", made), "questions": []}
        made.setdefault("pages", []).append(target)
    found = [asked["id"] for asked in target["questions"]]
    if place is None:
        place = found.index(after) + 1 if after in found else len(found)
    target["questions"].insert(place, question)
    return made


def moved(document: Document, key: str, step: int) -> Document:
    """A page, or a question, moved by one place; a question at the edge of its page goes to the next."""
    made = deepcopy(document)
    pages = pages_of(made)
    page = next((number for number, each in enumerate(pages) if each["id"] == key), None)
    if page is not None:
        _swap(made["pages"], page, page + step)
        return made
    for number, each in enumerate(pages):
        found = [question["id"] for question in each["questions"]]
        if key not in found:
            continue
        at = found.index(key)
        if 0 <= at + step < len(found):
            _swap(each["questions"], at, at + step)
        elif 0 <= number + step < len(pages):
            beside = pages[number + step]["questions"]
            beside.insert(0 if step > 0 else len(beside), each["questions"].pop(at))
        break
    return made


def _swap(items: list[Any], one: int, other: int) -> None:
    if 0 <= other < len(items):
        items[one], items[other] = items[other], items[one]


def placed(document: Document, key: str, *, page: str, place: int) -> Document:
    """A question put at a place of a page; or, without a page, a page at a place."""
    made = deepcopy(document)
    if not page:
        pages = made.get("pages", [])
        found = next((each for each in pages if each["id"] == key), None)
        if found:
            pages.remove(found)
            pages.insert(place, found)
        return made
    question = question_of(made, key)
    known = any(each["id"] == page for each in pages_of(made))
    return with_question(made, question, page=page, place=place) if question and known else made


def copied(question: Document, *documents: Document) -> Document:
    """A question of its own with the same words and settings."""
    return deepcopy(question) | {"id": new_id("q", *documents)}


def with_copied_page(document: Document, key: str, *others: Document) -> tuple[Document, str]:
    """A page's copy put in after it, its questions with ids of their own, which its own conditions follow; its id."""
    place = next(number for number, page in enumerate(pages_of(document)) if page["id"] == key)
    made, names = document, dict[str, str]()
    copy = deepcopy(pages_of(document)[place]) | {"id": new_id("p", document, *others)}
    copy.pop("then", None)
    for question in copy["questions"]:
        new = new_id("q", made, *others, {"pages": [{"id": "p", "questions": copy["questions"]}]})
        names[question["id"]] = new
        question["id"] = new
    for question in copy["questions"]:
        if question.get("if"):
            question["if"] = _renamed(question["if"], names)
    return with_page(made, copy, place + 1), str(copy["id"])


def _renamed(condition: Document, names: dict[str, str]) -> Document:
    for join in ("all", "any"):
        if join in condition:
            return {join: [_renamed(each, names) for each in condition[join]]}
    return condition | {"question": names.get(condition["question"], condition["question"])}


# Taking out


def without(document: Document, key: str) -> tuple[Document, Taken]:
    """A document without a page or a question, and what was taken. Raises NotBuilt where something else names it."""
    if found := list(named_in(document, key)):
        raise NotBuilt(f"It is named elsewhere, so it cannot be removed yet: {' '.join(found)}")
    made = deepcopy(document)
    for place, page in enumerate(pages_of(made)):
        if page["id"] == key:
            made["pages"].pop(place)
            return made, Taken(page, place)
        for at, question in enumerate(page["questions"]):
            if question["id"] == key:
                page["questions"].pop(at)
                return made, Taken(question, at, page["id"])
    raise NotBuilt("It is not there any more.")


def with_taken(document: Document, taken: Taken, *others: Document) -> tuple[Document, str]:
    """What was taken out put back where it was, with the id that it has then: a new one if that was given away since."""
    what = deepcopy(taken.what)
    used = set(ids_in(document))
    if taken.page:
        if what["id"] in used:
            what["id"] = new_id("q", document, *others)
        known = any(page["id"] == taken.page for page in pages_of(document))
        page = taken.page if known else (pages_of(document)[-1]["id"] if pages_of(document) else NEW_PAGE)
        return with_question(document, what, page=page, place=taken.place if known else None), str(what["id"])
    if what["id"] in used:
        what["id"] = new_id("p", document, *others)
    for question in what["questions"]:
        if question["id"] in used:
            question["id"] = new_id("q", document, *others, {"pages": [what]})
    return with_page(document, what, taken.place), str(what["id"])


def named_in(document: Document, key: str) -> Iterator[str]:
    """Where a page or a question is named by what stays if it goes, a sentence each."""
    gone = {key} | {each["id"] for page in pages_of(document) if page["id"] == key for each in page["questions"]}
    for page in pages_of(document):
        if page["id"] not in gone:
            yield from _named_by_page(page, gone)
    for quota in document.get("quotas", []):
        if _asks(quota.get("if"), gone):
            yield f"The quota of {quota['limit']}."


def _named_by_page(page: Document, gone: set[str]) -> Iterator[str]:
    name = f"page “{page.get('title') or page['id']}”"
    if _asks(page.get("if"), gone):
        yield f"The condition of {name}."
    for rule in page.get("then", []):
        if rule["go"] in gone or _asks(rule.get("if"), gone) or _pipes(rule.get("message", ""), gone):
            yield f"A rule of {name}."
    for question in page["questions"]:
        if question["id"] in gone:
            continue
        if _asks(question.get("if"), gone):
            yield f"The condition of “{question['text']}”."
        if any(_pipes(text, gone) for text in _texts(question)):
            yield f"The words of “{question['text']}”, in which its answer stands."


def _asks(condition: Document | None, gone: set[str]) -> bool:
    if not condition:
        return False
    parts = [*condition.get("all", []), *condition.get("any", [])]
    return condition.get("question") in gone or any(_asks(each, gone) for each in parts)


def _texts(question: Document) -> Iterator[str]:
    yield question.get("text", "")
    yield question.get("help", "")
    yield from (choice["text"] for choice in question.get("choices", []))


def _pipes(text: str, gone: set[str]) -> bool:
    return any(key in gone for key in piping.named(text))


# Quotas


def with_quotas(document: Document, quotas: list[Document]) -> Document:
    """A document with these quotas; each that is new gets an id."""
    made = {**deepcopy(document), "quotas": []}
    for quota in quotas:
        key = quota.get("id") or new_id("g", made, document)
        made["quotas"].append({**quota, "id": key})
    if not made["quotas"]:
        del made["quotas"]
    return made
