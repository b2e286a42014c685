"""Tests of subjects: who is in the sample, what it says, and what the rest gets.

The sample is drawn when the briefing is frozen, in the order of a hash of a fresh seed and each subscriber's key, so that anybody
with the seed can draw it again; it is exactly the share that was chosen, and each subject has as many of it, or one less. The rest waits with its deliveries, which nothing claims before the test is decided; a decision is one
row that changes once. Whatever dies in between, it is decided by the next sweep, and everybody has one delivery.
"""

import logging
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import erfc, sqrt
from secrets import token_hex
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, pagecache
from core.transitions import TransitionRefused, change_if
from newsletter.models import ArchiveEntry, Briefing, Delivery, SubjectTest, VariantFigures
from newsletter.sending import briefing_counts, content_checks
from newsletter.sending.briefing_counts import Counted
from newsletter.sending.briefing_report import Report, Row, share_of
from newsletter.sending.deliveries import Draw, Test
from sponsors.audience import Rate

logger = logging.getLogger(__name__)

LETTERS = "ABCD"
OWN = 0
MOST = 3  # besides the briefing's own
FEWEST_EACH = 20  # readers for each subject: with fewer there is nothing to learn
FEWEST_EVENTS = 10
CHANCE = 0.05
By = SubjectTest.By
Share = tuple[int, int]  # so many of so many
Numbered = tuple[int, int, int]  # the number of a subject before its share


def of(briefing: Briefing) -> SubjectTest | None:
    """The test of a briefing's subjects, if it has one."""
    return SubjectTest.objects.filter(briefing=briefing.pk).first()


def settings_of(briefing: Briefing) -> list[Any]:
    """All that somebody chose for its test; empty without one."""
    test = of(briefing)
    if test is None:
        return []
    return [test.share, test.by, test.minutes, list(test.variants.values_list("number", "subject", "preheader"))]


def versions(briefing: Briefing, test: SubjectTest | None) -> list[Briefing]:
    """The briefing with each of its subjects, its own first: copies that are not to be saved."""
    own = copy(briefing)
    own.won_subject = own.won_preheader = ""
    found = [own]
    for variant in test.variants.all() if test else []:
        version = copy(own)
        version.subject = variant.subject or briefing.subject
        version.preheader = variant.preheader or briefing.preheader
        found.append(version)
    return found


def drawn(briefing: Briefing) -> Draw | None:
    """How the sample of a briefing that is being frozen is drawn: with a seed of this moment, which is kept."""
    test = of(briefing)
    if test is None:
        return None
    if not test.seed:
        change_if(test, Q(seed=""), seed=token_hex(16))
    return Draw(test.seed, test.share, test.variants.count() + 1)


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a briefing by number, how far its test is, and the number that the rest gets."""

    compiled: dict[int, tuple[bytes, dict[str, Any]]]
    test: Test = Test.NONE
    winner: int = OWN


def messages(briefing: Briefing) -> Messages:
    """What a pump sends to whom."""
    own = (bytes(briefing.message.data), briefing.message.personal)
    test = of(briefing)
    if test is None or not test.seed:
        return Messages({OWN: own})
    others = {row.number: (bytes(row.data or b""), row.personal) for row in test.variants.all()}
    if test.winner is None:
        return Messages({OWN: own, **others}, Test.OPEN)
    return Messages({OWN: own, **others}, Test.DECIDED, test.winner)


def problems(briefing: Briefing, audience: int | None) -> list[str]:
    """What is wrong with a briefing's test, a sentence each."""
    test = of(briefing)
    if test is None:
        return []
    shown, found = versions(briefing, test), []
    if len({(version.subject, version.preheader) for version in shown}) < len(shown):
        found.append("Two of the subjects under test are the same, preheader included.")
    if test.by != By.HAND and not briefing.newsletter.counts_reading:
        found.append(f"{briefing.newsletter} counts no opens and clicks, so its subjects can only be chosen by hand.")
    each = audience * test.share // 100 // len(shown) if audience is not None else FEWEST_EACH
    if each < FEWEST_EACH:
        found.append(
            f"The test of its subjects would show each to about {each} readers, which tells nothing. It takes {FEWEST_EACH}:"
            " try it on more of them, with fewer subjects, or not at all."
        )
    for letter, version in zip(LETTERS[1:], shown[1:], strict=False):
        wrong = content_checks.line_problems(version) or content_checks.message_problems(version)
        found += [f"Subject {letter}: {text}" for text in wrong]
    return found


