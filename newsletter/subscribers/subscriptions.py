"""Subscriptions: what an address that asked is mailed, confirmation, leaving, and a subscriber's export and erasure."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from core import kept_work, retention
from core.lib import batches
from core.lib.networks import network_of
from core.lib.signing import BadToken, make_token, read_token
from core.outbox import queue_mail
from core.ratelimit import allow
from newsletter.models import AddressChange, ConsentAct, Hit, Newsletter, SignUp, Subscriber, Subscription, Suppression
from newsletter.subscribers import consent, enrolments, welcome
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.consent import Act, Actor, NewAct, Person
from newsletter.subscribers.standing import LASTING, SUPPRESSES

CONSENT_TEXT = "Send me this newsletter by e-mail. I confirm by a link in a first mail and can leave at any time."
CONFIRM_WITHIN = timedelta(days=7)
WELCOMED_WITHIN = timedelta(days=7)
DATA_LINK_LASTS, HOUR_LONG = timedelta(hours=2), timedelta(hours=1)
DATA_LINKS_PER_DAY = 3
UNSUBSCRIBE, PREFERENCES = "unsubscribe", "preferences"  # the purposes of tokens in letters
FRESH = 1  # the last value of such a token
DAY = 86400
CONFIRMATIONS_PER_ADDRESS_AND_DAY = 3
STAYS_FOR = timedelta(days=1)  # so long the same answer adds nothing to the ledger
State = Subscription.State


class LinkSuperseded(Exception):
    """The subscriber left, or got another address, after this link was made, so it must not bring them back."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where consent was given: the place that asked, and the network it came from."""

    source: str
    network: str = ""


@transaction.atomic
def take_request(
    address: Address, newsletter: Newsletter, origin: Origin, *, asked_at: datetime, name: str = ""
) -> Subscription | None:
    """Write down that an address asked for a list, and mail it a link to confirm or, where it is on it, that it is.

    None if the address must not be written to. A request alone changes no state of a subscription that exists. Anybody may have
    typed the name: it waits until the address confirms.
    """
    if Suppression.objects.of(address.canonical).filter(reason__in=LASTING).exists():
        return None
    person = consent.person(consent.subscriber_at(address))
    consent.record(_request(person, newsletter, origin, given_at=asked_at))
    subscription = Subscription.objects.select_related("subscriber", "newsletter").get(
        subscriber=person.subscriber_id, newsletter=newsletter
    )
    if name and subscription.state != State.CONFIRMED:
        Subscription.objects.filter(pk=subscription.pk).update(asked_name=name)
    _send_link(subscription)
    return subscription


def _request(person: Person, newsletter: Newsletter, origin: Origin, *, given_at: datetime | None = None) -> NewAct:
    given: dict[str, Any] = {"way": origin.source, "network": origin.network, "wording": CONSENT_TEXT}
    given["given_at"] = given_at
    return NewAct(person, Act.ASKED, Actor.SUBSCRIBER, newsletter.pk, **given)


def _send_link(subscription: Subscription) -> None:
    """Mail a confirmation link to the address or, at most once a day, that it is subscribed already.

    It is from the newsletter's sender, as what follows is: whoever asked for that one looks for it.
    """
    known = subscription.state == State.CONFIRMED and not subscription.subscriber.suppressed
    kind, limit = ("already-subscribed", 1) if known else ("confirm", CONFIRMATIONS_PER_ADDRESS_AND_DAY)
    if not allow(f"{kind}:{subscription.pk}", limit=limit, seconds=DAY):
        return
    context: dict[str, Any] = {"newsletter": subscription.newsletter}
    if known:
        token = mailed_preferences_token(subscription.subscriber_id)
        context["preferences_url"] = absolute("newsletter:preferences", token)
        context["resume_date"] = subscription.resume_date
    else:
        context["confirm_url"] = absolute("newsletter:confirm", confirm_token(subscription))
    template = "already_subscribed" if known else "confirm_subscription"
    sender, to = subscription.newsletter.sender, subscription.subscriber.email
    queue_mail(template=template, to=to, context=context, kind=f"newsletter.{kind}", sender=sender)


def send_another_link(subscription: Subscription) -> None:
    """Mail a fresh confirmation link to the holder of an expired one, under the same daily limit, unless we must not write."""
    if subscription.subscriber.suppressed in LASTING:
        return
    with transaction.atomic():
        _send_link(subscription)


