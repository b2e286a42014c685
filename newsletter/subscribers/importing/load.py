"""Staged rows into subscribers, subscriptions and the ledger: a batch and a transaction at a time.

An address that is unknown here, and says nothing but on which side of a list it stands, is added with its acts by one
statement for the whole batch. For anybody who is known, and for suppressions, newsletter.subscribers.standing decides act by act; a
batch in which nobody is known is done with that statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from newsletter.models import Newsletter, Suppression
from newsletter.subscribers import consent, stops
from newsletter.subscribers.consent import Act, Actor, NewAct, Person
from newsletter.subscribers.importing import traits
from newsletter.subscribers.importing.report import IN_WORDS, Report
from newsletter.subscribers.importing.staging import TABLE
from newsletter.subscribers.importing.verdicts import Verdict
from newsletter.subscribers.stops import Stop

BATCH = 10_000
PERSONS = 2_000

_CONSENTED = "(verdict < 2 OR given_at IS NOT NULL)"
_ADD = f"""
    WITH fresh AS (
        INSERT INTO newsletter_subscriber (email, canonical, name, suppressed, attributes, created_at)
        SELECT email, canonical, name, '', coalesce(nullif(attributes, ''), '{{}}')::jsonb, now()
        FROM {TABLE} WHERE n BETWEEN %(first)s AND %(last)s AND verdict <= 2
            AND canonical <> ALL(%(suppressed)s::text[])
        ORDER BY n ON CONFLICT DO NOTHING RETURNING id, canonical
    ), person AS (
        SELECT fresh.id, row.* FROM fresh JOIN {TABLE} row USING (canonical)
        WHERE n BETWEEN %(first)s AND %(last)s
    ), subscribed AS (
        INSERT INTO newsletter_subscription (newsletter_id, subscriber_id, state, since, source, requested_at,
            requested_from, consent_text, confirmed_at, confirmed_from, unsubscribed_at, unsubscribed_by)
        SELECT %(newsletter)s, id, (ARRAY['confirmed', 'pending', 'unsubscribed'])[verdict + 1], now(), %(way)s,
            given_at, CASE WHEN {_CONSENTED} THEN network ELSE '' END, '',
            CASE WHEN verdict <> 1 THEN given_at END,
            CASE WHEN verdict <> 1 AND {_CONSENTED} THEN network ELSE '' END,
            CASE verdict WHEN 2 THEN stopped_at END, CASE verdict WHEN 2 THEN left(%(way)s, 40) ELSE '' END
        FROM person ORDER BY id
    ), acted AS (
        INSERT INTO newsletter_consentact (subscriber_id, digest, newsletter_id, act, actor, by_name, way, given_at,
            recorded_at, network, note)
        SELECT id, '', %(newsletter)s, act, 'import', '', %(way)s, at, now(), origin, why FROM (
            SELECT id, CASE verdict WHEN 1 THEN 'asked' ELSE 'imported' END AS act, given_at AS at, network AS origin,
                '' AS why, 0 AS place FROM person WHERE {_CONSENTED}
            UNION ALL SELECT id, 'left', stopped_at, '', reason, 1 FROM person WHERE verdict = 2
        ) AS acts ORDER BY id, place
    )
    SELECT verdict, array_agg(id) FROM person GROUP BY verdict
"""
_UNKNOWN = f"""
    SELECT row.canonical, row.verdict FROM {TABLE} row
    LEFT JOIN newsletter_subscriber subscriber ON subscriber.canonical = row.canonical
    WHERE row.n BETWEEN %(first)s AND %(last)s AND subscriber.id IS NULL AND row.verdict <= %(highest)s
