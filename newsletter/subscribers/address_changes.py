"""Changes of a subscriber's address: by the person, confirmed at the new one, and by staff.

A link in a letter does not prove that one reads the mailbox, since letters are passed on: a change is asked for on a page
whose link was mailed lately. So nobody takes a subscription over without reading the mail of both addresses.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import retention
from core.lib.networks import network_of
from core.lib.signing import make_token
from core.outbox import queue_mail
from core.ratelimit import allow
from newsletter.models import AddressChange, ConsentAct, Newsletter, Subscriber, Suppression
from newsletter.subscribers import consent, stops
from newsletter.subscribers.addresses import Address, parse_address
from newsletter.subscribers.consent import Act, Actor, NewAct
from newsletter.subscribers.standing import LASTING
from newsletter.subscribers.subscriptions import DAY, absolute, fresh_preferences_token

CONFIRM_WITHIN = timedelta(days=2)
ASKED_PER_DAY = MAILS_PER_ADDRESS_AND_DAY = 3
WAY = "link mailed to the new address"
TAKEN = "This address is a subscriber's already."
REFUSED = "The new address gets no mail: its owner said no, or mail to it came back."


class ChangeRefused(Exception):
    """A change cannot be confirmed; the text says why."""


@transaction.atomic
def ask(subscriber: Subscriber, email: str) -> None:
    """Mail a link to a new address, which has to confirm the change. Raises ValidationError for what cannot be one.

    Whether the new address is known here shows only in the mail it gets: one that subscribes already is told so, and one
    that wants no mail gets none.
    """
    new = parse_address(email)
    if new.canonical == subscriber.canonical:
        raise ValidationError("That is the address we write to already.")
    if not allow(f"address-change:{subscriber.pk}", limit=ASKED_PER_DAY, seconds=DAY):
        raise ValidationError("You have asked for several changes today. Try again tomorrow.")
    consent.lock([consent.person(subscriber)])
    subscriber.address_changes.all().delete()
    if not allow(f"new-address:{new.canonical}", limit=MAILS_PER_ADDRESS_AND_DAY, seconds=DAY):
        return
    if known := Subscriber.objects.filter(canonical=new.canonical).first():
        if known.suppressed not in LASTING:
            url = absolute("newsletter:preferences", fresh_preferences_token(known.pk))
            queue_mail(
                template="address_taken",
                to=known.email,
                context={"preferences_url": url},
                kind="newsletter.address-taken",
            )
    elif not _wants_no_mail(new):
        change = AddressChange.objects.create(subscriber=subscriber, email=new.email)
        url = absolute("newsletter:address-confirm", _token(change))
        queue_mail(template="new_address", to=new.email, context={"confirm_url": url}, kind="newsletter.new-address")


def _wants_no_mail(new: Address) -> bool:
    return Suppression.objects.of(new.canonical).filter(reason__in=LASTING).exists()


def _token(change: AddressChange) -> str:
    return make_token("new-address", change.pk, expires_in=CONFIRM_WITHIN)


@transaction.atomic
def confirm(change: AddressChange, *, ip: str = "") -> Subscriber:
    """Write to the new address from now on, and tell the old one. Raises ChangeRefused where that cannot be any more.

    That the link was opened there lifts a suppression after a bounce or an erasure, as a confirmed sign-up does.
    """
    subscriber = Subscriber.objects.select_for_update().get(pk=change.subscriber_id)
    if not AddressChange.objects.filter(pk=change.pk).exists():
        return subscriber  # another request was faster
    new, old = parse_address(change.email), subscriber.email
    if subscriber.suppressed in LASTING or _wants_no_mail(new):
        raise ChangeRefused("We were asked not to write to one of the two addresses. If that is wrong, write to us.")
    if Subscriber.objects.filter(canonical=new.canonical).exclude(pk=subscriber.pk).exists():
        raise ChangeRefused("This address has signed up by itself meanwhile, and keeps what it chose.")
    network = network_of(ip)
    acts = _move(subscriber, new, actor=Actor.SUBSCRIBER, way=WAY, network=network)
    if Suppression.objects.of(new.canonical).exists():
        acts.append(NewAct(consent.person(subscriber), Act.LIFTED, Actor.SUBSCRIBER, way=WAY, network=network))
    consent.record(*acts)
    queue_mail(template="address_changed", to=old, context={}, kind="newsletter.address-changed")
    return subscriber


@transaction.atomic
def correct(subscriber: Subscriber, address: str, *, way: str, by: str, reason: str) -> None:
    """Have staff correct an address. What the ledger says of the old one stays with that one.

    Raises ValidationError where the new one is no address, is a subscriber's already, or gets no mail.
    """
    new = parse_address(address)
    subscriber = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    if Subscriber.objects.filter(canonical=new.canonical).exclude(pk=subscriber.pk).exists():
        raise ValidationError(TAKEN)
    if subscriber.suppressed in LASTING:
        raise ValidationError("This subscriber wants no mail, at no address: lift the suppression first.")
    if new.canonical != subscriber.canonical and Suppression.objects.of(new.canonical).exists():
        raise ValidationError(REFUSED)
    consent.record(*_move(subscriber, new, actor=Actor.STAFF, way=way, by_name=by, note=reason))


def _move(subscriber: Subscriber, new: Address, **given: Any) -> list[NewAct]:
    """Give a locked subscriber another address, and return the acts to record."""
    retention.forget(subscriber.email)
    lists = list(subscriber.subscriptions.values_list("newsletter", flat=True))
    if new.canonical != subscriber.canonical:
        subscriber.corrected_at = timezone.now()
        _stop_after_a_restore(subscriber, Suppression.digest_of(new.canonical), lists, subscriber.corrected_at)
    subscriber.email, subscriber.canonical = new.email, new.canonical
    subscriber.suppressed = Suppression.objects.of(new.canonical).values_list("reason", flat=True).first() or ""
    subscriber.save(update_fields=["email", "canonical", "corrected_at", "suppressed"])
    subscriber.address_changes.all().delete()
    person = consent.person(subscriber)
    return [NewAct(person, Act.CHANGED, newsletter_id=key, change=ConsentAct.Change.ADDRESS, **given) for key in lists]


def _stop_after_a_restore(subscriber: Subscriber, new: str, lists: list[int], at: datetime) -> None:
    """Have a restored backup, which knows only the old address, not write to it any more; unless it is the new one again."""
    old = consent.person(subscriber)
    slugs = Newsletter.objects.filter(pk__in=lists).values_list("slug", flat=True)
    lines = [stops.Stop(at.isoformat(), Act.CHANGED, old.digest, slug) for slug in slugs]
    confirmed = subscriber.subscriptions.confirmed().values_list("newsletter__slug", flat=True)
    lines += [stops.Stop(at.isoformat(), Act.CONFIRMED, new, slug) for slug in confirmed]
    transaction.on_commit(lambda: stops.append(lines), robust=True)
