"""The one way into the consent ledger: `record` adds acts and, in the same transaction, brings what sending reads up to them.

Every act enters here, from the forms, the links in letters, the admin, imports, bounces and complaints alike; the columns of
Subscription, Subscriber.suppressed and Suppression then say what newsletter.subscribers.standing makes of the ledger. Only the bulk
import writes the rows of unknown addresses by a statement of its own, which a test compares with that rule.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.lib.text import one_line, without_addresses
from newsletter import events
from newsletter.models import ConsentAct, Newsletter, Subscriber, Subscription, Suppression, Wording
from newsletter.subscribers import enrolments, stops
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.standing import SUPPRESSES, Membership, Standing, state

Act, Actor = ConsentAct.Act, ConsentAct.Actor

ENDS_MAIL = {Act.LEFT, *SUPPRESSES}
KEPT_OUTSIDE = {Act.LEFT, Act.CONFIRMED, Act.PAUSED, Act.RESUMED, Act.LIFTED, *SUPPRESSES}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to whom acts belong: an address by its digest, and its subscriber if there is one."""

    digest: str
    subscriber_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewAct:
    """An act to record. `given_at` is the time as the source gave it; None if it is now, or not known."""

    person: Person
    act: str
    actor: str
    newsletter_id: int | None = None
    way: str = ""
    network: str = ""
    note: str = ""
    wording: str = ""
    by_name: str = ""
    given_at: datetime | None = None
    change: str = ""
    until: datetime | None = None


def person(subscriber: Subscriber) -> Person:
    return Person(Suppression.digest_of(subscriber.canonical), subscriber.pk)


def person_at(canonical: str) -> Person:
    """Whoever has an address, a subscriber or not."""
    key = Subscriber.objects.filter(canonical=canonical).values_list("pk", flat=True).first()
    return Person(Suppression.digest_of(canonical), key)


def person_of(digest: str) -> Person:
    """Whoever has the suppressed address of a digest."""
    found = suppressed_at([digest]).get(digest)
    return Person(digest, found.pk if found else None)


def suppressed_at(digests: Collection[str]) -> dict[str, Subscriber]:
    """The suppressed subscribers by the digests of their addresses. Nothing leads back from a digest, so all are tried."""
    wanted, found = set(digests), dict[int, str]()
    rows = Subscriber.objects.exclude(suppressed="").values_list("pk", "canonical").order_by("pk")
    for key, canonical in rows.iterator() if wanted else ():
        if (digest := Suppression.digest_of(canonical)) in wanted:
            found[key] = digest
            if len(found) == len(wanted):
                break
    return {found[row.pk]: row for row in Subscriber.objects.filter(pk__in=found)}


def subscriber_at(address: Address) -> Subscriber:
    """The subscriber of an address, made if there is none, with what the ledger says of the address."""
    found, created = Subscriber.objects.get_or_create(canonical=address.canonical, defaults={"email": address.email})
    if created and (suppression := Suppression.objects.of(address.canonical).first()):
        found.suppressed = suppression.reason
        found.save(update_fields=["suppressed"])
    return found


@transaction.atomic
def record(*acts: NewAct) -> None:
    """Add acts to the ledger in this order, and bring the state of their persons up to them."""
    there = lock(act.person for act in acts)
    acts = tuple(act for act in acts if act.newsletter_id is None or act.person.subscriber_id in there)
    wordings = {act.wording: _wording(act.wording) for act in acts if act.wording}
    ConsentAct.objects.bulk_create(_row(act, wordings) for act in acts)
    _project({act.person for act in acts}, {act.newsletter_id for act in acts if act.newsletter_id})
    events.announce_acts(acts)
    if ended := {act.person.subscriber_id for act in acts if act.act in ENDS_MAIL and act.person.subscriber_id}:
        enrolments.end_where_mail_ends(ended)
    if any(act.act in KEPT_OUTSIDE for act in acts):
        transaction.on_commit(lambda: keep_outside(acts), robust=True)


def lock(persons: Iterable[Person], *, for_good: bool = False) -> set[int]:
    """Lock the subscribers among these persons until the transaction ends; return those who are still there.

    Deliveries are locked before them, and enrolments after them. `for_good`: they are deleted, so nothing new may refer to them.
    """
    keys = {found.subscriber_id for found in persons if found.subscriber_id}
    rows = Subscriber.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=not for_good)
    return set(rows.values_list("pk", flat=True))


def _row(act: NewAct, wordings: dict[str, int]) -> ConsentAct:
    about_list = act.newsletter_id is not None
    return ConsentAct(
        subscriber_id=act.person.subscriber_id if about_list else None,
        digest="" if about_list else act.person.digest,
        newsletter_id=act.newsletter_id,
        act=act.act,
        change=act.change,
        until=act.until,
        actor=act.actor,
        by_name=act.by_name[:150],
        way=act.way[:80],
        wording_id=wordings.get(act.wording),
        given_at=act.given_at,
        network=act.network,
        note=one_line(without_addresses(act.note))[:500],
    )