def warnings(briefing: Briefing) -> list[str]:
    """What may be meant as it is in a briefing and in each other subject under test, a sentence each."""
    found = content_checks.warnings(briefing)
    for letter, version in zip(LETTERS[1:], versions(briefing, of(briefing))[1:], strict=False):
        told = content_checks.subject_warnings(version)
        found += [f"Subject {letter}: {text}" for text in told if text not in found]
    return found


def settle_due() -> list[int]:
    """Decide every test whose time has come; return their briefings. One that cannot be decided holds up no other."""
    decided = []
    for test in SubjectTest.objects.filter(winner=None, briefing__state=Briefing.State.SENDING).exclude(seed=""):
        try:
            if settle(test):
                decided.append(test.pk)
        except OperationalError:
            raise  # the database is away or busy: beat rings again
        except Exception:
            logger.exception("The test of briefing %s could not be decided and will be tried again", test.pk)
    return decided


def settle(test: SubjectTest) -> bool:
    """Note when the sample is out, and decide once its time has passed; whether this call decided."""
    now = timezone.now()
    if test.sampled_at is None:
        waiting = Q(state__in=[Delivery.State.PENDING, Delivery.State.SENDING], variant__isnull=False)
        if Delivery.objects.filter(waiting, briefing=test.pk).exists():
            return False
        change_if(test, Q(sampled_at=None), sampled_at=now)
    due = decides_at(test)
    if due is None or now < due:
        return False
    return _decide(test, *judged(sample(test), test.by))


@transaction.atomic
def _decide(test: SubjectTest, winner: int, verdict: str) -> bool:
    """Decide a test that nobody has decided yet, whether anybody had; readers of the archive see what won from then on."""
    if not change_if(test, Q(winner=None), winner=winner, decided_at=timezone.now(), verdict=verdict):
        return False
    if winner != OWN:
        won = versions(test.briefing, test)[winner]
        Briefing.objects.filter(pk=test.pk).update(won_subject=won.subject, won_preheader=won.preheader)
        ArchiveEntry.objects.filter(briefing=test.pk).delete()  # it is made anew
        pagecache.bump(in_articles=False)
    return True


def decides_at(test: SubjectTest) -> datetime | None:
    """When it is decided; None by hand, and while its sample is being sent."""
    if test.by == By.HAND or test.sampled_at is None:
        return None
    return test.sampled_at + timedelta(minutes=test.minutes)


def sample(test: SubjectTest) -> list[Counted]:
    """What each subject came to in the sample until now; one that reached nobody is all zeros."""
    counted = {row.number: row for row in briefing_counts.by_variant(test.pk, sample_only=True)}
    return [counted.get(number) or Counted(number) for number in range(test.variants.count() + 1)]


def table(report: Report) -> list[Row]:
    """Each subject with what it came to in the sample; below them the rest."""
    test = of(report.briefing)
    counted = {row.number: row for row in report.briefing.variant_figures.all()}
    head: Row = ("subject", "words", "preheader", "delivered", "opened", "share", "clicked", "share", "won")
    if test is None:
        return [head]
    rows = [
        (LETTERS[number], version.subject, version.preheader, *_figures(counted.get(number)), number == test.winner)
        for number, version in enumerate(versions(report.briefing, test))
    ]
    return [head, *rows, ("the rest", "", "", *_figures(counted.get(None)), "")]


