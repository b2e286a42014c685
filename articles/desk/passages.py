"""Passages: the words of an article that a comment is about, found again by themselves and by what stands around them.

They are kept as https://www.w3.org/TR/annotation-model/#text-quote-selector has it, beside the article and not in it, so a
comment can never reach readers with the text. static/js/desk/passages.js finds them in what is typed, by the same rules.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from articles.desk.drafts import texts_of
from articles.document_schema import Document
from core.lib.html import text_of
from core.lib.text import one_line

LONGEST = 1000
AROUND = 60  # characters before and after


class Passage(TypedDict):
    """Some words in a text, on one line each."""

    exact: str
    prefix: str
    suffix: str


def passage_in(posted: Mapping[str, Any]) -> Passage | None:
    """The passage that a form names; None if it names none. Raises ValueError with a text to show."""
    exact = one_line(str(posted.get("exact") or ""))
    if not exact:
        return None
    if len(exact) > LONGEST:
        raise ValueError(f"Select at most {LONGEST} characters to comment on.")
    return {
        "exact": exact,
        "prefix": one_line(str(posted.get("prefix") or ""))[-AROUND:],
        "suffix": one_line(str(posted.get("suffix") or ""))[:AROUND],
    }


def words_in(document: Document) -> str:
    """All words of an article on one line, in which passages are looked for."""
    texts = [document["title"], document["standfirst"], *texts_of(document["blocks"])]
    return " ".join(one_line(text_of(text) if "</" in text else text) for text in texts)


def stands_in(words: str, passage: Passage) -> bool:
    """Whether the words of a passage are still there as they were."""
    return _close(passage["exact"]) in _close(words)


def _close(text: str) -> str:
    """Without spaces: where a paragraph ends, the browser and the server write different ones."""
    return "".join(text.split())
