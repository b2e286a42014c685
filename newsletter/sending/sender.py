"""The pump: one process that sends a briefing's deliveries over several SMTP sessions for some seconds.

A thread for each session sends messages; this one alone speaks to the database. Each round trip to it writes the outcomes
that came in meanwhile and commits the intents of the next messages, so the more there is to do, the more one commit holds.
"""

import logging
import queue
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from email.utils import format_datetime

from django.conf import settings
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib.mail import Session, open_session
from core.lib.signing import make_token
from core.lib.smtp import Envelope, Outcome, Status, wire_data
from newsletter.mail import return_path
from newsletter.mail.mime import MessageTemplate, PersonalFields
from newsletter.mail.status_codes import is_about_the_address
from newsletter.models import Briefing
from newsletter.sending import deliveries, subject_tests
from newsletter.sending.approval import held_on_error
from newsletter.sending.deliveries import ClaimedDelivery
from newsletter.sending.send_journal import SendJournal
from newsletter.subscribers.subscriptions import mailed_preferences_token, unsubscribe_token

logger = logging.getLogger(__name__)

SECONDS = 10
SESSIONS = 5
WINDOW = 6 * SESSIONS  # messages in hand; of those, one for each session is on the wire
GATHER_SECONDS = 0.05
RENEW_SECONDS = 60  # leases hold for some minutes
REFUSALS_IN_A_ROW = 50  # then something is wrong with the message or the relay, not with the addresses
LANES = 64  # the most pumps that one briefing can have
OUR_ERROR = "An error of our own stopped this message; see the worker's log."


@dataclass(frozen=True, slots=True)
class DeliveryEnvelope(Envelope):
    """The envelope of a delivery."""

    delivery_id: int


