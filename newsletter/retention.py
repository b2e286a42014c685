"""What the newsletter keeps of persons: for how long, and what deletes it."""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core import bulk_acts, retention, upload_runs
from core.lib import batches
from core.retention import Column, days
from newsletter.models import (
    AddressChange,
    Briefing,
    BulkAct,
    ConsentAct,
    Delivery,
    Enrolment,
    Hit,
    Subscriber,
    Subscription,
)
from newsletter.sending import pace
from newsletter.subscribers import address_changes, import_runs, sign_ups, subscriptions
from newsletter.subscribers.consent import Actor

SIGN_UPS_KEPT_FOR = timedelta(days=30)
ORIGINS_KEPT_FOR = timedelta(days=30)
EVIDENCE_KEPT_FOR = timedelta(days=365)
READING_KEPT_FOR = timedelta(days=400)  # thirteen months, so that a year can be compared with the one before
LEFT_KEPT_FOR = timedelta(days=1096)  # three years, for as long as somebody may ask why we wrote to them

_SUBSCRIBER = (
    f"as long as it subscribes; {days(LEFT_KEPT_FOR)} after it left, {days(SIGN_UPS_KEPT_FOR)} if it never confirmed"
)
_BY = "the hourly purge; erasure"
_SETTLED = "the worker; the hourly purge; erasure"
COLUMNS = [
    *(
        Column(f"newsletter.Subscriber.{name}", _SUBSCRIBER, _BY)
        for name in ("email", "canonical", "name", "attributes")
    ),
    Column("newsletter.AddressChange.email", f"{days(address_changes.CONFIRM_WITHIN)}, or until it is confirmed", _BY),
    *(
        Column(
            f"newsletter.SignUp.{name}", f"seconds, until it is settled; at most {days(sign_ups.TRIED_FOR)}", _SETTLED
        )
        for name in ("email", "canonical", "name", "network")
    ),
    Column("newsletter.Subscription.asked_name", "until it is confirmed; else as the subscription", _BY),
    Column("newsletter.Subscription.requested_from", days(EVIDENCE_KEPT_FOR), _BY),
    Column("newsletter.Subscription.confirmed_from", days(EVIDENCE_KEPT_FOR), _BY),
    Column("newsletter.ConsentAct.by_name", "as long as its subscriber", "erasure"),
    Column("newsletter.ConsentAct.network", days(EVIDENCE_KEPT_FOR), _BY),
    Column("newsletter.ConsentAct.note", "as long as its subscriber, without addresses", "erasure"),
    Column("newsletter.Suppression.note", "as long as the suppression", "erasure; staff"),
    Column("newsletter.SubscriberImport.by_name", days(upload_runs.REPORTS_KEPT_FOR), "the hourly purge"),
    Column("newsletter.SubscriberImport.columns", days(upload_runs.REPORTS_KEPT_FOR), "the hourly purge"),
    Column(
        "newsletter.SubscriberImport.file_name",
        f"{days(upload_runs.REPORTS_KEPT_FOR)}, without addresses",
        "the hourly purge",
    ),
    Column(
        "newsletter.SubscriberImport.problem",
        f"{days(upload_runs.REPORTS_KEPT_FOR)}, without addresses",
        "the hourly purge",
    ),
    Column(
        "newsletter.SubscriberImport.report",
        f"{days(upload_runs.REPORTS_KEPT_FOR)}, without addresses",
        "the hourly purge",
    ),
    *(
        Column(f"newsletter.BulkAct.{name}", f"{days(bulk_acts.KEPT_FOR)}{rest}", "the hourly purge")
        for name, rest in {"about": ", without addresses", "by_name": "", "reason": "", "problem": ""}.items()
    ),
    Column("newsletter.BulkAct.selection", "until those it is about are found", "finding them"),
    Column("newsletter.Delivery.subscriber", days(READING_KEPT_FOR), _BY),
    Column("newsletter.Delivery.note", f"{days(READING_KEPT_FOR)}, without addresses", _BY),
    Column("newsletter.Enrolment.subscriber", "as long as the subscriber", "erasure"),
    Column("newsletter.Enrolment.trouble", "until the step is done", "the worker"),
    Column("newsletter.Hit.network", days(ORIGINS_KEPT_FOR), _BY),
    Column("newsletter.Hit.user_agent", days(ORIGINS_KEPT_FOR), _BY),
    Column("newsletter.Newsletter.from_name", retention.ORGANISATION, retention.ADMIN),
    Column("newsletter.Newsletter.seeds", retention.ORGANISATION, retention.ADMIN),
    Column("newsletter.Newsletter.from_email", retention.ORGANISATION, retention.ADMIN),
    Column("newsletter.Newsletter.reply_to", retention.ORGANISATION, retention.ADMIN),
    Column("newsletter.Delivery.came_from", "as long as the delivery: a state, no address", "nobody"),
    Column("newsletter.RecipientDomain.note", "until the domain takes letters again, without addresses", "the worker"),
    Column(
        "newsletter.SubscriberTag.name", "as long as staff use the tag; a subscriber's, as the name", retention.ADMIN
    ),
    Column("newsletter.SubscriberField.name", "as long as staff use the field", retention.ADMIN),
    Column("newsletter.LinkCheck.note", "as long as the briefing", "checking its links again"),
    Column("newsletter.BriefingItem.sponsor_name", "for good: the archive is public", "nobody"),
]