@transaction.atomic
def confirm(subscription: Subscription, *, issued_at: datetime, ip: str = "", rhythm: str = "") -> bool:
    """Record the consent that a confirmation link proves; return whether mail follows. Doing it twice changes nothing.

    It lifts a suppression after a bounce, since our mail was read, and one after an erasure, since they want to come
    back. Raises LinkSuperseded if the subscriber left, or got another address, after the link was made.
    """
    consent.lock([consent.person(subscription.subscriber)])
    found = Subscription.objects.select_related("subscriber", "newsletter").filter(pk=subscription.pk).first()
    superseded = issued_at + timedelta(seconds=1)
    if found is None or not reaches(found.subscriber, issued_at):
        raise LinkSuperseded
    if found.state == State.UNSUBSCRIBED and found.since >= superseded:
        raise LinkSuperseded
    person, suppressed = consent.person(found.subscriber), found.subscriber.suppressed
    lifts = bool(suppressed) and suppressed not in LASTING and not _suppressed_since(person, superseded)
    way, network = "confirmation link", network_of(ip)
    acts = []
    if lifts or found.state != State.CONFIRMED:
        acts.append(NewAct(person, Act.CONFIRMED, Actor.SUBSCRIBER, found.newsletter_id, way=way, network=network))
    if rhythm not in ("", found.rhythm):
        given: dict[str, Any] = {"change": rhythm, "way": way, "network": network}
        acts.append(NewAct(person, Act.CHANGED, Actor.SUBSCRIBER, found.newsletter_id, **given))
    if lifts:
        acts.append(NewAct(person, Act.LIFTED, Actor.SUBSCRIBER, way=way, network=network))
    consent.record(*acts)
    _take_name(found)
    is_mailable = lifts or not suppressed
    if is_mailable and found.state != State.CONFIRMED:
        _greet(found, confirmed_before=found.confirmed_at)
    return is_mailable


def _take_name(subscription: Subscription) -> None:
    """Call somebody who confirmed as they wrote in the form, unless we know what they are called."""
    if not subscription.asked_name:
        return
    subscriber = subscription.subscriber
    if Subscriber.objects.filter(pk=subscriber.pk, name="").update(name=subscription.asked_name):
        subscriber.name = subscription.asked_name
    Subscription.objects.filter(pk=subscription.pk).update(asked_name="")


def _greet(subscription: Subscription, *, confirmed_before: datetime | None) -> None:
    """Welcome somebody who has just confirmed."""
    welcome.greet(
        subscription,
        confirmed_before=confirmed_before,
        unsubscribe=unsubscribe_token(subscription.subscriber_id, subscription.newsletter_id),
        preferences=mailed_preferences_token(subscription.subscriber_id),
    )


def greet_due() -> int:
    """Welcome those whose welcome mail waits no longer for a decision; return how many wait no more.

    Whoever has left or paused meanwhile, must not be written to, or confirmed more than a week ago gets none.
    """
    now = timezone.now()
    due = Subscription.objects.filter(welcome_due_at__lte=now)
    newsletters = Newsletter.objects.filter(Exists(due.filter(newsletter=OuterRef("pk"))))
    waiting = [row.pk for row in newsletters if welcome.waits(row)]
    late = Q(welcome_due_at__lt=now - WELCOMED_WITHIN)
    return batches.settle(due.filter(late | ~Q(newsletter__in=waiting)), _greet_late)


def _greet_late(some: QuerySet[Subscription]) -> int:
    now = timezone.now()
    rows = list(some.select_related("subscriber", "newsletter").select_for_update(of=("self",), no_key=True))
    settled = some.update(welcome_due_at=None)
    for row in rows:
        is_paused = row.paused_until and row.paused_until > now
        in_time = row.welcome_due_at and row.welcome_due_at > now - WELCOMED_WITHIN
        if in_time and row.state == State.CONFIRMED and not row.subscriber.suppressed and not is_paused:
            _greet(row, confirmed_before=None)
    return settled


def _suppressed_since(person: Person, when: datetime) -> bool:
    """Whether the address was suppressed after a link was made, which then proves nothing against that."""
    acts = ConsentAct.objects.filter(digest=person.digest, act__in=[*SUPPRESSES], recorded_at__gte=when)
    return acts.exists()


