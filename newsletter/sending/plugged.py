"""Parts of briefings that other desks bring along (the news of an award, a poll): the register they put themselves into.

A draft shows what there is to say at the moment; what was said when the briefing was frozen stays.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

BETWEEN = ":"  # the name of what is plugged in, and what of it
OF_READER = "?letter=reader"  # how an address of ours ends that says, in a letter, whose letter it is


@dataclass(frozen=True, slots=True)
class News:
    """What a part says: cleaned HTML, and one button where there is one.

    A link whose address ends with OF_READER answers for whoever reads the letter: it is told by whom the letter was had, and no
    click on it is counted, so that nobody learns from a briefing's figures what somebody chose. On a page it ends before.
    """

    heading: str
    html: str
    label: str = ""
    url: str = ""  # of this site from the first slash on, or a whole address


@dataclass(frozen=True, slots=True)
class Came:
    """What came of something a briefing asked its readers, until now: a table (head and rows as components/data_table.html
    takes them), a sentence, and where there is more."""

    title: str
    note: str = ""
    head: Sequence[Any] = ()
    rows: Sequence[Any] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Plug:
    """Something plugged in: what it is called, what there is to choose, and what the chosen one says (None: nothing now).

    `new` are those choices of which there is something new to tell at this moment. `written` stands for what people wrote of
    one, as text: where it differs, somebody wrote something else; what is counted, and where it stands, has no part in it.
    `came` says what came of one, as far as a user may see that.
    """

    name: str
    choices: Callable[[], Iterable[tuple[str, str]]]
    news: Callable[[str], News | None]
    new: Callable[[], Iterable[str]]
    written: Callable[[str], str] = lambda _choice: ""
    came: Callable[[str, Any], Came | None] = lambda _choice, _user: None


def for_reader(url: str, token: str) -> str:
    """Such an address with what stands for a letter's reader; without it where nobody's letter is meant."""
    bare = url.removesuffix(OF_READER)
    return f"{bare}?letter={token}" if token else bare


_plugs: dict[str, Plug] = {}


def register(key: str, plug: Plug) -> None:
    """Have the desk of briefings offer parts of this kind."""
    _plugs[key] = plug


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What there is to choose, by the names of the desks it comes from."""
    return [
        (plug.name, [(f"{key}{BETWEEN}{choice}", label) for choice, label in plug.choices()])
        for key, plug in _plugs.items()
    ]


def new() -> dict[str, News]:
    """What is new now, by source: offered to the next briefing."""
    sources = [f"{key}{BETWEEN}{choice}" for key, plug in _plugs.items() for choice in plug.new()]
    return {source: found for source in sources if (found := news(source))}


def news(source: str) -> News | None:
    """What a source says at this moment."""
    key, _, choice = source.partition(BETWEEN)
    return _plugs[key].news(choice) if key in _plugs else None


def written(source: str) -> str:
    """What stands for the words that people wrote of a source."""
    key, _, choice = source.partition(BETWEEN)
    return _plugs[key].written(choice) if key in _plugs else ""


def came(source: str, user: Any) -> Came | None:
    """What came of a source until now, as far as a user may see it."""
    key, _, choice = source.partition(BETWEEN)
    return _plugs[key].came(choice, user) if key in _plugs else None
