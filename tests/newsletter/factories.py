"""What the tests of newsletters are made of."""

from datetime import timedelta

from django.utils import timezone

from core.models import SiteProfile, User
from newsletter.models import (
    Briefing,
    BriefingItem,
    Delivery,
    Hit,
    Newsletter,
    Subscriber,
    Subscription,
    Suppression,
    TrackedLink,
)
from newsletter.subscribers import consent, sign_ups, standing


def newsletter(**fields):
    fields = {"name": "Weekly", "slug": "weekly", "is_default": True, "undo_seconds": 0} | fields
    return Newsletter.objects.create(**fields)


def subscriber(email="ann@example.com", **fields):
    return Subscriber.objects.create(email=email, canonical=email.lower(), **fields)


def subscription(to, email="ann@example.com", *, state="confirmed", **fields):
    """A subscription that came about by acts in the ledger; `fields` then say otherwise than they do."""
    person = Subscriber.objects.filter(canonical=email.lower()).first() or subscriber(email)
    ways = {"pending": ["asked"], "confirmed": ["asked", "confirmed"], "unsubscribed": ["asked", "confirmed", "left"]}
    of = consent.person(person)
    consent.record(*(consent.NewAct(of, act, "subscriber", to.pk, way="test") for act in ways[state]))
    Subscription.objects.filter(subscriber=person, newsletter=to).update(**fields)
    return Subscription.objects.get(subscriber=person, newsletter=to)


def sign_up(email="ann@example.com", **fields):
    """A sign-up that the worker has looked at."""
    sign_ups.request_subscription(email=email, **{"source": "form"} | fields)
    sign_ups.settle_due()


def suppression(reason, email="ann@example.com", *, note=""):
    """A suppressed address, by an act in the ledger."""
    act = next(act for act, found in standing.SUPPRESSES.items() if found == reason)
    consent.record(consent.NewAct(consent.person_at(email), act, "server", note=note))
    return Suppression.objects.of(email).get()


def subscriptions(to, count):
    """So many confirmed subscribers, reader0@… and on."""
    people = Subscriber.objects.bulk_create(
        Subscriber(email=f"reader{number}@example.com", canonical=f"reader{number}@example.com")
        for number in range(count)
    )
    of = [consent.person(person) for person in people]
    consent.record(*(consent.NewAct(person, "confirmed", "subscriber", to.pk, way="test") for person in of))


def profile(**fields):
    """The site's profile with what a briefing must carry."""
    row = SiteProfile.objects.first() or SiteProfile()
    for name, value in ({"name": "Perigee", "postal_address": "1 Harbour Street, Port Vesper"} | fields).items():
        setattr(row, name, value)
    row.save()
    return row


def briefing(of, **fields):
    """A draft that is ready to go out."""
    profile()
    items = fields.pop(
        "items", [{"heading": "Where bridges break", "text": "Six of them.", "url": "https://example.com/a"}]
    )
    fields = {
        "subject": "Six bridges",
        "preheader": "And a staircase",
        "introduction": "Good morning.",
        "issue_date": timezone.now().date(),
        "slug": f"issue-{Briefing.objects.count() + 1}",
    } | fields
    made = Briefing.objects.create(newsletter=of, **fields)
    for position, item in enumerate(items):
        BriefingItem.objects.create(briefing=made, ordering=10 * (position + 1), **item)
    return made


def approved(of, **fields):
    from newsletter.sending import approval

    made = briefing(of, **fields)
    approval.approve(made, by=user())
    return made


def frozen(of, **fields):
    """A briefing whose deliveries stand ready."""
    from newsletter.sending import freeze

    made = approved(of, **fields)
    Briefing.objects.filter(pk=made.pk).update(scheduled_at=timezone.now())  # nobody takes it back
    assert freeze.freeze(made.pk), Briefing.objects.get(pk=made.pk).trouble
    made.refresh_from_db()
    return made


def sent(of, *, days_ago=1, delivered=1000, opened=300, clicked=25, **fields):
    """A briefing that went out, and the counted hits of those who read it."""
    at = timezone.now() - timedelta(days=days_ago)
    times = dict.fromkeys(["scheduled_at", "approved_at", "frozen_at", "first_sent_at", "sent_at"], at)
    counts = {"candidates": delivered, "delivered": delivered}
    made = briefing(of, state="sent", issue_date=at.date(), **times, **counts, **fields)
    read = [Delivery(briefing=made, state="sent", sent_at=at) for _ in range(max(opened, clicked))]
    read = Delivery.objects.bulk_create(read)
    link = TrackedLink.objects.create(briefing=made, number=1, url="https://example.com/a")
    opens = [Hit(delivery=delivery, kind="open", verdict="valid") for delivery in read[:opened]]
    clicks = [Hit(delivery=delivery, kind="click", link=link, verdict="valid") for delivery in read[:clicked]]
    Hit.objects.bulk_create(opens + clicks)
    return made


def user(email="editor@example.com", *, role="", **fields):
    """Someone of the newsroom, in one role."""
    from django.contrib.auth.models import Group

    made = User.objects.filter(email=email).first() or User.objects.create_user(email, "pw", **fields)
    if role:
        made.groups.add(Group.objects.get(name=role))
    return made


def published(title="Where bridges break", **document):
    """An article that readers see."""
    from articles.documents import create_article
    from articles.publishing import publish

    body = [{"type": "richtext", "html": "<p>Six of them.</p>"}]
    article = create_article({"version": 1, "title": title, "standfirst": f"On {title}.", "blocks": body} | document)
    return publish(article)


def tagged(person, *names):
    """A subscriber with these tags."""
    from newsletter.subscribers import traits

    traits.set_tags(person, names)
    return person


def field(name="Town", kind="text", **fields):
    """A field that every subscriber's page has."""
    from newsletter.models import SubscriberField

    fields = {"key": name.lower().replace(" ", "-")} | fields
    return SubscriberField.objects.create(name=name, kind=kind, **fields)


def sign_in(client, role):
    client.force_login(user(f"{role.replace(' ', '.')}@example.com", role=role))
    return client
