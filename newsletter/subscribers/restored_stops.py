"""Stops after a restore: whoever said no since the backup was made is stopped again, and erased again."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core.lib import batches
from newsletter.models import ConsentAct, Newsletter, Subscriber, Subscription, Suppression
from newsletter.subscribers import consent, stops, subscriptions
from newsletter.subscribers.consent import Act, Actor, NewAct, Person
from newsletter.subscribers.standing import STRENGTH, SUPPRESSES, Reason, Standing, state
from newsletter.subscribers.stops import Stop

WAY = "kept outside the restored backup"
DEPARTURES = (
    Act.LEFT,
    Act.CHANGED,
)  # a changed address: the old one gets no more, and the new one is not in the backup


def reapply() -> int:
    """Bring the restored ledger up to the file of stops; return how many persons it changed. Doing it twice changes nothing."""
    events: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops.read():
        events[stop.digest].append(stop)
    slugs = dict(Newsletter.objects.values_list("slug", "pk"))
    known = _subscribers(events.keys())
    return sum(batches.each(events, lambda digest: _settle(Person(digest, known.get(digest)), events[digest], slugs)))


def _subscribers(digests: object) -> dict[str, int]:
    rows = Subscriber.objects.order_by("pk").values_list("pk", "canonical")
    pairs = ((Suppression.digest_of(canonical), key) for key, canonical in rows.iterator())
    return {digest: key for digest, key in pairs if digest in digests}  # type: ignore[operator]


@transaction.atomic
def _settle(person: Person, events: list[Stop], slugs: dict[str, int]) -> bool:
    """Apply what is missing about one person; whether anything was."""
    about_address = [stop for stop in events if not stop.newsletter]
    wanted = state(ConsentAct(act=stop.act) for stop in about_address).suppressed
    standing = consent.standings_of([person])[person]
    if _lacks_erasure(person, about_address, wanted, standing):
        person = _erased(person)
        lifts = [] if wanted else [NewAct(person, Act.LIFTED, Actor.RESTORE, way=WAY)]
        consent.record(*lifts, *_suppressions(person, about_address, wanted, Standing(suppressed=Reason.ERASED)))
        return True
    about_lists = [stop for stop in events if stop.newsletter]
    last = {stop.newsletter: stop for stop in about_lists if stop.act in (*DEPARTURES, Act.CONFIRMED)}
    acts = [act for stop in last.values() if (act := _departure(person, stop, standing, slugs))]
    latest = {stop.newsletter: stop for stop in about_lists}
    acts += [act for stop in latest.values() if (act := _pause(person, stop, standing, slugs))]
    acts += _suppressions(person, about_address, wanted, standing)
    consent.record(*acts)
    return bool(acts)


def _lacks_erasure(person: Person, about_address: list[Stop], wanted: str, standing: Standing) -> bool:
    """Whether the ledger knows of no erasure, or only of one from before the person came back and was erased again."""
    if all(stop.act != Act.ERASED for stop in about_address):
        return False
    known = ConsentAct.objects.filter(digest=person.digest, act=Act.ERASED).exists()
    return not known or (wanted == Reason.ERASED and standing.suppressed != Reason.ERASED)


def _erased(person: Person) -> Person:
    if subscriber := Subscriber.objects.filter(pk=person.subscriber_id or 0).first():
        subscriptions.erase(subscriber, actor=Actor.RESTORE, way=WAY)
    else:
        consent.record(NewAct(person, Act.ERASED, Actor.RESTORE, way=WAY))
    return Person(person.digest)


def _departure(person: Person, stop: Stop, standing: Standing, slugs: dict[str, int]) -> NewAct | None:
    """The act by which somebody left a list, if the ledger lacks it."""
    at, key = datetime.fromisoformat(stop.at), slugs.get(stop.newsletter)
    found = standing.lists.get(key or 0)
    if stop.act not in DEPARTURES or key is None or found is None or found.state == Subscription.State.UNSUBSCRIBED:
        return None
    if found.confirmed_at and found.confirmed_at > at:
        return None
    return NewAct(person, Act.LEFT, Actor.RESTORE, key, way=WAY, given_at=at)


def _pause(person: Person, stop: Stop, standing: Standing, slugs: dict[str, int]) -> NewAct | None:
    """The pause that somebody is in, if the ledger lacks it."""
    found = standing.lists.get(key := slugs.get(stop.newsletter) or 0)
    if stop.act != Act.PAUSED or found is None or found.state != Subscription.State.CONFIRMED:
        return None
    at, until = datetime.fromisoformat(stop.at), datetime.fromisoformat(stop.until)
    if until <= timezone.now() or found.paused_until == until or (found.confirmed_at and found.confirmed_at > at):
        return None
    return NewAct(person, Act.PAUSED, Actor.RESTORE, key, way=WAY, given_at=at, until=until)


def _suppressions(person: Person, about_address: list[Stop], wanted: str, standing: Standing) -> list[NewAct]:
    """The act that suppressed an address, if the ledger has none as strong."""
    if STRENGTH.index(wanted) <= STRENGTH.index(standing.suppressed):
        return []
    stop = next(stop for stop in reversed(about_address) if SUPPRESSES.get(Act(stop.act)) == wanted)
    return [NewAct(person, stop.act, Actor.RESTORE, way=WAY, given_at=datetime.fromisoformat(stop.at))]
