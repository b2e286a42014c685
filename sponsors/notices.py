"""What the clock writes to sponsors: an ad is due, runs tomorrow, has run; the report stands, and the way to book again.

Each is a row (Notice) about one thing, and is written once, however often and by however many processes this is done.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from sponsors import emails, outlook, reports
from sponsors.models import Booking, Claim

DUE_BEFORE = (timedelta(hours=24), timedelta(hours=72))  # the nearer first
LOOK_BACK = timedelta(days=14)  # what is older was told before there were such mails, or never will be
SETTLED_AFTER = timedelta(days=2)  # by then, no briefing of the last day is still on its way
DAY = timedelta(days=1)
Step = Callable[[Booking, datetime], bool]
logger = logging.getLogger(__name__)


def run_due(now: datetime | None = None) -> int:
    """Write what is due by now; return how much. A letter that fails stops no other, of its booking or of another."""
    now = now or timezone.now()
    return sum(_settled(row, step, now) for row in _near(now) for step in STEPS)


def _near(now: datetime) -> Iterable[Booking]:
    """Bookings that have something around now: also those cancelled half way, whose days ran."""
    days = now.date() - LOOK_BACK, now.date() + DUE_BEFORE[-1] + 7 * DAY
    sold = Claim.objects.filter(state=Claim.State.CONFIRMED, unit__date__range=days)
    rows = Booking.objects.filter(pk__in=sold.values("booking"), state__in=["confirmed", "cancelled"])
    return rows.exclude(contact_email="").select_related("sponsor").order_by("pk")


def _settled(row: Booking, step: Step, now: datetime) -> int:
    try:
        with transaction.atomic():
            Booking.objects.select_for_update(of=("self",)).get(pk=row.pk)
            return step(row, now)
    except Exception:
        logger.exception("The letter %s of booking %s was not written.", step.__name__, row.pk)
        return 0


def _ad_due(row: Booking, now: datetime) -> bool:
    """Days before the cut-off of the first of some days in a row, and once more on the last: where nothing came to run."""
    if row.state != Booking.State.CONFIRMED:
        return False
    missing = [each for each in outlook.of_booking(row, now) if each.is_wanted]
    first = [each for each in missing if not _has(row, each, each.claim.unit.date - DAY)]
    if not first:
        return False
    cutoff = min(each.claim.unit.cutoff_at for each in first)
    left = cutoff - now
    reached = next((limit for limit in DUE_BEFORE if left <= limit), None)
    if reached is None:
        return False
    return emails.creative_due(
        row, missing, about=f"{reached.total_seconds() / 3600:.0f} hours before {cutoff:%Y-%m-%d}"
    )


def _runs_tomorrow(row: Booking, now: datetime) -> bool:
    """The day before places of a kind begin to run: each morning of a week says nothing new."""
    tomorrow = now.date() + DAY
    first = [
        each for each in _sold(row, now) if each.claim.unit.date == tomorrow and not _has(row, each, tomorrow - DAY)
    ]
    if not first or row.state != Booking.State.CONFIRMED:
        return False
    return emails.letter(
        "runs_tomorrow",
        row,
        subject=f"Tomorrow: your {row.snapshot['name']} package",
        heading="Your ad runs tomorrow",
        paragraphs=["From tomorrow on, these places are yours:"],
        lines=_lines(first),
        buttons=[("See your booking", settings.SITE_URL + row.portal_path)],
        about=f"{tomorrow}",
    )


def _ran(row: Booking, now: datetime) -> bool:
    """The day after places of a kind have run to their end, where others are still to come: the last ones have the report."""
    sold = _sold(row, now)
    if not any(each.claim.unit.date >= now.date() for each in sold):
        return False
    yesterday = now.date() - DAY
    last = [each for each in sold if each.claim.unit.date == yesterday and not _has(row, each, now.date())]
    return bool(last) and emails.letter(
        "ran",
        row,
        subject=f"Your {row.snapshot['name']} package: what ran",
        heading="This has run",
        paragraphs=["These places are over; your report has their clicks as they are counted, from the first day on."],
        lines=_lines(last),
        buttons=[("Your report", settings.SITE_URL + row.report_path)],
        about=f"{yesterday}",
    )


def _report_ready(row: Booking, now: datetime) -> bool:
    """Once all is over: the report, and the way to the same package again."""
    last = row.claims.filter(state=Claim.State.CONFIRMED).aggregate(last=Max("unit__date"))["last"]
    ahead = row.claims.filter(state=Claim.State.CONFIRMED, unit__date__gte=now.date()).exists()
    if ahead or last is None or last + SETTLED_AFTER > now.date():
        return False
    report = reports.report_on(row)
    clicks = f"{report.valid:,} click{'' if report.valid == 1 else 's'} counted, of {report.raw:,} that came."
    return emails.letter(
        "report_ready",
        row,
        subject=f"The report on your {row.snapshot['name']} package",
        heading="Your report is ready",
        paragraphs=[
            f"All your places have run. {clicks} The report says for each place what came and what counts, and why."
        ],
        lines=_lines(_sold(row, now)),
        buttons=[
            ("Your report", settings.SITE_URL + row.report_path),
            ("Book the same package again", settings.SITE_URL + row.renewal_path),
        ],
        about="report",
    )


def _sold(row: Booking, now: datetime) -> list[outlook.Outlook]:
    return [each for each in outlook.of_booking(row, now) if each.claim.state == Claim.State.CONFIRMED]


def _has(row: Booking, each: outlook.Outlook, day: date) -> bool:
    """Whether it has the same kind of place on another day, too."""
    same = row.claims.filter(state=Claim.State.CONFIRMED, unit__kind=each.claim.unit.kind_id)
    return same.filter(unit__date=day).exists()


def _lines(places: Iterable[outlook.Outlook]) -> list[str]:
    return [f"{each.claim.unit}: {each.words}" for each in places]


STEPS: tuple[Step, ...] = (_ad_due, _runs_tomorrow, _ran, _report_ready)
