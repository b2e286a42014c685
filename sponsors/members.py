"""Accounts for those sponsors who want one: a member sees all bookings of a sponsor, and nothing of any other."""

from django.db import transaction
from django.db.models import QuerySet

from core import accounts, audit
from core.models import User
from core.transitions import TransitionRefused
from sponsors.models import Booking, Sponsor, SponsorMember

OF_OURS = "This is the address of somebody of ours. An account at a sponsor needs one of theirs."
CLOSED = "The account of this address was closed. It has to be opened again first, or take another address."


def may_ask(row: Booking) -> bool:
    """Whether the address of a booking gets an account by asking: it has to be the one that we know its sponsor by.

    A company's name alone proves nothing, since anybody can type it; for other addresses, staff add a member.
    """
    sponsor = row.sponsor
    return bool(sponsor and row.contact_email and sponsor.contact_email.lower() == row.contact_email.lower())


def ask(row: Booking) -> SponsorMember:
    """Make an account for the address of a booking, and mail it the link to choose a password. Raises TransitionRefused."""
    if row.sponsor is None or not may_ask(row):
        raise TransitionRefused("Write to us from the address that we know you by, and we make an account for you.")
    return add(row.sponsor, email=row.contact_email, by=None)


def add(sponsor: Sponsor, *, email: str, by: User | None) -> SponsorMember:
    """Make somebody a member of a sponsor, with an account if there is none. To do it twice is once, with a new mail.

    Raises TransitionRefused for an address of staff, who see more than a sponsor does, and for a closed account.
    """
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email, is_staff=False)
        if user.is_staff or user.is_superuser:
            raise TransitionRefused(OF_OURS)
        if not user.is_active:
            raise TransitionRefused(CLOSED)
        member, is_new = SponsorMember.objects.get_or_create(sponsor=sponsor, user=user, defaults={"added_by": by})
        if is_new:
            audit.record("gave an account at", sponsor, by=by or "the sponsor", detail=user.email)
        accounts.send_reset_link(user.email)
    return member


def remove(member: SponsorMember, *, by: User) -> None:
    """End a membership; the account stays, and sees nothing of this sponsor."""
    with transaction.atomic():
        audit.record("took the account at", member.sponsor, by=by, detail=member.user.email)
        member.delete()


def bookings_of(user: User) -> QuerySet[Booking]:
    """All bookings of the sponsors that somebody is a member of, the latest first."""
    mine = SponsorMember.objects.filter(user=user).values("sponsor")
    return Booking.objects.filter(sponsor__in=mine).with_first_day().select_related("sponsor").order_by("-requested_at")
