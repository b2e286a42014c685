"""What comes next with a booking: one step (core.admin.steps), by what waits the most."""

from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone

from core.admin.steps import Step
from core.lib import clock
from core.transitions import TransitionRefused
from sponsors import booking, buyers, emails, make_goods, outlook
from sponsors.models import Booking, Claim, Creative, CreativeVersion, MakeGood, Package, RunUnit, Sponsor
from sponsors.money import invoices

State = Booking.State
DECIDE = {"permission": "sponsors.decide_booking"}


def next_of(row: Booking) -> Step | None:
    """The step that comes next."""
    if row.state in booking.OPEN_TO_SALE:
        return _confirming(row, price=row.price)
    if row.state == State.CANCELLED:
        return None
    if _owed(row):
        return MAKE_GOOD
    if waiting(row):
        return REVIEW
    if missing(row):
        return REMIND
    return ASK if _is_unsaid(row) else None


def others_of(row: Booking) -> list[Step]:
    """Other ways on from where it stands."""
    if row.state in booking.OPEN_TO_SALE:
        now = booking.price_now(row) if not row.is_live() else None
        steps = [_confirming(row, price=now.price, package=now)] if now else []
        return [*steps, _confirming(row, price=row.price, of=buyers.namesake(row))] if buyers.namesake(row) else steps
    return [WAIVE] if row.state == State.CONFIRMED and _owed(row) else []


def _confirming(row: Booking, *, price: Decimal, package: Package | None = None, of: Sponsor | None = None) -> Step:
    """To sell it, at what was quoted or at what it costs now, to whom we know by its name or not: steps of several names."""
    unknown = row.address_confirmed_at is None
    text = package.price_text if package else row.price_text
    at = f" at {text}" if package or (not row.is_live() and booking.price_now(row)) else ""

    def act(row: Booking, *, by: Any) -> None:
        booking.confirm(row, by=by, price=price, is_known_to_be_unknown=unknown, is_of_namesake=of is not None)

    return Step(
        f"confirm {price} of {of.pk}" if of else f"confirm {price}",
        f"Confirm it for {of}, whom we know" if of else f"Confirm this booking{at}",
        partial(_selling, price=text, of=of),
        act,
        "it is confirmed.",
        _not_to_sell,
        is_final=unknown,
        **DECIDE,  # type: ignore[arg-type]
    )


def _selling(row: Booking, *, price: str, of: Sponsor | None) -> list[str]:
    claims = row.claims.exclude(state=Claim.State.RELEASED) if row.is_live() else row.claims.all()
    days = claims.aggregate(first=Min("unit__date"), last=Max("unit__date"))
    lines = [
        f"Sells {_places(claims.count())} from {_day(days['first'])} to {_day(days['last'])} to {row.name} for {price}."
    ]
    if other := buyers.namesake(row):
        known = (
            f"We know {other} at {other.contact_email or 'other addresses'}, and this came from {row.contact_email}."
        )
        lines.append(f"{known} They count as one from now on." if of else f"{known} It gets a sponsor of its own.")
    if row.address_confirmed_at is None:
        lines.append(
            f"Nobody has used the link that was mailed to {row.contact_email}, so it may be a made-up address, or somebody"
            " else’s. That you sold it knowingly is kept in its history."
        )
    if not row.is_live():
        lines.append("Its hold has run out: its days are taken again, all of them or none.")
    return [
        *lines,
        f"Writes to {row.contact_email} with the link to hand in the ad.",
        "Adds a line to the public log. To take it back later is to cancel, and that stands in the log, too.",
    ]


def _not_to_sell(row: Booking) -> list[str]:
    if not row.contact_email:
        return ["Its address was erased, so nobody could be told. The buyer has to book again."]
    claims = row.claims.filter(state="held") if row.is_live() else row.claims.all()
    late = claims.filter(unit__cutoff_at__lte=timezone.now()).dates("unit__date", "day")
    days = [f"{day:%-d %b %Y}" for day in late[:3]]
    return [f"No ad can be handed in any more for {', '.join(days)}: move its days, or cancel it."] if days else []


def waiting(row: Booking) -> list[CreativeVersion]:
    """The latest version of each ad, where it has no verdict yet."""
    found = [creative.latest for creative in row.creatives.filter(retired_at=None)]
    return [version for version in found if version and version.verdict is None]


def missing(row: Booking) -> list[outlook.Outlook]:
    """The places that have no ad to run, and may get one in time."""
    return [each for each in outlook.of_booking(row) if each.is_wanted]