@transaction.atomic
def unsubscribe(
    *, subscriber_id: int, newsletter_id: int, by: str, actor: str = Actor.SUBSCRIBER, staff: str = "", note: str = ""
) -> bool:
    """Take a subscriber off a list; whether they were on it. What is unsent skips them when it is claimed."""
    subscriber = Subscriber.objects.select_for_update(no_key=True).filter(pk=subscriber_id).first()
    on_it = Subscription.objects.filter(subscriber=subscriber_id, newsletter=newsletter_id)
    if subscriber is None or not on_it.exclude(state=State.UNSUBSCRIBED).exists():
        return False
    person = consent.person(subscriber)
    consent.record(NewAct(person, Act.LEFT, actor, newsletter_id, way=by, by_name=staff, note=note))
    return True


@transaction.atomic
def stay(*, subscriber_id: int, newsletter_id: int, network: str = "") -> Subscription | None:
    """Write down that somebody who was asked whether they stay on a list does; their subscription, None if they have none.

    It ends a pause by an automation, and no other. An answer that is given again on the same day is no act.
    """
    subscriber = Subscriber.objects.filter(pk=subscriber_id).first()
    if subscriber is None:
        return None
    person = consent.person(subscriber)
    consent.lock([person])
    on_it = Subscription.objects.confirmed().filter(subscriber=subscriber_id, newsletter=newsletter_id)
    if (row := on_it.first()) is None:
        return None
    ended = enrolments.end_stayed(subscriber_id, newsletter_id)
    given: dict[str, Any] = {"way": "button in a letter", "network": network}
    acts: list[NewAct] = []
    before = ConsentAct.objects.filter(subscriber=subscriber_id, newsletter=newsletter_id)
    stays = before.filter(change=ConsentAct.Change.STAYS, recorded_at__gt=timezone.now() - STAYS_FOR)
    if ended or not stays.exists():
        change = ConsentAct.Change.STAYS
        acts.append(NewAct(person, Act.CHANGED, Actor.SUBSCRIBER, newsletter_id, change=change, **given))
    paused = before.filter(act=Act.PAUSED).order_by("-id").first()
    if row.is_paused and paused and paused.actor == Actor.AUTOMATION:
        acts.append(NewAct(person, Act.RESUMED, Actor.SUBSCRIBER, newsletter_id, **given))
    if acts:
        consent.record(*acts)
    return on_it.first()


@transaction.atomic
def join(subscriber: Subscriber, newsletter: Newsletter, origin: Origin) -> None:
    """Put somebody on a list by a page that only their mailbox opens: asked for and confirmed at once."""
    person = consent.person(subscriber)
    consent.lock([person])
    before = subscriber.subscriptions.filter(newsletter=newsletter).values_list("confirmed_at", flat=True).first()
    given: dict[str, Any] = {"way": origin.source, "network": origin.network}
    confirmed = NewAct(person, Act.CONFIRMED, Actor.SUBSCRIBER, newsletter.pk, **given)
    consent.record(_request(person, newsletter, origin), confirmed)
    row = subscriber.subscriptions.select_related("subscriber", "newsletter").get(newsletter=newsletter)
    _greet(row, confirmed_before=before)


def export(subscriber: Subscriber) -> dict[str, Any]:
    """Everything that is kept about a subscriber, for them to have."""
    subscriptions = subscriber.subscriptions.select_related("newsletter").order_by("id")
    deliveries = subscriber.deliveries.select_related("briefing").order_by("id")
    hits = Hit.objects.filter(delivery__subscriber=subscriber).order_by("id")
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "attributes": subscriber.attributes,
        "tags": list(subscriber.tags.values_list("name", flat=True)),
        "known_since": subscriber.created_at,
        "subscriptions": [
            {
                "newsletter": subscription.newsletter.name,
                "state": subscription.state,
                "source": subscription.source,
                "name_in_the_form": subscription.asked_name,
                "requested_at": subscription.requested_at,
                "requested_from": subscription.requested_from,
                "what_the_form_said": subscription.consent_text,
                "confirmed_at": subscription.confirmed_at,
                "confirmed_from": subscription.confirmed_from,
                "unsubscribed_at": subscription.unsubscribed_at,
                "unsubscribed_by": subscription.unsubscribed_by,
                "rhythm": subscription.rhythm,
                "paused_until": subscription.paused_until,
            }
            for subscription in subscriptions
        ],
        "briefings": [
            {"subject": delivery.briefing.title, "state": delivery.state, "sent_at": delivery.sent_at}
            for delivery in deliveries
        ],
        "automations": [
            {
                "name": row.automation.name,
                "newsletter": row.automation.newsletter.name,
                "state": row.state,
                "entered_at": row.entered_at,
                "ended_at": row.ended_at,
                "why_it_ended": row.get_reason_display(),
            }
            for row in subscriber.enrolments.select_related("automation__newsletter").order_by("id")
        ],
        "consent": [
            {"what": act.in_words(), "given_at": act.given_at, "recorded_at": act.recorded_at}
            for act in ConsentAct.objects.about(subscriber).select_related("newsletter")
        ],
        "opens_and_clicks": list(hits.values("kind", "at", "network", "user_agent", "link__url")),
    }