def _figures(found: VariantFigures | None) -> Row:
    if found is None:
        return 0, 0, "", 0, ""
    rates = [Rate(count, found.delivered) if found.delivered else None for count in (found.opened, found.clicked)]
    opened, clicked = (share_of(rate) for rate in rates)
    return found.delivered, found.opened, opened, found.clicked, clicked


@transaction.atomic
def choose(briefing: Briefing, number: int, *, by: Any) -> None:
    """Let the rest get this subject, whatever has come of the test until now. Raises TransitionRefused."""
    test = of(briefing)
    if test is None or not test.seed or number not in range(test.variants.count() + 1):
        raise TransitionRefused("There is no such subject to choose.")
    verdict = f"Chosen by hand, by {by}. {LETTERS[number]} goes to the rest."
    if not _decide(test, number, verdict):
        raise TransitionRefused(f"It is decided already: {LETTERS[test.winner or 0]} goes to the rest.")
    audit.record("chose a subject", briefing, by=by, detail=LETTERS[number])


def judged(found: Sequence[Counted], by: str) -> tuple[int, str]:
    """The number that the rest gets, and why, in words.

    It is the briefing's own unless another did better by more than chance explains: then the best, also where chance may have
    put it ahead of a third.
    """
    did = "clicked" if by == By.CLICKS else "opened"
    counts = [(row.number or OWN, getattr(row, did), row.delivered) for row in found]
    told = "; ".join(_told(number, count, total, did) for number, count, total in counts)
    original = "A, the briefing’s own subject, goes to the rest."
    if any(not total for _, _, total in counts):
        return OWN, f"No winner: not every subject reached somebody. {told}. {original}"
    if sum(count for _, count, _ in counts) < FEWEST_EVENTS:
        return OWN, f"No winner: too few {did} to tell. {told}. {original}"
    first, *others = sorted(counts, key=lambda row: (-row[1] / row[2], row[0]))
    chances = {number: by_chance(first[1:], (count, total)) for number, count, total in others}
    rival = OWN if OWN in chances else max(chances, key=lambda number: chances[number])
    # The best of several is compared with several, which makes it likelier that chance put it ahead.
    limit = CHANCE / len(others)
    best = LETTERS[first[0]]
    if chances[rival] >= limit:
        often = max(1, round(100 * chances[rival]))
        return OWN, (
            f"No winner: a difference between {best} and {LETTERS[rival]} like this, or a larger one, comes by chance alone in about"
            f" {often} of 100 tests. {told}. {original}"
        )
    alike = {number: (count, total) for number, count, total in others if chances[number] >= limit}
    return first[0], f"{_ahead(first, alike, counts[OWN][1:], limit)} {told}. {best} goes to the rest."


def _ahead(first: Numbered, alike: dict[int, Share], own: Share, limit: float) -> str:
    """How far ahead the best is, in words: of the briefing's own subject, and of those that cannot be told from it."""
    best = LETTERS[first[0]]
    if not alike:
        return f"{best} did better than chance explains."
    names = [LETTERS[number] for number in sorted([first[0], *alike])]
    together = f"{', '.join(names[:-1])} and {names[-1]} cannot be told apart"
    if all(by_chance(share, own) < limit for share in alike.values()):
        did = "both" if len(names) == 2 else "all"
        return f"{together}, and {did} did better than A by more than chance explains."
    return f"{best} did better than A by more than chance explains, though {together}."


def _told(number: int, count: int, total: int, did: str) -> str:
    share = f" ({Rate(count, total).percent}, likely {Rate(count, total).range_text})" if total else ""
    return f"{LETTERS[number]}: {count:,} of {total:,} {did}{share}"


def by_chance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """How likely two equal subjects differ as much as this (two-sided test of two proportions, pooled)."""
    together, total = one[0] + other[0], one[1] + other[1]
    pooled = together / total
    error = sqrt(pooled * (1 - pooled) * (1 / one[1] + 1 / other[1]))
    return erfc(abs(one[0] / one[1] - other[0] / other[1]) / error / sqrt(2)) if error else 1.0
