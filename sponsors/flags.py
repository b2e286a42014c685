"""Flags: where sponsors are named, what stands open, what a person decided; and what must wait for that.

Articles and nominees are above us, so each puts itself in as a source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.db.models import QuerySet

from core import pagecache
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from sponsors import disclosures
from sponsors.mentions import Mention, current_register, mentions
from sponsors.models import DisclosureEntry, Flag, FlagDecision
from sponsors.names import Text

Verdict = FlagDecision.Verdict
BY_PEOPLE = (Verdict.NOT_THEM, Verdict.DISCLOSED, Verdict.HELD)
SETTLED = (Verdict.NOT_THEM, Verdict.DISCLOSED)


class Described(NamedTuple):
    """What a flag is about, for people: its title, its page at the desk, and the one that readers see, if they do."""

    title: str
    desk: str
    public: str = ""


class Source(Protocol):
    """A kind of thing in which sponsors may be named."""

    noun: str
    seen_with: str  # the permission of those who see what no reader sees yet, and so where it names whom
    decided_with: str  # the permission of those who decide about it, beside that to decide flags

    def keys(self, after: int, limit: int) -> list[int]:
        """The keys above one of all that is live, will be, or is worked on; in their order."""

    def texts(self, key: int) -> list[list[Text]]:
        """The texts of each of its versions that matter: as it is written, will be published, is read; none where it is gone."""

    def described(self, keys: Iterable[int]) -> dict[int, Described]: ...

    def decided(self, key: int) -> bool:
        """Have what is kept of it for readers, and the public log, say what holds; called at every look, so it writes no more.

        Return whether readers see something else now. It may wait for whoever publishes or freezes it, so it is called before the
        content generation is taken, for which the whole site would wait along.
        """


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    SOURCES[source.noun] = source


def nouns_seen_by(user: Any) -> list[str]:
    """The kinds of things of which somebody may see the flags."""
    return [noun for noun, source in SOURCES.items() if user.has_perm(source.seen_with)]


def may_decide(user: Any, noun: str) -> bool:
    """Whether somebody decides about flags of this kind of thing: whoever may not publish it does not hold it up either."""
    return bool(user.has_perm("sponsors.decide_flag") and user.has_perm(SOURCES[noun].decided_with))


@dataclass(frozen=True, slots=True)
class Standing:
    """A sponsor named in a text, its flag if there is one yet, and what was decided about that."""

    mention: Mention
    flag: Flag | None

    @property
    def verdict(self) -> str:
        """The decision of a person; "" where there is none that holds."""
        found = self.flag.verdict if self.flag else None
        return found if found in BY_PEOPLE else ""

    @property
    def at(self) -> datetime | None:
        return getattr(self.flag, "decided_at", None) if self.verdict else None

    @property
    def refuses(self) -> bool:
        """Whether what names this sponsor must wait."""
        return self.verdict == Verdict.HELD or (self.mention.is_certain and self.verdict not in SETTLED)

    @property
    def is_named(self) -> bool:
        """Whether readers are told of it where no decision has been published: unless it is not them, or may not be."""
        return self.verdict != Verdict.NOT_THEM and (self.mention.is_certain or bool(self.verdict))

    def __str__(self) -> str:
        return self.told_of("")

    def told_of(self, title: str) -> str:
        """Why it must wait, in a sentence; `title` is what it is in, where that has to be said."""
        where = _listed(self.mention.places) + (f" of “{title}”" if title else "")
        named = f"{self.mention.sponsor_name} pays us and is named in {where}"
        if self.verdict == Verdict.HELD:
            return f"{named}; it is held until somebody decides otherwise."
        return f"{named} (“{self.mention.words}”). Decide its flag: disclose it, or say that it is not them."


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - 3} other places" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more


def standings(noun: str, about: int | None, texts: Iterable[Text]) -> list[Standing]:
    """The sponsors named in texts, each with its flag; a query, and one more where there are any."""
    return standings_of(noun, {about or 0: texts})[about or 0]


def standings_of(noun: str, texts: Mapping[int, Iterable[Text]]) -> dict[int, list[Standing]]:
    """The same for several articles or nominees by their keys, in as many queries."""
    register = current_register()
    found = {about: mentions(words, register) for about, words in texts.items()}
    named = [about for about, some in found.items() if some]
    rows = Flag.objects.with_verdict().filter(noun=noun, about__in=named) if named else ()
    kept = {(row.about, row.sponsor_id, row.fingerprint): row for row in rows}
    return {
        about: [Standing(each, kept.get((about, each.sponsor, each.fingerprint))) for each in some]
        for about, some in found.items()
    }


@transaction.atomic
def look_at(noun: str, about: int) -> list[Flag]:
    """Raise the flags that one article or nominee needs, and let go of those whose text is no longer there; return the standing."""
    source = SOURCES[noun]
    versions = source.texts(about)
    found = [each for texts in versions for each in standings(noun, about, texts)]
    missing = {(each.mention.sponsor, each.mention.fingerprint): each.mention for each in found if not each.flag}
    if missing:
        title = source.described([about])[about].title
        made = [_flag(noun, about, title, mention) for mention in missing.values()]
        Flag.objects.bulk_create(made, ignore_conflicts=True)
        prints = [each.fingerprint for each in missing.values()]
        _carry_over(Flag.objects.filter(noun=noun, about=about, fingerprint__in=prints))
    needed = {(each.mention.sponsor, each.mention.fingerprint) for each in found}
    rows = list(Flag.objects.with_verdict().filter(noun=noun, about=about).select_related("sponsor"))
    changes = []
    for row in rows:
        is_there, was_gone = (row.sponsor_id, row.fingerprint) in needed, row.verdict == Verdict.GONE
        if is_there == was_gone:
            row.verdict = Verdict.AGAIN if is_there else Verdict.GONE
            changes.append(FlagDecision(flag=row, verdict=row.verdict))
    FlagDecision.objects.bulk_create(changes)
    is_told_anew = source.decided(about)  # also where nothing is new here: what is told may be of an older state
    if missing or changes or is_told_anew:
        pagecache.bump()
    return [row for row in rows if row.verdict != Verdict.GONE]


def _flag(noun: str, about: int, title: str, mention: Mention) -> Flag:
    return Flag(
        noun=noun,
        about=about,
        title=title[:200],
        sponsor_id=mention.sponsor,
        words=one_line(mention.words)[:200],
        places=[place[:120] for place in mention.places[:20]],
        is_certain=mention.is_certain,
        fingerprint=mention.fingerprint,
        passages=mention.passages,
    )


def _carry_over(raised: QuerySet[Flag]) -> None:
    """Disclose what was disclosed before in the same words, as in a weekly digest or a briefing that is repeated.

    Whoever decided it then has decided it. Where the last word of a person about any of these words was another, people are
    asked, also where that text has gone since.
    """
    for row in raised.select_for_update():
        if row.decisions.exists():
            continue
        alike = list(Flag.objects.decided_in_words_of(row))
        known = {passage for each in alike for passage in each.passages}
        if {each.decided for each in alike} != {Verdict.DISCLOSED} or not known.issuperset(row.passages):
            continue
        last = FlagDecision.objects.filter(flag__in=alike, by__isnull=False).select_related("flag", "by").latest("id")
        reason = f"The same words were disclosed in “{last.flag.title}”."
        FlagDecision.objects.create(flag=row, verdict=Verdict.DISCLOSED, reason=reason, by=last.by)


@transaction.atomic
def decide(flag: Flag, verdict: str, *, by: User, reason: str = "") -> FlagDecision:
    """Say what a flag is. Raises TransitionRefused where its text is gone, or it says so already."""
    if verdict not in BY_PEOPLE:
        raise TransitionRefused("Choose one of: not them, disclosed, held.")
    row = Flag.objects.select_for_update().get(pk=flag.pk)
    last = row.decisions.order_by("-id").first()
    if last and last.verdict == Verdict.GONE:
        raise TransitionRefused(f"{flag.sponsor} is no longer named there: the text was changed.")
    if last and last.verdict == verdict:
        raise TransitionRefused(f"That was decided already, by {last.by}.")
    made = FlagDecision.objects.create(flag=row, verdict=verdict, reason=one_line(reason)[:300], by=by)
    SOURCES[row.noun].decided(row.about)
    pagecache.bump()
    return made


def log_published(title: str, public: str, found: Iterable[Standing]) -> None:
    """Enter what was decided about names that readers see by now into the public log, each decision once."""
    for each in found:
        if each.flag and each.verdict:
            decision = each.flag.decisions.order_by("-id")[0]
            if not DisclosureEntry.objects.filter(decision=decision).exists():
                disclosures.append_flag(each.flag, decision, title, public)