@transaction.atomic
def erase(
    subscriber: Subscriber,
    *,
    actor: str = Actor.SUBSCRIBER,
    way: str = "personal data page",
    by: str = "",
    reason: str = "",
) -> None:
    """Delete a person's data. A digest of the address keeps imports from adding them again."""
    _empty_what_is_counted(subscriber)
    consent.erase(subscriber, actor=actor, way=way, by_name=by, note=reason)


@transaction.atomic
def forget(subscriber: Subscriber) -> None:
    """Delete the data of somebody who never said no, and so may be imported again."""
    _empty_what_is_counted(subscriber)
    consent.forget(subscriber)


def _empty_what_is_counted(subscriber: Subscriber) -> None:
    """Delete a person's data wherever else it lies. Counts of what was sent stay, without a name."""
    Hit.objects.filter(delivery__subscriber=subscriber).update(network="", user_agent="")
    subscriber.deliveries.update(note="")
    consent.lock([consent.person(subscriber)], for_good=True)
    enrolments.end_erased(subscriber)
    AddressChange.objects.filter(email__iexact=subscriber.email).delete()
    SignUp.objects.filter(canonical=subscriber.canonical).delete()
    kept_work.forget(Subscriber, subscriber.pk)
    retention.forget(subscriber.email)


def send_data_link(subscriber: Subscriber) -> None:
    """Mail links to the page of a person's data and to a change of address, which a letter that was passed on does not open."""
    if not allow(f"data-link:{subscriber.pk}", limit=DATA_LINKS_PER_DAY, seconds=DAY):
        return
    context = {
        "data_url": absolute("newsletter:data", data_token(subscriber.pk)),
        "preferences_url": absolute("newsletter:preferences", fresh_preferences_token(subscriber.pk)) + "#address",
        "hours": DATA_LINK_LASTS // HOUR_LONG,
    }
    queue_mail(template="personal_data", to=subscriber.email, context=context, kind="newsletter.personal-data")


def confirm_token(subscription: Subscription) -> str:
    return make_token("confirm", subscription.pk, int(timezone.now().timestamp()), expires_in=CONFIRM_WITHIN)


def issue_time(seconds: int) -> datetime:
    """When a confirmation link was made, from the seconds in its token."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def unsubscribe_token(subscriber_id: int, newsletter_id: int) -> str:
    return make_token(UNSUBSCRIBE, subscriber_id, newsletter_id)


def reader_of(token: str) -> int | None:
    """The subscriber whose letter has this token in its link to leave; None where it is nobody's."""
    try:
        subscriber_id, _ = read_token(UNSUBSCRIBE, token)
    except (BadToken, ValueError):
        return None
    return subscriber_id or None


def reaches(subscriber: Subscriber, issued_at: datetime | None) -> bool:
    """Whether a link was mailed to the address that the subscriber has now; `issued_at`: None if it does not say when."""
    changed = subscriber.corrected_at
    return changed is None or (issued_at is not None and issued_at >= changed)


def data_token(subscriber_id: int) -> str:
    return make_token("personal-data", subscriber_id, int(timezone.now().timestamp()), expires_in=DATA_LINK_LASTS)


def preferences_token(subscriber_id: int) -> str:
    """A token for a page that whoever has an old letter can reach: it opens nothing once the address has changed."""
    return make_token(PREFERENCES, subscriber_id)


def mailed_preferences_token(subscriber_id: int) -> str:
    """A token for a letter: it says when it was made, and so opens the preferences also after an earlier change of address."""
    return make_token(PREFERENCES, subscriber_id, int(time.time()))


def fresh_preferences_token(subscriber_id: int) -> str:
    """A token that was mailed on request, for a while: it may ask for a change of address, which a letter's may not."""
    issued = ceil(timezone.now().timestamp())
    return make_token(PREFERENCES, subscriber_id, issued, FRESH, expires_in=DATA_LINK_LASTS)


def absolute(view: str, *args: str) -> str:
    """The full address of one of our pages, for a mail."""
    return settings.SITE_URL + reverse(view, args=args)
