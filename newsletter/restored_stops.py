"""Stops after a restore: whoever said no since the backup was made is stopped again, and erased again."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from newsletter import consent, stops, subscriptions
from newsletter.consent import Act, Actor, NewAct, Person
from newsletter.models import ConsentAct, Newsletter, Subscriber, Subscription, Suppression
from newsletter.standing import SUPPRESSES, Standing
from newsletter.stops import Stop

WAY = "kept outside the restored backup"


def reapply() -> int:
    """Bring the restored ledger up to the file of stops; return how many persons it changed. Doing it twice changes nothing."""
    events: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops.read():
        events[stop.digest].append(stop)
    slugs = dict(Newsletter.objects.values_list("slug", "pk"))
    known = _subscribers(events.keys())
    return sum(_settle(Person(digest, known.get(digest)), found, slugs) for digest, found in events.items())


def _subscribers(digests: object) -> dict[str, int]:
    rows = Subscriber.objects.order_by("pk").values_list("pk", "canonical")
    pairs = ((Suppression.digest_of(canonical), key) for key, canonical in rows.iterator())
    return {digest: key for digest, key in pairs if digest in digests}  # type: ignore[operator]


@transaction.atomic
def _settle(person: Person, events: list[Stop], slugs: dict[str, int]) -> bool:
    """Apply what is missing about one person; whether anything was."""
    erased = any(stop.act == Act.ERASED for stop in events)
    if erased and not ConsentAct.objects.filter(digest=person.digest, act=Act.ERASED).exists():
        return _erase(person, events)
    standing = consent.standings_of([person])[person]
    last = {stop.newsletter: stop for stop in events}
    acts = [act for stop in last.values() if (act := _missing(person, stop, standing, slugs))]
    consent.record(*acts)
    return bool(acts)


def _erase(person: Person, events: list[Stop]) -> bool:
    if subscriber := Subscriber.objects.filter(pk=person.subscriber_id or 0).first():
        subscriptions.erase(subscriber, actor=Actor.RESTORE, way=WAY)
    else:
        consent.record(NewAct(person, Act.ERASED, Actor.RESTORE, way=WAY))
    if [stop for stop in events if not stop.newsletter][-1].act == Act.LIFTED:
        consent.record(NewAct(Person(person.digest), Act.LIFTED, Actor.RESTORE, way=WAY))
    return True


def _missing(person: Person, stop: Stop, standing: Standing, slugs: dict[str, int]) -> NewAct | None:
    """The act that the ledger lacks because of a stop; None for a return, and where the ledger knows already."""
    at, key = datetime.fromisoformat(stop.at), slugs.get(stop.newsletter)
    if stop.act == Act.LEFT and key and (found := standing.lists.get(key)):
        confirmed_later = found.confirmed_at and found.confirmed_at > at
        if found.state != Subscription.State.UNSUBSCRIBED and not confirmed_later:
            return NewAct(person, Act.LEFT, Actor.RESTORE, key, way=WAY, given_at=at)
    if stop.act in SUPPRESSES and standing.suppressed == "" and stop.act != Act.ERASED:
        return NewAct(person, stop.act, Actor.RESTORE, way=WAY, given_at=at)
    return None
