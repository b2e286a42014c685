"""Personal words in texts: {{first name, else "reader"}} is the recipient's, where we know it, and else what is given.

What subscribers and imports wrote is cleaned before it stands in a mail: hidden characters go, and a name that is an
address, or would decode into something else in a header, counts as none.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from unicodedata import category

from core.lib.text import one_line

FIRST_NAME, NAME = "first name", "name"
LONGEST = 60
_QUOTES = "\"'“”„‟«»‘’‚‹›"
_WORD = re.compile(
    rf"\{{\{{\s*(?P<name>[^\W\d][\w \u00a0-]*?)\s*(?P<else>,\s*else\s*[{_QUOTES}](?P<otherwise>[^{{}}]*)[{_QUOTES}]\s*)?\}}\}}"
)
_BRACES = re.compile(r"\{\{(.{0,200}?)\}\}|\{\{", re.DOTALL)
_TITLES = re.compile(
    r"(?:mr|mrs|ms|mx|miss|dr|prof|sir|dame|lord|lady|rev|ing|dipl|mag|herr|frau|hr|fr|m|mme|mlle|sr|sra|dhr|mevr|phd|msc|bsc|mba)\.?",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"@|://|www\.|=\?|\d{3}|[<>{}\[\]|]|\w\.(?:com|net|org|io|ru|xyz|edu|gov|int|mil)\b", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W\d_]")
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Word:
    """A personal word: the key of what it stands for, what that is, and what stands there where it is not known."""

    key: str
    otherwise: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a recipient."""

    name: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


WITHOUT_A_SUBSCRIBER = Person()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that a text may use: by the name that is typed, the key and the kind of each."""

    words: Mapping[str, tuple[str, str]]

    def found(self, name: str) -> tuple[str, str] | None:
        return self.words.get(" ".join(name.split()).casefold())


BUILT_IN = Vocabulary({FIRST_NAME: (FIRST_NAME, "text"), NAME: (NAME, "text")})


def written(name: str, otherwise: str) -> str:
    """A personal word as it stands in a text."""
    return f'{{{{{name}, else "{otherwise}"}}}}'


def replaced(text: str, vocabulary: Vocabulary, stand_in: Callable[[Word], str]) -> str:
    """The text with every personal word that is known replaced; others stay as they were typed."""

    def put(match: re.Match[str]) -> str:
        found = vocabulary.found(match["name"])
        return stand_in(Word(found[0], (match["otherwise"] or "").strip(), found[1])) if found else match[0]

    return _WORD.sub(put, text) if "{{" in text else text


def filled(text: str, person: Person, vocabulary: Vocabulary = BUILT_IN) -> str:
    """The text as a person reads it. Where no vocabulary says more, words of the newsroom's own are what they are else."""
    if "{{" not in text:
        return text
    text = replaced(text, vocabulary, lambda word: value_of(word, person))
    return _WORD.sub(lambda match: match["otherwise"] if match["else"] else match[0], text)


def problems(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """What is wrong with the personal words of a text, a sentence each."""
    for braces in _BRACES.finditer(text):
        match = _WORD.fullmatch(braces[0])
        typed = " ".join((braces[1] if braces[1] is not None else text[braces.end() : braces.end() + 30]).split())
        if match and vocabulary.found(match["name"]):
            if not match["else"]:
                yield f"The personal word “{typed}” has nothing for those of whom we do not know it: write {written(typed, 'reader')}."
        elif braces[1] is None:
            yield f"A personal word is not closed by }}}}: “{{{{{typed}”."
        else:
            known = ", ".join(f"“{name}”" for name in vocabulary.words)
            name = match["name"] if match else typed
            yield f"There is no personal word “{name}”. Known: {known}."


def first_name(name: str) -> str:
    """The first name in a name as it was typed somewhere; empty where there is none that somebody would want to read."""
    if not name or not (name := cleaned(name)):
        return ""
    last, comma, rest = name.partition(",")
    parts = [part for part in (rest if comma else last).split() if not _TITLES.fullmatch(part)]
    first = next((part for part in parts if _LETTER.search(part)), "")
    if len(first.rstrip(".")) < 2 and first.isascii():
        return ""  # an initial
    return _cased(first)


def _cased(name: str) -> str:
    """A name that is all in capitals or all in small letters, as names are written."""
    if not (name.islower() or (name.isupper() and len(name) > 2)):
        return name
    return re.sub(r"[^\W\d_]+", lambda part: part[0][:1].upper() + part[0][1:].lower(), name)


def cleaned(name: str) -> str:
    """What subscribers wrote, as it may stand in a mail: one short line of what can be seen, or nothing."""
    line = " ".join(name.split()) if name.isascii() and name.isprintable() else _seen(name)
    return "" if len(line) > LONGEST or _NO_NAME.search(line) else line


def _seen(name: str) -> str:
    """The letters of a name that show, on one line."""
    kept, marks = [], 0
    for letter in one_line(name):
        kind = category(letter)
        marks = marks + 1 if kind == "Mn" else 0
        if marks > 2 or (kind[0] == "C" and letter not in _JOINERS):
            continue
        kept.append(letter)
    return " ".join("".join(kept).split()).strip(_JOINERS + " ")


def value_of(word: Word, person: Person) -> str:
    """What stands for a word in the mail of a person."""
    if word.key == FIRST_NAME:
        return first_name(person.name) or word.otherwise
    if word.key == NAME:
        return cleaned(person.name) or word.otherwise
    return _attribute(person.attributes.get(word.key), word.kind) or word.otherwise


def _attribute(value: Any, kind: str) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = one_line(str(value))
    if kind == "date":
        try:
            day = date.fromisoformat(text)
            return f"{day.day} {day:%B %Y}"
        except ValueError:
            return cleaned(text)
    return text[:LONGEST] if kind == "number" else cleaned(text)