def _owed(row: Booking) -> MakeGood | None:
    return MakeGood.objects.filter(claim__booking=row, state=MakeGood.State.OPEN).order_by("claim__unit__date").first()


def _making_good(row: Booking) -> list[str]:
    owed = _owed(row)
    if owed is None:
        return []
    free = (
        RunUnit.objects.free().filter(kind=owed.claim.unit.kind_id, date__gt=clock.utc_day()).order_by("date").first()
    )
    given = f"Gives {row.name} {free} for it." if free else ""
    return [
        f"{owed.claim.unit} did not run: {owed.reason}",
        *filter(None, [given]),
        "Tells the sponsor, and the public log.",
    ]


def _no_day(row: Booking) -> list[str]:
    owed = _owed(row)
    free = owed and RunUnit.objects.free().filter(kind=owed.claim.unit.kind_id, date__gt=clock.utc_day()).exists()
    return [] if free else ["No day of this place is free: put days on sale, or waive it."]


def _give(row: Booking, *, by: Any) -> None:
    make_goods.give(_the_owed(row), by=by)


def _waive(row: Booking, *, by: Any) -> None:
    make_goods.waive(_the_owed(row), by=by)


def _the_owed(row: Booking) -> MakeGood:
    owed = _owed(row)
    if owed is None:
        raise TransitionRefused("Nothing is owed any more.")
    return owed


def _waiving(row: Booking) -> list[str]:
    owed = _owed(row)
    return [f"Leaves {owed.claim.unit} without another day, as was agreed with {row.name}."] if owed else []


def _reviewing(row: Booking) -> list[str]:
    return [
        f"{version.creative.kind}: version {version.number}, “{version.headline}”, from {version.submitter}."
        for version in waiting(row)
    ]


def _first_waiting(row: Booking) -> str:
    versions = waiting(row)
    creative = versions[0].creative_id if versions else Creative.objects.filter(booking=row).values_list("pk")[0][0]
    return reverse("admin:sponsors_creative_change", args=[creative])


def _reminding(row: Booking) -> list[str]:
    due = [f"{each.claim.unit}: {each.words}" for each in missing(row)]
    more = [f"And {len(due) - 5} more."] if len(due) > 5 else []
    last = row.notices.filter(kind="creative_due").first()
    before = [f"The last reminder went out on {clock.in_words(last.at)}."] if last else []
    return [f"Asks {row.contact_email} for the ad, with the link to hand it in.", *due[:5], *more, *before]


def _remind(row: Booking, *, by: Any) -> None:
    emails.creative_due(row, missing(row))


def _is_unsaid(row: Booking) -> bool:
    """Whether all that its invoice waits for is that somebody says to whom it is made out."""
    waits = row.price > 0 and invoices.seller() is not None and not row.invoices.exists()
    return waits and invoices.details_of(row) is None and bool(row.contact_email)


def _asking(row: Booking) -> list[str]:
    last = row.notices.filter(kind="billing_asked").first()
    before = [f"It was asked last on {clock.in_words(last.at)}."] if last else []
    return [
        f"Asks {row.contact_email} for the name, address and country that its invoice needs, with the link to the page for it.",
        "You can enter them on its account, too. The invoice is issued as soon as they are known.",
        *before,
    ]


def _ask(row: Booking, *, by: Any) -> None:
    emails.billing_asked(row)


def _places(number: int) -> str:
    return f"{number} place{'' if number == 1 else 's'}"


def _day(day: Any) -> str:
    return f"{day:%-d %b %Y}"


MAKE_GOOD = Step(
    "make_good",
    "Give the next free day",
    _making_good,
    _give,
    "another day is given.",
    _no_day,
    **DECIDE,  # type: ignore[arg-type]
)
WAIVE = Step("waive", "Waive it", _waiving, _waive, "no day is owed.", **DECIDE)  # type: ignore[arg-type]
REVIEW = Step(
    "review", "Review the ad", _reviewing, lambda row, by: None, "", leads_to=_first_waiting,
    permission="sponsors.view_creative",
)  # fmt: skip
ASK = Step(
    "ask_to_whom", "Ask to whom it is billed", _asking, _ask, "the question is on its way.",
    permission="sponsors.change_booking",
)  # fmt: skip
REMIND = Step(
    "remind", "Ask for the ad", _reminding, _remind, "the reminder is on its way.", permission="sponsors.change_booking"
)