def _wording(text: str) -> int:
    digest = sha256(text.encode()).hexdigest()
    return Wording.objects.get_or_create(digest=digest, defaults={"text": text})[0].pk


def _project(persons: Iterable[Person], newsletters: set[int]) -> None:
    """Bring the columns that sending reads up to what follows from the ledger."""
    standings = standings_of(persons)
    memberships = [
        (found.subscriber_id, key, membership)
        for found, standing in standings.items()
        if found.subscriber_id
        for key, membership in standing.lists.items()
        if key in newsletters
    ]
    texts = Wording.objects.in_bulk({membership.wording_id for *_, membership in memberships if membership.wording_id})
    wanted = [
        _subscription(who, key, membership, texts[membership.wording_id].text if membership.wording_id else "")
        for who, key, membership in memberships
    ]
    columns = [*PROJECTED, "consent_text"]
    Subscription.objects.bulk_create(
        wanted, update_conflicts=True, unique_fields=["subscriber", "newsletter"], update_fields=columns
    )
    _project_suppressions({found.digest: standing for found, standing in standings.items()})
    by_reason: dict[str, list[int]] = defaultdict(list)
    for found, standing in standings.items():
        if found.subscriber_id:
            by_reason[standing.suppressed].append(found.subscriber_id)
    for reason, keys in by_reason.items():
        Subscriber.objects.filter(pk__in=keys).exclude(suppressed=reason).update(suppressed=reason)


def standings_of(persons: Iterable[Person]) -> dict[Person, Standing]:
    """What follows from the ledger for each of several persons."""
    return {found: state(own) for found, own in acts_of(persons).items()}


def matters(act: NewAct, acts: list[ConsentAct]) -> bool:
    """Whether an act would change what follows from a person's acts. If so, it is taken among them."""
    candidate = _row(act, {})
    if state(acts) == state([*acts, candidate]):
        return False
    acts.append(candidate)
    return True


def acts_of(persons: Iterable[Person]) -> dict[Person, list[ConsentAct]]:
    """The acts of each of several persons, in their order."""
    persons = list(persons)
    by_subscriber = {found.subscriber_id: found for found in persons if found.subscriber_id}
    by_digest = {found.digest: found for found in persons}
    acts: dict[Person, list[ConsentAct]] = {found: [] for found in by_digest.values()}
    rows = ConsentAct.objects.filter(Q(subscriber__in=[*by_subscriber]) | Q(digest__in=[*by_digest]))
    for row in rows.select_related("wording", "newsletter").order_by("id"):
        acts[by_subscriber[row.subscriber_id] if row.subscriber_id else by_digest[row.digest]].append(row)
    return acts


PROJECTED = [column.name for column in fields(Membership) if column.name != "wording_id"]


def _subscription(subscriber_id: int, newsletter_id: int, membership: Membership, text: str) -> Subscription:
    values = asdict(membership)
    values.pop("wording_id")
    return Subscription(subscriber_id=subscriber_id, newsletter_id=newsletter_id, consent_text=text, **values)


def _project_suppressions(standings: dict[str, Standing]) -> None:
    known = dict(Suppression.objects.filter(digest__in=[*standings]).values_list("digest", "reason"))
    Suppression.objects.filter(digest__in=[key for key in known if not standings[key].suppressed]).delete()
    changed = [(key, found) for key, found in standings.items() if found.suppressed != known.get(key, "")]
    Suppression.objects.bulk_create(
        [
            Suppression(digest=key, reason=found.suppressed, note=found.note)
            for key, found in changed
            if found.suppressed
        ],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["reason", "note"],
    )


def forget(subscriber: Subscriber) -> None:
    """Delete a subscriber with the acts on lists. Acts about the address stay: they hold only its digest."""
    key = subscriber.pk
    subscriber.delete()
    ConsentAct.objects.filter(subscriber=key).delete()


def erase(subscriber: Subscriber, *, actor: str, way: str, by_name: str = "", note: str = "") -> None:
    """Leave of a subscriber one act that says so, and the digest in it."""
    found = person(subscriber)
    record(NewAct(found, Act.ERASED, actor, way=way, by_name=by_name, note=note))
    forget(subscriber)
    about_it = ConsentAct.objects.filter(digest=found.digest)
    about_it.filter(pk__lt=about_it.filter(act=Act.ERASED).latest("pk").pk).delete()


def keep_outside(acts: Sequence[NewAct]) -> None:
    """Write stops, and what ended them, into the file outside the database."""
    slugs = dict(Newsletter.objects.values_list("pk", "slug"))
    now = timezone.now().isoformat()
    stops.append(
        stops.Stop(
            now,
            str(act.act),
            act.person.digest,
            slugs.get(act.newsletter_id or 0, ""),
            act.until.isoformat() if act.until else "",
        )
        for act in acts
        if act.act in KEPT_OUTSIDE
    )
