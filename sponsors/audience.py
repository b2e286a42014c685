"""What ads reach: figures of briefings that were sent, with denominators and uncertainty, of reading, and of who reads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Protocol

from core.lib import clock

LOOK_BACK = timedelta(days=90)
ENOUGH_DELIVERED = 100
READ_LATELY = timedelta(days=28)
ENOUGH_DAYS = 7
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Send:
    """One briefing that went out. Opens and clicks are people (deliveries), machines left out."""

    channel: str
    title: str
    day: date
    delivered: int
    opened: int
    clicked: int


class AudienceSource(Protocol):
    """What the newsletter registers in its AppConfig.ready()."""

    def subscribers(self) -> int:
        """Confirmed subscribers now."""

    def sends(self, *, since: date) -> Sequence[Send]:
        """All briefings sent completely since a day, the newest first."""

    def carried(self, claims: Collection[int]) -> set[int]:
        """Those of some claims whose ads went out with a briefing, whatever its day, to most of its readers at least."""

    def begun(self, claims: Collection[int]) -> set[int]:
        """Those of some claims whose ads somebody got with a briefing, though it may have stopped after that."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read on the site on so many days: views of pages, and the visitors of each day added up."""

    days: int
    views: int
    visits: int

    @property
    def views_a_day(self) -> int:
        return round(self.views / self.days)

    @property
    def visitors_a_day(self) -> int:
        return round(self.visits / self.days)


class ReadingSource(Protocol):
    """What registers itself in its AppConfig.ready() to tell what is read on the site."""

    def reading(self, *, since: date, until: date) -> Reading:
        """The reading of whole days, the last of them before `until`."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a total, with the interval it lies in at 95 % (Wilson)."""

    count: int
    total: int

    @property
    def value(self) -> float:
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.count, self.total)

    @property
    def percent(self) -> str:
        return f"{100 * self.value:.{self._decimals}f} %"

    @property
    def range_text(self) -> str:
        low, high = self.interval
        return f"{100 * low:.{self._decimals}f}–{100 * high:.{self._decimals}f} %"

    @property
    def _decimals(self) -> int:
        return 1 if self.value >= 0.1 else 2


@dataclass(frozen=True, slots=True)
class Quote:
    """What readers who agreed to it answered to a question: each answer with its share of the `total` who answered."""

    question: str
    survey: str
    url: str
    total: int
    first_day: date
    last_day: date
    lines: tuple[tuple[str, Rate], ...]


class QuoteSource(Protocol):
    """What registers itself in its AppConfig.ready() to tell what readers say of themselves."""

    def quotes(self) -> Sequence[Quote]:
        """The answers that were chosen for the media kit."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The audience on a day. Rates are shares of all messages delivered in `sends`, or None if those were too few."""

    as_of: date
    subscribers: int
    sends: tuple[Send, ...]
    open_rate: Rate | None
    click_rate: Rate | None
    reading: Reading | None = None  # of the last four weeks, if there was enough
    quotes: tuple[Quote, ...] = ()

    @property
    def delivered(self) -> int:
        return sum(send.delivered for send in self.sends)

    @property
    def first_day(self) -> date:
        return min(send.day for send in self.sends)

    @property
    def last_day(self) -> date:
        return max(send.day for send in self.sends)


_source: AudienceSource
_reading_source: ReadingSource
_quote_source: QuoteSource | None = None


def register(source: AudienceSource) -> None:
    """Plug in where figures come from."""
    global _source
    _source = source


def register_reading(source: ReadingSource) -> None:
    """Plug in where the site's figures come from."""
    global _reading_source
    _reading_source = source


def register_quotes(source: QuoteSource) -> None:
    """Plug in where the answers of readers come from."""
    global _quote_source
    _quote_source = source


def figures() -> Figures:
    """The figures of the last 90 days (LOOK_BACK)."""
    today = clock.utc_day()
    sends = tuple(send for send in _source.sends(since=today - LOOK_BACK) if send.delivered)
    delivered = sum(send.delivered for send in sends)
    enough = delivered >= ENOUGH_DELIVERED
    reading = _reading_source.reading(since=today - READ_LATELY, until=today)
    return Figures(
        as_of=today,
        subscribers=_source.subscribers(),
        sends=sends,
        open_rate=Rate(sum(send.opened for send in sends), delivered) if enough else None,
        click_rate=Rate(sum(send.clicked for send in sends), delivered) if enough else None,
        reading=reading if reading.days >= ENOUGH_DAYS else None,
        quotes=tuple(_quote_source.quotes()) if _quote_source else (),
    )


def sends_on(channels: set[str], *, since: date) -> dict[tuple[str, date], Send]:
    """The sends on some channels, by channel and day."""
    if not channels:
        return {}
    return {(send.channel, send.day): send for send in _source.sends(since=since) if send.channel in channels}


def carried(claims: Collection[int]) -> set[int]:
    """Those of some claims whose ads went out with a briefing, to most of its readers at least."""
    return _source.carried(claims) if claims else set()


def begun(claims: Collection[int]) -> set[int]:
    """Those of some claims whose ads somebody got with a briefing."""
    return _source.begun(claims) if claims else set()


def wilson(count: int, total: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a binomial share (Wilson 1927): lower and upper bound, within 0 and 1."""
    share, z2 = count / total, z * z
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)
