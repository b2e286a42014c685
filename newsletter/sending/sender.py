"""The pump: one process that sends a briefing's deliveries over several SMTP sessions for some seconds.

Its sessions take turns in one thread, which speaks to the database between them. Each round trip there writes the outcomes
that came in and commits the intents of the next messages, so the more there is to do, the more one commit holds.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from random import uniform

from django.conf import settings
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib.mail import Session, open_session
from core.lib.signing import make_token, signer
from core.lib.smtp import Outcome, Status, wire_data
from core.lib.talks import Talks
from newsletter.mail import return_path
from newsletter.mail.mime import MessageTemplate, PersonalFields
from newsletter.mail.status_codes import Throttled, throttled_by
from newsletter.models import Briefing, MailAccount, SendingRules
from newsletter.sending import accounts, deliveries, looks, pace, subject_tests, throttling, watch
from newsletter.sending.approval import held_on_error
from newsletter.sending.deliveries import ClaimedDelivery
from newsletter.sending.limits import PAUSE, Allowance, Share, one_pump_is_enough
from newsletter.sending.send_journal import SendJournal
from newsletter.sending.sessions import DeliveryEnvelope, Sessions
from newsletter.subscribers.subscriptions import PREFERENCES, UNSUBSCRIBE

logger = logging.getLogger(__name__)

SECONDS = 10
SESSIONS = 5
WINDOW = 10 * SESSIONS  # messages in hand, at least; of those, one for each session is on the wire
WIDEST, WINDOW_SECONDS = 5 * WINDOW, 0.1  # or as many as leave in so long, so that each commit holds more of them
GATHER_SECONDS = 0.05
LOOK_SECONDS = 2.0  # between two looks at what is not asked with every claim
RENEW_SECONDS = 60  # leases hold for some minutes
REFUSALS_IN_A_ROW = watch.IN_A_ROW
MESSAGE = "message"  # the purpose of its token
LANES = 64  # the most pumps that one briefing can have


@dataclass(frozen=True, slots=True)
class Again:
    """There may be more to send, in so many seconds."""

    after: float = 0.0


def pump(briefing_id: int) -> Again | None:
    """Send what is due of a briefing; when to come back, if there may be more. Without a free lane nothing is done."""
    briefing = Briefing.every.select_related("message", "newsletter").filter(pk=briefing_id).first()
    if briefing is None or not (briefing.state == Briefing.State.SENDING or briefing.retrying):
        return None
    again = None
    with held_on_error(briefing):
        if briefing.newsletter.quiet_ends(timezone.now()):
            return None
        lanes = range(briefing_id * LANES, briefing_id * LANES + min(settings.NEWSLETTER_PUMPS, LANES))
        with advisory_locks.first_free(AdvisoryLock.SENDING, lanes) as lane:
            if lane is None or (lane > lanes.start and one_pump_is_enough()):
                return None
            seconds = uniform(0.7, 1.3) * SECONDS  # else all of a briefing's pumps would rest together
            again = Pump(briefing).run(until=time.monotonic() + seconds)
        deliveries.reconcile(briefing_id)
    return again


class Way:
    """A way out for this run: an account, or EMAIL_URL where there is none, with its sessions and its share."""

    def __init__(self, account: MailAccount | None, sessions: Sessions) -> None:
        self.account, self.sessions, self.share = account, sessions, Share(account)

    @property
    def is_open(self) -> bool:
        return self.sessions.open > 0 and not self.share.is_over


class Pump:
    """One run of a pump over a briefing."""

    def __init__(self, briefing: Briefing, *, renew_every: float = RENEW_SECONDS):
        self.briefing, self.renew_every = briefing, renew_every
        messages = subject_tests.messages(briefing)
        self.winner = messages.winner
        self.messages = {
            number: (MessageTemplate(wire_data(data)), PersonalFields(personal))
            for number, (data, personal) in messages.compiled.items()
        }
        is_personal = any(personal for _, personal in self.messages.values())
        self.talks = Talks()
        self.queue = deliveries.DeliveryQueue(
            briefing, is_personal=is_personal, test=messages.test, beside=self.talks.beside
        )
        self.sender_of = return_path.addresses(looks.sender_of(briefing).address)
        self.sign_message, self.sign_delivery = signer(MESSAGE), signer("delivery")
        self.sign_leaving, self.sign_preferences = signer(UNSUBSCRIBE), signer(PREFERENCES)
        self.done: deque[tuple[int, Outcome, str]] = deque()  # what came back and was not looked at yet
        self.in_hand, self.window, self.returned_at = 0, WINDOW, time.monotonic()
        self.date = b""  # of the latest claim
        self.journal = SendJournal(briefing, self.queue.lease)
        self.renewed_at, self.looked_at = time.monotonic(), 0.0
        self.ways: list[Way] = []
        self.rules = SendingRules.current()
        self.watch = watch.Watch.of(briefing.watch)
        self.taken = 0  # since the pace was written down
        self.on_probation: set[str] = set()
        self.throttled: dict[str, str] = {}
        self.trouble = ""
        self.waits = 0.0  # seconds until a letter has room again
        self.is_quiet = self.is_settled = False  # settled: every outcome is in the database

    def run(self, *, until: float) -> Again | None:
        """Send until the time is over, or nothing is due, has room or can be sent; when to come back, if there may be more."""
        self.ways = self._ways()
        self.allowance = Allowance([way.share for way in self.ways], self.rules)
        try:
            self._circulate(until)
        finally:
            for way in self.ways:
                way.sessions.end()
            self.talks.finish()
            self.journal.close(is_settled=self.is_settled)
        for way in self.ways:
            self.allowance.give_back(way.share, way.sessions.unsent)
        self._report()
        is_over = self.queue.exhausted or self.trouble or self.is_quiet or not any(way.is_open for way in self.ways)
        return None if is_over else Again(self.waits)

    def _ways(self) -> list[Way]:
        """The accounts that can send now, with as many sessions as their weight gives them."""
        used = accounts.in_use()
        if not used and accounts.are_all_off():
            self.trouble = "No mail account is in use. Switch one on in the list of mail accounts."
            return []
        if not used and self.rules.is_resting(timezone.now()):
            self.trouble = self.rules.trouble
            return []
        if not used:
            return [Way(None, self._sessions(SESSIONS, open_session))]
        found = accounts.ready(used, timezone.now())
        if not found:
            self.trouble = "No mail account can be used at the moment; the list of mail accounts says why."
        whole = sum(account.weight for account, _ in found) or 1
        ways = []
        for account, address in found:
            number = max(1, round(SESSIONS * account.weight / whole)) if account.weight else SESSIONS
            ways.append(Way(account, self._sessions(number, partial(open_session, address))))
        return ways

    def _sessions(self, number: int, connect: Callable[[], Session]) -> Sessions:
        return Sessions(number, connect, self, self.journal, self.talks)

    def _open_ways(self) -> list[Way]:
        """The ways that letters may take now; those of weight 0 only where there is no other."""
        usable = [way for way in self.ways if way.is_open]
        return [way for way in usable if way.share.weight] or usable

    def _circulate(self, until: float) -> None:
        """Exchange outcomes for deliveries until no more may leave and all in hand are back."""
        outcomes: list[tuple[int, Outcome]] = []
        while outcomes or self.in_hand or not self._stops(until):
            self._look()
            open_to = self._open_ways()
            wanted = 0 if self._stops(until) else max(0, self.window - self.in_hand)
            room = self.allowance.ask(wanted, [way.share for way in open_to])
            if room < wanted and not (room or outcomes or self.in_hand):
                self.waits = max(PAUSE, self.allowance.seconds_to_room)  # which is no reason to hold a worker
                break
            claimed = self.queue.record_and_claim(outcomes, wanted=room)
            self.in_hand += len(claimed)
            self.date = format_datetime(timezone.now()).encode()
            for delivery in claimed:
                self._hand_out(delivery, open_to)
            for way in self.ways:
                if self.is_quiet or self._is_alarming():
                    way.sessions.give_back()
                way.sessions.begin()
            outcomes = self._returned()
        self.is_settled = True

    def _stops(self, until: float) -> bool:
        """Whether no more messages are to leave."""
        idle = self.queue.exhausted or self.is_quiet or self._is_alarming()
        return idle or time.monotonic() > until or not any(way.is_open for way in self.ways)

    def _is_alarming(self) -> bool:
        return self.watch.is_alarming(self.rules.refused_percent)

    def _look(self) -> None:
        """What is done every now and then: renew leases, write down the pace, see what has changed outside."""
        now = time.monotonic()
        if now - self.renewed_at > self.renew_every:
            self.queue.renew()
            self.renewed_at = now
        if now - self.looked_at > LOOK_SECONDS:
            self.looked_at = now
            self.is_quiet = self.briefing.newsletter.quiet_ends(timezone.now()) is not None
            self.queue.is_careful, self.on_probation = throttling.known(timezone.now())
            self._write_pace()

    def _write_pace(self) -> None:
        pace.note(self.briefing, self.taken)
        self.taken = 0

    def _hand_out(self, delivery: ClaimedDelivery, open_to: Sequence[Way]) -> None:
        """Give a message to the account whose turn it is."""
        share = self.allowance.choose([way.share for way in open_to])
        next(way for way in open_to if way.share is share).sessions.put(delivery)

    def may_begin(self) -> bool:
        """Whether another letter may leave: no more should be on their way than may still be refused in a row."""
        return sum(way.sessions.begun for way in self.ways) < self.watch.until_alarm and not self._is_alarming()

    def came_back(self, delivery_id: int, outcome: Outcome, recipient: str) -> None:
        self.watch.note(outcome)
        self.done.append((delivery_id, outcome, recipient))

    def write(self, delivery: ClaimedDelivery) -> DeliveryEnvelope:
        subscriber_id = delivery.subscriber_id
        template, personal = self.messages[self.winner if delivery.variant is None else delivery.variant]
        sender = self.sender_of(delivery.delivery_id)
        values = {
            "to": delivery.recipient.encode("ascii"),
            "date": self.date,
            "message_id": self.sign_message(self.briefing.pk, subscriber_id),
            "unsubscribe": self.sign_leaving(subscriber_id, self.briefing.newsletter_id),
            "preferences": self.sign_preferences(subscriber_id, int(time.time())),
            "delivery": self.sign_delivery(delivery.delivery_id),
            "return_path": sender.encode(),
        }
        if personal:
            values |= personal.values(delivery.person)
        return DeliveryEnvelope(sender, delivery.recipient, template.render(values), delivery.delivery_id)

    def _returned(self) -> list[tuple[int, Outcome]]:
        """What has come back: half a window of messages together, or fewer where the mail server takes its time."""
        outcomes: list[tuple[int, Outcome]] = []
        began = time.monotonic()
        while len(outcomes) < min(self.in_hand, self.window // 2):
            if self.done:
                delivery_id, outcome, recipient = self.done.popleft()
                outcomes.append((delivery_id, outcome))
                self._note(outcome, recipient)
                continue
            left = began + (GATHER_SECONDS if outcomes else self.renew_every) - time.monotonic()
            if not self.talks.turn(max(left, 0.0)) or left <= 0:
                break
        self.in_hand -= len(outcomes)
        now = time.monotonic()
        pace = len(outcomes) / max(now - self.returned_at, 0.001)
        self.window, self.returned_at = min(max(WINDOW, round(WINDOW_SECONDS * pace)), WIDEST), now
        self._slow_down()
        return outcomes

    def _note(self, outcome: Outcome, recipient: str) -> None:
        """Notice when nothing gets through any more, to anyone or to one domain."""
        if outcome.status is Status.ACCEPTED:
            self.trouble, self.taken = "", self.taken + 1
            if self.on_probation and (domain := throttling.domain_of(recipient)) in self.on_probation:
                throttling.took([domain])
                self.on_probation.discard(domain)
        elif outcome.status is Status.UNSENT:
            self.trouble = outcome.note
        elif outcome.status is Status.DEFERRED and throttled_by(outcome.note) is Throttled.DOMAIN:
            self.throttled[throttling.domain_of(recipient)] = outcome.note

    def _slow_down(self) -> None:
        """Let the domains wait that throttle us, from the next claim on."""
        for domain, note in self.throttled.items():
            throttling.wait(domain, note)
            self.queue.is_careful = True
        self.throttled.clear()

    def _report(self) -> None:
        """Tell staff why nothing moves, and stop asking for the same trouble where the message itself is refused.

        Where everything has been tried, there is nothing left to stop.
        """
        self._write_pace()
        for way in self.ways:
            server = way.account or self.rules
            is_dead = bool(way.account and way.sessions.trouble and not way.sessions.has_sent)
            if is_dead or way.sessions.must_wait:  # the only way there is, EMAIL_URL, is tried whenever beat rings
                accounts.rest(server, way.sessions.trouble)
            elif server.rests and way.sessions.has_sent:
                accounts.wake(server)
        if (kept := self.watch.kept()) != self.briefing.watch:
            Briefing.every.filter(pk=self.briefing.pk).update(watch=kept)
        if self._is_alarming() and self.briefing.deliveries.unfinished().exists():
            Briefing.every.filter(pk=self.briefing.pk).update(watch={})  # it begins anew once somebody resumes
            self.briefing.hold(self.watch.alarm())
        elif self.trouble != self.briefing.trouble:
            Briefing.every.filter(pk=self.briefing.pk).update(trouble=self.trouble)


def message_token(briefing_id: int, subscriber_id: int) -> str:
    """The left part of a Message-ID: the same for every try, and readable again in a mail server's log."""
    return make_token(MESSAGE, briefing_id, subscriber_id)
