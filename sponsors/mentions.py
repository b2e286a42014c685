"""Mentions of current and recent sponsors in texts, which must then be disclosed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from core.lib.folding import fold
from sponsors.models import Sponsor
from sponsors.names import Found, Register, Text, register_of


@dataclass(frozen=True, slots=True)
class Mention:
    """A current or recent sponsor that texts name, and where."""

    sponsor: int
    sponsor_name: str
    found: list[Found] = field(compare=False)

    @property
    def words(self) -> str:
        """The words it was found by, the most certain of them."""
        return next((each.words for each in self.found if each.is_certain), self.found[0].words)

    @property
    def count(self) -> int:
        return len(self.found)

    @property
    def is_certain(self) -> bool:
        """Whether it can be nobody else; otherwise a person is asked, and nothing waits for the answer."""
        return any(each.is_certain for each in self.found)

    @property
    def places(self) -> list[str]:
        """Where it is named, each place once."""
        return list(dict.fromkeys(each.place for each in self.found))

    @property
    def fingerprint(self) -> str:
        """What a decision about it holds for: the sponsor as it is called now, and each place with the words around it."""
        return _digest(self.sponsor_name, *self._around)

    @property
    def passages(self) -> list[str]:
        """The same for each place by itself, so that the words of one text are known again in another."""
        return [_digest(self.sponsor_name, each) for each in self._around]

    @property
    def _around(self) -> list[str]:
        return sorted({fold(f"{each.words}|{each.context}") for each in self.found})


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()


Known = tuple[dict[int, str], Register]


def mentions(texts: str | Iterable[Text], known: Known | None = None) -> list[Mention]:
    """The current and recent sponsors named in a plain text or in several, however they are spelt there (sponsors.names).

    Someone is recent for 180 days after the last day of a confirmed booking.
    """
    names, register = known or current_register()
    by_sponsor: dict[int, list[Found]] = {}
    for found in register.find([Text("the text", texts)] if isinstance(texts, str) else texts):
        by_sponsor.setdefault(found.sponsor, []).append(found)
    return [Mention(key, name, by_sponsor[key]) for key, name in names.items() if key in by_sponsor]


def current_register() -> Known:
    """The current and recent sponsors by key, and where their names are looked for; in one query."""
    rows = Sponsor.objects.current_or_recent().order_by("name")
    found = tuple(
        (key, name, tuple(aliases), website)
        for key, name, aliases, website in rows.values_list("pk", "name", "aliases", "website")
    )
    return {key: name for key, name, _, _ in found}, register_of(found)
