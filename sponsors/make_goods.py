"""Days that did not carry the ad they were sold for: found by themselves, made good with another day or waived by staff."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import pagecache
from core.lib import clock
from core.models import User
from core.transitions import TransitionRefused, lock, move
from sponsors import air_time, audience, claims, disclosures, emails
from sponsors.models import AirTime, Booking, Claim, CreativeVersion, DisclosureEntry, MakeGood, RunUnit
from sponsors.querysets import CreativeVersionQuerySet

LOOK_BACK = timedelta(days=14)
ZONES = timedelta(days=1)  # a briefing of a day may leave when it is over here, and not yet where its readers are
_IN_PART = "The briefing stopped after some letters, so most of its readers did not get the ad."
LIVE = ("held", "confirmed")
State = MakeGood.State


def find() -> int:
    """Write down each past day that did not carry its ad, and take back what was carried after all; return how many are new."""
    today = clock.utc_day()
    sold = Claim.objects.filter(state="confirmed", booking__state="confirmed", unit__date__gte=today - LOOK_BACK)
    over = Q(unit__date__lt=today) & ~Q(unit__channel__startswith="mail:") | Q(unit__date__lt=today - ZONES)
    past = list(sold.filter(over).select_related("unit__kind", "booking__sponsor"))
    by_mail = [claim.pk for claim in past if _is_mail(claim)]
    carried, begun = audience.carried(by_mail), audience.begun(by_mail)
    on_air, since = air_time.seen([claim.pk for claim in past]), air_time.since()
    MakeGood.objects.filter(state=State.OPEN, claim__in=carried, is_short=False).delete()
    known = set(MakeGood.objects.filter(claim__in=past).values_list("claim", flat=True))
    missed = (
        (claim, _unshown(claim, carried, begun) or _off_air(claim, on_air.get(claim.pk), since))
        for claim in past
        if claim.pk not in known
    )
    return sum(_written_down(claim, reason) for claim, reason in missed if reason)


@transaction.atomic
def _written_down(claim: Claim, reason: str) -> bool:
    """Whether it is news."""
    row, is_new = MakeGood.objects.get_or_create(claim=claim, defaults={"reason": reason})
    if is_new:
        emails.make_good_found(row)
    return is_new


def _unshown(claim: Claim, carried: Collection[int], begun: Collection[int]) -> str:
    """Why an ad that was handed in as agreed did not run on its day, or not on all of it; else, or if we are not to blame, empty."""
    starts, ends = clock.start_of(claim.unit.date), clock.start_of(claim.unit.date + timedelta(days=1))
    versions = list(_in_time(claim).reviewed(before=ends))
    approved = [version for version in versions if version.verdict == "approved"]
    if not approved:
        waited = any(version.verdict is None for version in versions)
        return "The ad was handed in in time, and we did not review it before its day was over." if waited else ""
    if not _is_mail(claim):
        return _late(min(approved, key=lambda version: version.approved_at or ends), starts)
    if claim.pk in carried:
        return ""
    return _IN_PART if claim.pk in begun else "No briefing carried the approved ad."


def _in_time(claim: Claim) -> CreativeVersionQuerySet:
    """The versions of a claim's ad that came before its cut-off."""
    found = CreativeVersion.objects.filter(creative__booking=claim.booking_id, creative__kind=claim.unit.kind_id)
    return found.filter(creative__retired_at=None, submitted_at__lte=claim.unit.cutoff_at)


def _late(version: CreativeVersion, starts: datetime) -> str:
    """Of an ad that waited for us when its day began: since when it could run."""
    if version.approved_at is None or version.approved_at <= starts or version.submitted_at > starts:
        return ""
    at = version.approved_at.astimezone(UTC)
    return f"We approved the ad after its day had begun, at {at:%H:%M} UTC, so it ran for a part of the day at most."


def _off_air(claim: Claim, seen: AirTime | None, since: datetime | None) -> str:
    """Of an ad on pages that could run from the start: what was missing of what was really shown."""
    if _is_mail(claim):
        return ""
    starts = clock.start_of(claim.unit.date)
    could_run = any(version.verdict == "approved" for version in _in_time(claim).reviewed(before=starts))
    return air_time.missing(seen, claim.unit.date, since=since) if could_run else ""


def _is_mail(claim: Claim) -> bool:
    return claim.unit.channel.startswith("mail:")


def give(row: MakeGood, *, by: User) -> Claim:
    """Give the first free day of the same place for one that was missed. Raises TransitionRefused."""
    with transaction.atomic():
        claim = Claim.objects.select_related("unit", "booking__sponsor").get(pk=row.claim_id)
        lock(claim.booking, "sponsor")
        lock(row)
        if claim.booking.state != Booking.State.CONFIRMED:
            raise TransitionRefused("Its booking is over, so nothing is owed: what did not run is credited.")
        if not row.is_short and audience.carried([claim.pk]):
            raise TransitionRefused("A briefing carried it after all, so nothing is owed.")
        given = _claimed(claim)
        now = timezone.now()
        move(row, sources=[State.OPEN], to=State.GIVEN, action="made good", given=given, decided_at=now, decided_by=by)
        disclosures.append(DisclosureEntry.Kind.MAKE_GOOD, claim.booking, Claim.objects.filter(pk=given.pk), at=now)
        emails.make_good_given(row)
        pagecache.bump()
    return given


def _claimed(claim: Claim) -> Claim:
    """Claim a free unit as buyers do (sponsors.claims): holds that have run out are in nobody's way, a category may be."""
    claims.expire_stale(units=Q(unit__kind=claim.unit.kind_id))
    free = RunUnit.objects.free().filter(kind=claim.unit.kind_id, date__gt=clock.utc_day()).order_by("date", "ordinal")
    seen: list[int] = []
    while unit := free.exclude(pk__in=seen).select_for_update(skip_locked=True, of=("self",)).first():
        try:
            if not unit.claims.filter(state__in=LIVE).exists():
                return claims.make(claim.booking, [unit], state=Claim.State.CONFIRMED)[0]
        except claims.Taken:
            pass
        seen.append(unit.pk)
    raise TransitionRefused("No day of this place is free. Put days on sale, or waive it.")


def waive(row: MakeGood, *, by: User) -> None:
    """Leave a missed day without another, as was agreed with the sponsor. Raises TransitionRefused."""
    with transaction.atomic():
        lock(row)
        now = timezone.now()
        move(row, sources=[State.OPEN], to=State.WAIVED, action="waived", decided_at=now, decided_by=by)
