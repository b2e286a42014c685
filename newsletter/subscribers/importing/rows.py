"""A row of an export as what it says of one address: the verdict, the dates as it gives them, the network, the reason."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError

from core.lib.networks import network_of
from core.lib.text import one_line, without_addresses
from newsletter.models import SubscriberField
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.importing import dates
from newsletter.subscribers.importing.columns import Columns
from newsletter.subscribers.importing.dates import NOTHING, Reading
from newsletter.subscribers.importing.verdicts import KINDS, Verdict, is_status, is_yes, normal, of_word
from newsletter.subscribers.traits import clean_names, is_names, tag_names, value_of

_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*")
_FLAGS = {
    "yes_means_on": (Verdict.ON, Verdict.OFF),
    "yes_means_confirmed": (Verdict.ON, Verdict.UNCONFIRMED),
    "yes_means_off": (Verdict.OFF, Verdict.ON),
    "yes_means_bounced": (Verdict.BOUNCED, Verdict.ON),
    "yes_means_complained": (Verdict.COMPLAINED, Verdict.ON),
    "yes_means_blocked": (Verdict.BLOCKED, Verdict.ON),
}
_STOPS = {
    "left_at": Verdict.OFF,
    "bounced_at": Verdict.BOUNCED,
    "complained_at": Verdict.COMPLAINED,
    "blocked_at": Verdict.BLOCKED,
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST_ADDRESS, LONGEST_NAME, LONGEST_REASON = 254, 120, 500


def _finite(text: str) -> float | None:
    return number if isfinite(number := float(text)) else None


class RowRefused(Exception):
    """The row is not taken; the text says why."""


@dataclass(slots=True)
class Row:
    """What one row says."""

    email: str
    canonical: str
    name: str
    verdict: Verdict
    word: str  # that decided, where it is not known to mean that the address is active
    given: Reading  # when consent was given
    stopped: Reading
    network: str
    reason: str
    attributes: str
    tags: str
    unread: str  # why a field has no value, where the file has one


class RowReader:
    """Reads the rows of one file."""

    def __init__(
        self,
        columns: Columns,
        width: int,
        latest: datetime,
        fields: Mapping[str, SubscriberField] | None = None,
        tags: Sequence[str] = (),
        words: Mapping[str, str] | None = None,
    ):
        self.columns, self.width, self.latest = columns, width, latest
        self.email = columns.places["email"][0]
        places = columns.places
        self.statuses = places.get("status", [])
        self.flags = [(place, *_FLAGS[role]) for role in _FLAGS for place in places.get(role, [])]
        self.stops = [(place, verdict) for role, verdict in _STOPS.items() for place in places.get(role, [])]
        self.givens = [*places.get("confirmed_at", []), *places.get("asked_at", [])]
        self.networks = [*places.get("confirmed_from", []), *places.get("asked_from", [])]
        self.reasons = places.get("reason", [])
        self.names = [*places.get("first_name", []), *places.get("last_name", [])]
        self.name, self.attributes = columns.first("name"), columns.first("attributes")
        self.fields = [(place, field) for role, field in (fields or {}).items() for place in places.get(role, [])]
        self.tags, self.tags_of_all = places.get("tags", []), list(tags)
        self.has_traits = bool(self.tags or self.tags_of_all or self.fields or self.attributes is not None)
        self.words = {normal(word): KINDS[kind] for word, kind in (words or {}).items() if not is_status(word)}
        self.is_simple = not (self.statuses or self.flags or self.stops or columns.whole_file)

    def read(self, cells: list[str]) -> Row:
        """Raises RowRefused."""
        if len(cells) < self.width:
            cells = cells + [""] * (self.width - len(cells))
        elif len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            raise RowRefused(f"it has {len(cells)} cells instead of {self.width}, so nobody can tell which is which")
        email, canonical = self._address(cells[self.email])
        stopped, verdict, word = NOTHING, Verdict.ON, ""
        attributes, tags, unread = self._traits(cells) if self.has_traits else ("", "", "")
        if not self.is_simple:
            verdict, word, stopped = self._verdict(cells)
        return Row(
            email=email,
            canonical=canonical,
            name=self._name(cells),
            verdict=verdict,
            word=word,
            given=self._date(cells, self.givens),
            stopped=stopped,
            network=next((found for place in self.networks if (found := network_of(cells[place]))), ""),
            reason=self._reason(cells) if verdict > Verdict.UNCONFIRMED else "",
            attributes=attributes,
            tags=tags,
            unread=unread,
        )

    def _address(self, text: str) -> tuple[str, str]:
        text = text.strip()
        if len(text) > LONGEST_ADDRESS:
            raise RowRefused(f"an address of {len(text):,} characters; it may have {LONGEST_ADDRESS}")
        if not text:
            raise RowRefused("it has no address")
        try:
            found = parse_address(text.removeprefix("mailto:"))
        except ValidationError as error:
            raise RowRefused(f"{error.messages[0]} It is “{one_line(text)[:80]}”.") from None
        return found.email, found.canonical

    def _verdict(self, cells: list[str]) -> tuple[Verdict, str, Reading]:
        """The strongest of what the columns say, the word that says it, and when it was stopped."""
        said = [(self._means(cells[place]), cells[place]) for place in self.statuses]
        if self.columns.whole_file:
            said.append((of_word(self.columns.whole_file), self.columns.whole_file))
        stopped = NOTHING
        for place, yes, no in self.flags:
            said.append(self._flag(cells[place], yes, no))
            if said[-1][0] > Verdict.UNCONFIRMED and dates.read(cells[place].strip(), self.latest).at:
                stopped = dates.read(cells[place].strip(), self.latest)
        for place, verdict in self.stops:
            if (text := cells[place].strip()) and is_yes(text) is not False:
                said.append((verdict, text))
                stopped = dates.read(text, self.latest)
        verdict, word = max(said, key=lambda each: each[0], default=(Verdict.ON, ""))
        return verdict, word.strip(), stopped

    def _flag(self, text: str, yes: Verdict, no: Verdict) -> tuple[Verdict, str]:
        text = text.strip()
        meant = is_yes(text)
        if meant is None and text and dates.read(text, self.latest).at:
            meant = True  # it says since when
        if meant is not None:
            return (yes if meant else no), text
        if yes == Verdict.ON:
            return self._means(text), text
        return (yes if text else Verdict.ON), text  # whatever is in a column of stops is one

    def _means(self, text: str) -> Verdict:
        """What a status means: what staff say of a word is only asked for where the word itself says nothing."""
        if self.words and (told := self.words.get(normal(text))) is not None:
            return told
        return of_word(text, self.columns.system)

    def _name(self, cells: list[str]) -> str:
        if self.name is not None and cells[self.name]:
            text = cells[self.name]
        elif self.names:
            text = " ".join(cells[place] for place in self.names)
        else:
            return ""
        return text[:LONGEST_NAME] if _WORDS.fullmatch(text) else one_line(text)[:LONGEST_NAME]

    def _date(self, cells: list[str], places: Sequence[int]) -> Reading:
        """The first date that can be read; else what is wrong with the first that is there."""
        problem = NOTHING
        for place in places:
            found = dates.read(cells[place].strip(), self.latest)
            if found.at:
                return found
            problem = problem if problem.problem else found
        return problem

    def _reason(self, cells: list[str]) -> str:
        found = " · ".join(text for place in self.reasons if (text := cells[place].strip()))
        return one_line(without_addresses(found))[:LONGEST_REASON]

    def _traits(self, cells: list[str]) -> tuple[str, str, str]:
        """The attributes as JSON, the tags with commas between them, and what cannot be read of fields."""
        unread = list[str]()
        try:
            attributes = self._attributes(cells)
        except ValueError as error:
            attributes = {}
            unread.append(f"attributes: {error}")
        names = attributes.pop("tags") if is_names(attributes.get("tags")) else []
        for place in self.tags:
            names += tag_names(cells[place])
        for place, field in self.fields:
            try:
                value = value_of(field, self._as_typed(field, cells[place].strip()))
            except ValidationError as error:
                unread.append(f"{field}: {error.messages[0]}")
                continue
            if value is not None:
                attributes[field.key] = value
        tags = ",".join(clean_names([*names, *self.tags_of_all]))
        return json.dumps(attributes) if attributes else "", tags, " ".join(unread)

    def _as_typed(self, field: SubscriberField, text: str) -> str:
        """A cell as staff would type it: dates and the words for yes and no are read in all their forms."""
        if field.kind == field.Kind.DATE and not _DAY.fullmatch(text):
            found = dates.read(text, self.latest)
            return f"{found.at:%Y-%m-%d}" if found.at and not found.month_first else text
        if field.kind == field.Kind.YES_NO and (said := is_yes(text)) is not None:
            return "yes" if said else "no"
        return text

    def _attributes(self, cells: list[str]) -> dict[str, Any]:
        """The cell that holds attributes as JSON. Raises ValueError in words; what of it cannot be stored is None."""
        text = cells[self.attributes].strip() if self.attributes is not None else ""
        if text in ("", "{}"):
            return {}
        try:
            found = json.loads(text.replace("\\u0000", ""), parse_constant=_finite, parse_float=_finite)
            json.dumps(found, allow_nan=False, ensure_ascii=False).encode()  # what PostgreSQL does not take either
        except (ValueError, RecursionError):
            raise ValueError("cannot be read as JSON") from None
        if not isinstance(found, dict):
            raise ValueError("are no names with values")
        return found
