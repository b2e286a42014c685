"""Who paid us and is named in an article, as readers are told: in standing words, dated, wherever the article is read."""

from datetime import date
from typing import Any, TypedDict


class Payer(TypedDict):
    """A sponsor who is named, and the day on which a person said so."""

    sponsor: str
    on: str  # in ISO 8601


class Paid(TypedDict):
    """What a publication keeps of it. It is open while a person has yet to decide about some name."""

    named: list[Payer]
    is_open: bool


class ShownPayer(TypedDict):
    sponsor: str
    on: date
    words: str


class ShownPaid(TypedDict):
    """What templates show."""

    named: list[ShownPayer]
    is_open: bool


STANDING_WORDS = (
    "{sponsor} has paid us for advertising and is named here. Nobody who pays us has a say in what we write."
)


def shown(paid: Paid | None) -> ShownPaid | None:
    """What readers are told; None of what was published before anybody looked."""
    if paid is None:
        return None
    return {"named": [_shown(each) for each in paid["named"]], "is_open": paid["is_open"]}


def _shown(payer: Payer) -> ShownPayer:
    words = STANDING_WORDS.format(sponsor=payer["sponsor"])
    return {"sponsor": payer["sponsor"], "on": date.fromisoformat(payer["on"]), "words": words}


def sponsors_of(paid: Any) -> list[str]:
    """The names alone, for programs."""
    return [each["sponsor"] for each in paid["named"]] if paid else []