def register_all() -> None:
    """Put the keeping times of the newsletter into force."""
    retention.declare(COLUMNS)
    retention.register("sign-ups never settled", sign_ups.delete_unsettled)
    retention.register("sign-ups never confirmed", delete_unconfirmed)
    retention.register("subscriptions ended long ago", delete_left)
    retention.register("changes of address never confirmed", delete_address_changes)
    retention.register("imports of subscribers", import_runs.ENGINE.delete_old)
    retention.register("acts on many subscribers", partial(bulk_acts.delete_old, BulkAct))
    retention.register("subscribers without a subscription", delete_without_subscription)
    retention.register("networks of consent", forget_networks)
    retention.register("networks and browsers of readers", forget_origins)
    retention.register("who read what", forget_readers)
    retention.register("paces of briefings", pace.delete_old)


def delete_unconfirmed() -> int:
    """Delete requests that nobody confirmed."""
    before = timezone.now() - SIGN_UPS_KEPT_FOR
    return batches.delete(Subscription.objects.filter(state="pending", since__lt=before))


def delete_address_changes() -> int:
    """Delete new addresses that nobody confirmed: their links work no more."""
    before = timezone.now() - address_changes.CONFIRM_WITHIN
    return batches.delete(AddressChange.objects.filter(asked_at__lt=before))


def delete_left() -> int:
    """Delete subscriptions that ended long ago, and erase those who have no other; a digest keeps imports from adding them."""

    def act(some: QuerySet[Subscription]) -> int:
        others = Subscription.objects.filter(subscriber=OuterRef("subscriber")).exclude(pk__in=some.values("pk"))
        alone = some.filter(~Exists(others)).values("subscriber")
        went = some.count()
        for subscriber in Subscriber.objects.filter(pk__in=[row["subscriber"] for row in alone]):
            subscriptions.erase(subscriber, actor=Actor.RETENTION, way="left long ago")
        some.delete()
        return went

    before = timezone.now() - LEFT_KEPT_FOR
    left_long_ago = Q(unsubscribed_at__lt=before) | Q(unsubscribed_at__isnull=True, since__lt=before)
    return batches.settle(Subscription.objects.filter(left_long_ago, state="unsubscribed"), act)


def delete_without_subscription() -> int:
    """Delete addresses that are on no list, once nobody can still confirm."""
    before = timezone.now() - SIGN_UPS_KEPT_FOR
    on_a_list = Subscription.objects.filter(subscriber=OuterRef("pk"))
    return batches.settle(Subscriber.objects.filter(~Exists(on_a_list), created_at__lt=before), _forget_all)


def _forget_all(subscribers: QuerySet[Subscriber]) -> int:
    for subscriber in subscribers:
        subscriptions.forget(subscriber)
    return len(subscribers)


def forget_networks() -> int:
    """Empty the networks from which consent was given; its time and words stay."""
    before = timezone.now() - EVIDENCE_KEPT_FOR
    batches.update(ConsentAct.objects.filter(recorded_at__lt=before).exclude(network=""), network="")
    given = Subscription.objects.exclude(requested_from="", confirmed_from="")
    old = given.filter(since__lt=before)
    return batches.update(old, requested_from="", confirmed_from="")


def forget_origins() -> int:
    """Empty the networks and browsers of opens and clicks, which were judged long since."""
    before = timezone.now() - ORIGINS_KEPT_FOR
    return batches.update(
        Hit.objects.filter(at__lt=before).exclude(network="", user_agent=""), network="", user_agent=""
    )


def forget_readers() -> int:
    """Cut the links from old deliveries to their subscribers, briefing by briefing; the counts stay.

    A letter of an automation gets new deliveries for as long as that runs, so each of them has its own age.
    """
    before = timezone.now() - READING_KEPT_FOR
    old = Briefing.every.filter(frozen_at__lt=before)
    ended = old.filter(automation=None, state__in=["sent", "cancelled"]).values_list("pk", flat=True)
    letters = old.letters().values_list("pk", flat=True)
    forgotten = sum(batches.each(ended, _forget_readers_of))
    forgotten += sum(batches.each(letters, partial(_forget_readers_of, before=before)))
    cut = Enrolment.objects.filter(entered_at__lt=before, delivery__isnull=False, delivery__subscriber=None)
    batches.update(cut, delivery=None)
    return forgotten


def _forget_readers_of(briefing_id: int, before: datetime | None = None) -> int:
    known = Delivery.objects.filter(briefing=briefing_id, subscriber__isnull=False)
    if before:
        known = known.filter(Q(sent_at__lt=before) | Q(sent_at=None, due_at__lt=before))
    return batches.update(known, subscriber=None, note="")
