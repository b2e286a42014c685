"""Queries for units, bookings, invoices, creatives and clicks."""

from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from core.lib import clock

if TYPE_CHECKING:
    from sponsors.models import (  # noqa: F401
        AdEvent,
        Approval,
        Booking,
        Creative,
        CreativeVersion,
        Flag,
        Invoice,
        Package,
        RunUnit,
        Sponsor,
    )

RECENT = timedelta(days=180)
ROLES = ("editorial", "compliance")  # in which somebody else has to approve a version


class SponsorQuerySet(models.QuerySet["Sponsor"]):
    def current_or_recent(self, day: date | None = None) -> Self:
        """Those with a confirmed claim on a day to come, or past by at most RECENT."""
        since = (day or clock.utc_day()) - RECENT
        return self.filter(bookings__claims__state="confirmed", bookings__claims__unit__date__gte=since).distinct()


class PackageQuerySet(models.QuerySet["Package"]):
    def on_sale(self) -> Self:
        """Those that visitors may book, the most expensive first."""
        items = apps.get_model("sponsors", "PackageItem").objects.select_related("kind")
        return self.filter(on_sale=True).prefetch_related(Prefetch("items", items))


class RunUnitQuerySet(models.QuerySet["RunUnit"]):
    def taken(self, now: datetime | None = None) -> Self:
        """Units that a confirmed booking has, or a hold that has not run out."""
        return self.filter(_live_claims(now or timezone.now()))

    def free(self, now: datetime | None = None) -> Self:
        """Units that can be claimed: on sale, not taken, and before their cut-off."""
        now = now or timezone.now()
        return self.filter(~_live_claims(now), ~_blackouts(), cutoff_at__gt=now, off_sale="")

    def blacked_out(self) -> Self:
        """Units on days on which no ads run, or none on their channel."""
        return self.filter(_blackouts())

    def with_taken(self, now: datetime | None = None) -> Self:
        """Adds `is_taken`."""
        return self.annotate(is_taken=_live_claims(now or timezone.now()))


def _live_claims(now: datetime) -> Exists:
    held = Q(state="held", booking__hold_until__gt=now)
    claims = apps.get_model("sponsors", "Claim").objects
    return Exists(claims.filter(held | Q(state="confirmed"), unit=OuterRef("pk")))


def _blackouts() -> Exists:
    whole_site = Q(channel="") | Q(channel=OuterRef("channel"))
    blackouts = apps.get_model("sponsors", "Blackout").objects
    return Exists(blackouts.filter(whole_site, first__lte=OuterRef("date"), last__gte=OuterRef("date")))


class BookingQuerySet(models.QuerySet["Booking"]):
    def with_first_day(self) -> Self:
        """Adds `starts_on`."""
        return self.annotate(starts_on=Min("claims__unit__date"))

    def live(self, now: datetime | None = None) -> Self:
        """Those that keep their units: confirmed, or held for now."""
        return self.filter(Q(state="confirmed") | Q(state="held", hold_until__gt=now or timezone.now()))

    def stale(self, now: datetime | None = None) -> Self:
        """Holds that have run out but are not released yet."""
        return self.filter(state="held", hold_until__lte=now or timezone.now())


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def standing(self) -> Self:
        """Invoices that credit notes have not taken back in full, the last one on top."""
        credited = Coalesce(Sum("corrections__gross"), Value(0), output_field=models.DecimalField())
        return self.filter(kind="invoice").alias(credited=credited).filter(credited__lt=F("gross")).order_by("-pk")


class CreativeQuerySet(models.QuerySet["Creative"]):
    def with_standing(self) -> Self:
        """Adds `last_number` and `standing`: of the version submitted last."""
        versions = apps.get_model("sponsors", "CreativeVersion").objects.filter(creative=OuterRef("pk"))
        last = versions.reviewed().order_by("-number")
        verdict = Case(When(verdict=None, then=Value("waiting")), default="verdict", output_field=models.CharField())
        return self.annotate(
            last_number=Subquery(last.values("number")[:1]),
            standing=Coalesce(Subquery(last.annotate(standing=verdict).values("standing")[:1]), Value("empty")),
        )