def pump(briefing_id: int) -> bool:
    """Send what is due of a briefing; whether there may be more. Without a free lane nothing is done."""
    briefing = Briefing.objects.select_related("message", "newsletter").filter(pk=briefing_id).first()
    if briefing is None or not (briefing.state == Briefing.State.SENDING or briefing.retrying):
        return False
    more = False
    lanes = range(briefing_id * LANES, briefing_id * LANES + min(settings.NEWSLETTER_PUMPS, LANES))
    with held_on_error(briefing):
        with advisory_locks.first_free(AdvisoryLock.SENDING, lanes) as lane:
            if lane is None:
                return False
            more = Pump(briefing).run(until=time.monotonic() + SECONDS)
        deliveries.reconcile(briefing_id)
    return more


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
        self.queue = deliveries.DeliveryQueue(briefing, is_personal=is_personal, test=messages.test)
        self.ready: queue.SimpleQueue[DeliveryEnvelope | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self.in_hand = 0
        self.journal = SendJournal(briefing, self.queue.lease)
        self.renewed_at = time.monotonic()
        self.open_sessions = SESSIONS
        self.counting = threading.Lock()
        self.refusals = 0
        self.trouble = ""
        self.is_settled = False  # whether every outcome is in the database

    def run(self, *, until: float) -> bool:
        """Send until the time is over, nothing is due or nothing can be sent; whether there may be more."""
        threads = [threading.Thread(target=self._run_session, daemon=True) for _ in range(SESSIONS)]
        for thread in threads:
            thread.start()
        try:
            self._circulate(until)
        finally:
            for _ in threads:
                self.ready.put(None)
            for thread in threads:
                thread.join()
            self.journal.close(is_settled=self.is_settled)
        self._report()
        return not self.queue.exhausted and not self.trouble

    def _circulate(self, until: float) -> None:
        """Exchange outcomes for deliveries until no more may leave and all in hand are back."""
        outcomes: list[tuple[int, Outcome]] = []
        while outcomes or self.in_hand or not self._stops(until):
            wanted = 0 if self._stops(until) else WINDOW - self.in_hand
            claimed = self.queue.record_and_claim(outcomes, wanted=wanted)
            self.in_hand += len(claimed)
            date = format_datetime(timezone.now()).encode()
            for delivery in claimed:
                self._hand_out(delivery, date)
            outcomes = self._returned()
            if time.monotonic() - self.renewed_at > self.renew_every:
                self.queue.renew()
                self.renewed_at = time.monotonic()

        self.is_settled = True

    def _stops(self, until: float) -> bool:
        """Whether no more messages are to leave."""
        idle = self.queue.exhausted or not self.open_sessions or self.refusals >= REFUSALS_IN_A_ROW
        return idle or time.monotonic() > until

    def _hand_out(self, delivery: ClaimedDelivery, date: bytes) -> None:
        """Give a message to whichever session is free. One that cannot be written fails by itself."""
        try:
            self.ready.put(self._envelope(delivery, date))
        except Exception:
            logger.exception("Delivery %s could not be written", delivery.delivery_id)
            self.done.put((delivery.delivery_id, Outcome(Status.REFUSED, OUR_ERROR)))

    def _envelope(self, delivery: ClaimedDelivery, date: bytes) -> DeliveryEnvelope:
        newsletter_id = self.briefing.newsletter_id
        values = {
            "to": delivery.email.encode("ascii"),
            "date": date,
            "message_id": message_token(self.briefing.pk, delivery.subscriber_id).encode(),
            "unsubscribe": unsubscribe_token(delivery.subscriber_id, newsletter_id).encode(),
            "preferences": mailed_preferences_token(delivery.subscriber_id).encode(),
            "delivery": make_token("delivery", delivery.delivery_id).encode(),
        }
        template, personal = self.messages[self.winner if delivery.variant is None else delivery.variant]
        if personal:
            values |= personal.values(delivery.person)
        sender = return_path.address_for(delivery.delivery_id)
        data = template.render(values | {"return_path": sender.encode()})
        return DeliveryEnvelope(sender, delivery.email, data, delivery.delivery_id)

    def _returned(self) -> list[tuple[int, Outcome]]:
        """What has come back: half a window of messages together, or fewer where the mail server takes its time."""
        outcomes: list[tuple[int, Outcome]] = []
        patience = time.monotonic() + GATHER_SECONDS
        while len(outcomes) < min(self.in_hand, WINDOW // 2):
            wait = max(0.0, patience - time.monotonic()) if outcomes else self.renew_every
            try:
                outcomes.append(self.done.get(timeout=wait))
            except queue.Empty:
                break
        self.in_hand -= len(outcomes)
        for _, outcome in outcomes:
            self._watch(outcome)
        return outcomes

    def _watch(self, outcome: Outcome) -> None:
        """Notice when nothing gets through any more. Addresses that are gone say nothing of the others."""
        if outcome.status is Status.ACCEPTED:
            self.refusals, self.trouble = 0, ""
        elif outcome.status is Status.UNSENT:
            self.trouble = outcome.note
        elif outcome.status is Status.REFUSED and not is_about_the_address(outcome.note):
            self.refusals += 1
            if self.refusals >= REFUSALS_IN_A_ROW:
                self.trouble = f"{self.refusals} messages in a row were refused, the last one so: {outcome.note}"

    def _run_session(self) -> None:
        """The work of one session's thread. A session that can send nothing leaves the messages to the others."""
        with closing(open_session()) as session:
            envelope = self.ready.get()
            while envelope:
                following = self._next_without_waiting()
                outcome = self._send(session, envelope, following)
                if outcome.status is Status.UNSENT:
                    break
                self.done.put((envelope.delivery_id, outcome))
                envelope = following or self.ready.get()
            else:
                return
        self._hand_back(outcome, envelope, following)

    def _send(self, session: Session, envelope: DeliveryEnvelope, following: DeliveryEnvelope | None) -> Outcome:
        try:
            self.journal.begins(envelope.delivery_id)
            outcome = session.send(envelope, following)
        except Exception:
            logger.exception("Delivery %s met an error of our own", envelope.delivery_id)
            outcome = Outcome(Status.UNCERTAIN, OUR_ERROR)
        self.journal.ended(envelope.delivery_id, outcome)
        return outcome

    def _next_without_waiting(self) -> DeliveryEnvelope | None:
        try:
            envelope = self.ready.get_nowait()
        except queue.Empty:
            return None
        if envelope is None:
            self.ready.put(None)  # the end is for a thread that waits
        return envelope

    def _hand_back(self, outcome: Outcome, envelope: DeliveryEnvelope, following: DeliveryEnvelope | None) -> None:
        """Return what this session had; the last one to end returns everything that still comes."""
        if following:
            self.ready.put(following)
        with self.counting:
            self.open_sessions -= 1
            is_last = self.open_sessions == 0
        self.done.put((envelope.delivery_id, outcome))
        while is_last and (rest := self.ready.get()):
            self.done.put((rest.delivery_id, outcome))

    def _report(self) -> None:
        """Tell staff why nothing moves, and stop asking for the same trouble where the message itself is refused.

        Where everything has been tried, there is nothing left to stop.
        """
        if self.refusals >= REFUSALS_IN_A_ROW and self.briefing.deliveries.unfinished().exists():
            self.briefing.hold(self.trouble)
        elif self.trouble != self.briefing.trouble:
            Briefing.objects.filter(pk=self.briefing.pk).update(trouble=self.trouble)


def message_token(briefing_id: int, subscriber_id: int) -> str:
    """The left part of a Message-ID: the same for every try, and readable again in a mail server's log."""
    return make_token("message", briefing_id, subscriber_id)
