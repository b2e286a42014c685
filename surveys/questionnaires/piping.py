"""Earlier answers in later texts: `{{q:q3}}` stands for the answer to q3, `{{q:q3|you}}` for “you” where there is none."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition

MARK = re.compile(r"\{\{\s*q:\s*([a-z][a-z0-9_]{0,29})\s*(?:\|([^{}|]{0,100}))?\}\}")
LONGEST = 200  # characters of an answer within a text


def filled(text: str, answers: Mapping[str, Any], definition: Definition) -> str:
    """A text with the answers it names, as plain text."""

    def put(match: re.Match[str]) -> str:
        question, answer = definition.questions.get(match[1]), answers.get(match[1])
        if question is None or answer is None:
            return (match[2] or "").strip()
        return kind_of(question).words(question, answer)[:LONGEST]

    return MARK.sub(put, text) if "{{" in text else text


def named(text: str) -> Iterator[str]:
    """The questions whose answers stand in a text."""
    return (match[1] for match in MARK.finditer(text))
