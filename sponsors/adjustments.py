"""Views and clicks that staff add or take back: rows of their own beside the counts, which the sponsor reads in the report."""

from django.db import transaction

from core import audit
from core.lib import clock
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors import reports
from sponsors.models import Adjustment, Booking, Claim
from sponsors.reports import Line

Kind = Adjustment.Kind
MOST = 100_000_000


def lines_of(booking: Booking) -> list[Line]:
    """The places of a booking whose figures can be corrected: those whose day has begun."""
    today = clock.utc_day()
    return [line for line in reports.report_on(booking).lines if line.claim.unit.date <= today]


def seen(booking: Booking) -> str:
    """What stands for the corrections that a page showed: one that is sent twice, or is old, corrects nothing more."""
    last = Adjustment.objects.filter(claim__booking=booking).order_by("-id").first()
    return str(last.pk if last else 0)


@transaction.atomic
def add(claim: Claim, *, kind: str, number: int, words: str, by: User, as_seen: str) -> Adjustment:
    """Correct a figure of a place. Raises TransitionRefused where it would fall below zero, or is none of that place."""
    lock(claim.booking)
    if as_seen != seen(claim.booking):
        raise TransitionRefused("Its figures were corrected since you opened the page: look at them again.")
    line = next((line for line in lines_of(claim.booking) if line.claim.pk == claim.pk), None)
    if line is None:
        raise TransitionRefused(f"{claim.unit} has no figures: its day is still to come, or it was given back.")
    if kind == Kind.VIEW and claim.unit.is_mail:
        raise TransitionRefused(f"{claim.unit} is in a mail, where no views are counted. Correct its clicks.")
    now = line.final_views if kind == Kind.VIEW else line.final_clicks
    if not number or abs(number) > MOST:
        raise TransitionRefused("Say how many more, or with a minus how many less.")
    if now + number < 0:
        raise TransitionRefused(f"Only {now:,} {kind}s count there, so no more than that can be taken back.")
    made = Adjustment.objects.create(claim=claim, kind=kind, number=number, words=words, by=by)
    detail = f"{claim.unit}: {number:+,} {kind}s, {now:,} before. {words}"
    audit.record("corrected the figures of", claim.booking, by=by, detail=detail)
    return made