class CreativeVersionQuerySet(models.QuerySet["CreativeVersion"]):
    def reviewed(self, *, before: datetime | None = None) -> Self:
        """Adds what the last approval of each role says, `editorial` and `compliance`, and what both come to: `verdict`.

        One no is a no, whose words are `verdict_reason`; None while either is missing. `approved_at` is when both had said
        yes. With `before`, as it stood at that moment.
        """
        said = {role: _last_approval(role, before) for role in ROLES}
        rejected = [When(**{role: "rejected"}, then=Subquery(said[role].values("reason")[:1])) for role in ROLES]
        return self.annotate(
            **{role: Subquery(rows.values("verdict")[:1]) for role, rows in said.items()},
            verdict=Case(
                *(When(**{role: "rejected"}, then=Value("rejected")) for role in ROLES),
                When(**dict.fromkeys(ROLES, "approved"), then=Value("approved")),
                default=None,
                output_field=models.CharField(),
            ),
            verdict_reason=Case(*rejected, default=Value(""), output_field=models.CharField()),
            approved_at=Greatest(*(Subquery(rows.values("at")[:1]) for rows in said.values())),
        )

    def to_review(self) -> Self:
        """Those of ads that may still run: not retired, and of no booking that is over."""
        bookings = apps.get_model("sponsors", "Booking").objects.live()
        may_run = Q(creative__booking=None) | Q(creative__booking__in=bookings)
        return self.filter(may_run, creative__retired_at=None)

    def approved(self) -> Self:
        """Those whose last verdicts of both roles are approvals."""
        said = {role: Subquery(_last_approval(role).values("verdict")[:1]) for role in ROLES}
        return self.alias(**said).filter(**dict.fromkeys(ROLES, "approved"))

    def lacking(self, *roles: str, apart_from: int | None = None) -> Self:
        """The latest version of each ad, where nobody has judged it yet in one of these roles.

        With `apart_from`, without roles whose other one this user approved it in.
        """
        newer = self.model.objects.filter(creative=OuterRef("creative"), number__gt=OuterRef("number"))
        missing = Q(pk=None)
        for role in roles:
            missing |= Q(~Exists(_last_approval(role)), ~Exists(_approvals_in_others(role, apart_from)))
        return self.to_review().filter(missing, ~Exists(newer)) if roles else self.none()


def _last_approval(role: str, before: datetime | None = None) -> models.QuerySet["Approval"]:
    """What was said last of a version in a role; what was said before the roles were apart counts for both."""
    approvals = apps.get_model("sponsors", "Approval").objects.filter(version=OuterRef("pk"), role__in=[role, "both"])
    return (approvals.filter(at__lt=before) if before else approvals).order_by("-id")


def _approvals_in_others(role: str, by: int | None) -> models.QuerySet["Approval"]:
    """Where a user has approved a version in another role than this one."""
    approvals = apps.get_model("sponsors", "Approval").objects
    others = [each for each in ROLES if each != role]
    return approvals.filter(version=OuterRef("pk"), by=by, role__in=others, verdict="approved")


class AdEventQuerySet(models.QuerySet["AdEvent"]):
    def by_claim_and_reason(self) -> "models.QuerySet[AdEvent, tuple[int, str, int]]":
        """(claim, reason, how many); those without a reason are counted."""
        return self.order_by().values_list("claim_id", "reason").annotate(n=Count("id"))


class FlagQuerySet(models.QuerySet["Flag"]):
    def with_verdict(self) -> Self:
        """Adds `verdict`, `decided_at` and `decided_by` of the last decision; None where there is none."""
        decisions = apps.get_model("sponsors", "FlagDecision").objects.filter(flag=OuterRef("pk")).order_by("-id")
        return self.annotate(
            verdict=Subquery(decisions.values("verdict")[:1]), decided_at=Subquery(decisions.values("at")[:1])
        )

    def decided_in_words_of(self, flag: "Flag") -> Self:
        """Those of its sponsor that share words with one, and were decided: `decided` is the last word of a person."""
        people = apps.get_model("sponsors", "FlagDecision").objects.filter(flag=OuterRef("pk"), by__isnull=False)
        shared = reduce(or_, (Q(passages__contains=[passage]) for passage in flag.passages), Q(pk__in=[]))
        decided = Subquery(people.order_by("-id").values("verdict")[:1])
        return self.filter(shared, sponsor=flag.sponsor_id).annotate(decided=decided).exclude(decided=None)

    def standing(self) -> Self:
        """Those whose text is still there."""
        return self.with_verdict().filter(Q(verdict=None) | ~Q(verdict="gone"))

    def open(self) -> Self:
        """Those that wait for a person."""
        return self.with_verdict().filter(Q(verdict=None) | Q(verdict="again"))