"""
# Whoever was known before this batch, with what is to be decided.
_KNOWN = f"""
    SELECT row.canonical, subscriber.id, row.verdict, row.given_at, row.stopped_at, row.network, row.reason,
        coalesce(subscription.state, ''), coalesce(subscriber.suppressed, '')
    FROM {TABLE} row
    LEFT JOIN newsletter_subscriber subscriber ON subscriber.canonical = row.canonical
    LEFT JOIN newsletter_subscription subscription
        ON subscription.subscriber_id = subscriber.id AND subscription.newsletter_id = %(newsletter)s
    WHERE row.n BETWEEN %(first)s AND %(last)s
        AND CASE WHEN subscriber.id IS NULL THEN row.verdict > 2 ELSE subscriber.id <> ALL(%(fresh)s::bigint[]) END
    ORDER BY row.n
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A row about an address that is known here, or is to be suppressed."""

    canonical: str
    subscriber_id: int | None
    verdict: Verdict
    given_at: datetime | None
    stopped_at: datetime | None
    network: str
    reason: str
    state: str
    suppressed: str

    @property
    def changes_nothing(self) -> bool:
        """Whether that can be told without a look at the ledger."""
        if self.verdict <= Verdict.UNCONFIRMED:
            settled = self.state in ("confirmed", "unsubscribed") or (
                self.verdict == Verdict.UNCONFIRMED and self.state
            )
            return bool(settled or self.suppressed)
        return self.verdict == Verdict.OFF and self.state == "unsubscribed"


class Loader:
    """Loads staged rows into one newsletter."""

    def __init__(self, cursor: Any, newsletter: Newsletter, way: str, report: Report):
        self.cursor, self.newsletter, self.report, self.way = cursor, newsletter, report, way[:80]

    def load(self, rows: int, *, has_traits: bool) -> Iterator[int]:
        """Load batch by batch; yields how many of the rows are done. `has_traits`: whether any has tags or attributes."""
        if has_traits:
            traits.make_tags(self.cursor)
        for first in range(1, rows + 1, BATCH):
            last = min(first + BATCH - 1, rows)
            with transaction.atomic():
                self._load_batch({"first": first, "last": last, "newsletter": self.newsletter.pk})
                if has_traits:
                    traits.give(self.cursor, first, last)
            yield last

    def _load_batch(self, batch: dict[str, Any]) -> None:
        suppressed = self._suppressed(batch)
        off = self._digests(batch, Verdict.OFF) if self._has_stops(batch) else {}
        self.cursor.execute(_ADD, batch | {"way": self.way, "suppressed": suppressed})
        fresh = {Verdict(verdict): ids for verdict, ids in self.cursor.fetchall()}
        self._count_fresh(fresh)
        self.report.left_alone += len(suppressed)
        self._keep_outside([digest for canonical, digest in off.items() if canonical not in set(suppressed)])
        added = [key for ids in fresh.values() for key in ids]
        if len(added) == batch["last"] - batch["first"] + 1:
            return
        self.cursor.execute(_KNOWN, batch | {"fresh": added})
        known = [Known(row[0], row[1], Verdict(row[2]), *row[3:]) for row in self.cursor.fetchall()]
        for start in range(0, len(known), PERSONS):
            self._decide(known[start : start + PERSONS])

    def _count_fresh(self, fresh: dict[Verdict, list[int]]) -> None:
        report = self.report
        report.added += sum(map(len, fresh.values()))
        report.mailable += len(fresh.get(Verdict.ON, []))
        if Verdict.OFF in fresh:
            report.stopped[IN_WORDS[Verdict.OFF]] += len(fresh[Verdict.OFF])

    def _has_stops(self, batch: dict[str, Any]) -> bool:
        self.cursor.execute(
            f"SELECT EXISTS (SELECT FROM {TABLE} WHERE n BETWEEN %(first)s AND %(last)s AND verdict = 2)", batch
        )
        return bool(self.cursor.fetchone()[0])

    def _digests(self, batch: dict[str, Any], verdict: Verdict) -> dict[str, str]:
        """The digests of the unknown addresses that a batch says left."""
        self.cursor.execute(_UNKNOWN, batch | {"highest": verdict.value})
        return {row[0]: Suppression.digest_of(row[0]) for row in self.cursor.fetchall() if row[1] == verdict}

    def _suppressed(self, batch: dict[str, Any]) -> list[str]:
        """The unknown addresses of a batch that are suppressed here: they do not come in."""
        if not Suppression.objects.exists():
            return []
        self.cursor.execute(_UNKNOWN, batch | {"highest": Verdict.OFF.value})
        digests = {Suppression.digest_of(canonical): canonical for canonical, _ in self.cursor.fetchall()}
        found = Suppression.objects.filter(digest__in=[*digests]).values_list("digest", flat=True)
        return [digests[digest] for digest in found]

    def _keep_outside(self, digests: Sequence[str]) -> None:
        at = timezone.now().isoformat()
        lines = [Stop(at, Act.LEFT, digest, self.newsletter.slug) for digest in digests]
        if lines:
            transaction.on_commit(lambda: stops.append(lines), robust=True)

    def _decide(self, rows: list[Known]) -> None:
        """Record what a file says of those who are known, where it changes something."""
        doubtful = [row for row in rows if not row.changes_nothing]
        people = {row.canonical: Person(Suppression.digest_of(row.canonical), row.subscriber_id) for row in doubtful}
        histories = consent.acts_of(people.values())
        acts: list[NewAct] = []
        for row in doubtful:
            person = people[row.canonical]
            found = [act for act in self._acts(row, person) if consent.matters(act, histories[person])]
            acts += found
            self._count(row, changed=bool(found))
        for row in rows:
            if row.changes_nothing:
                self._count(row, changed=False)
        consent.record(*acts)

    def _acts(self, row: Known, person: Person) -> list[NewAct]:
        about = {"way": self.way, "note": row.reason, "given_at": row.stopped_at}
        if row.verdict > Verdict.OFF:
            act = {Verdict.BOUNCED: Act.BOUNCED, Verdict.BLOCKED: Act.SUPPRESSED, Verdict.COMPLAINED: Act.COMPLAINED}
            return [NewAct(person, act[row.verdict], Actor.IMPORT, **about)]  # type: ignore[arg-type]
        key = self.newsletter.pk
        start = Act.ASKED if row.verdict == Verdict.UNCONFIRMED else Act.IMPORTED
        given = NewAct(person, start, Actor.IMPORT, key, way=self.way, network=row.network, given_at=row.given_at)
        if row.verdict < Verdict.OFF:
            return [given]
        left = NewAct(person, Act.LEFT, Actor.IMPORT, key, **about)  # type: ignore[arg-type]
        return [given, left] if row.given_at and not row.state else [left]

    def _count(self, row: Known, *, changed: bool) -> None:
        report = self.report
        if changed and row.verdict >= Verdict.OFF:
            report.stopped[IN_WORDS[row.verdict]] += 1
        if changed and not row.state and row.verdict <= Verdict.OFF:
            report.added += 1
            report.mailable += row.verdict == Verdict.ON
        elif changed and row.verdict > Verdict.OFF:
            report.suppressed += 1
        elif not changed and (row.verdict > Verdict.OFF or row.suppressed or row.state == "unsubscribed"):
            report.left_alone += 1
        else:
            report.known += 1
