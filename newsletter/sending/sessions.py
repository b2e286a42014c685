"""The SMTP sessions of one account in a run of a pump: a thread for each, all of them with the same queue."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from core.lib.mail import Session
from core.lib.smtp import Envelope, Outcome, Status
from newsletter.mail.status_codes import Throttled, throttled_by
from newsletter.sending.send_journal import SendJournal

logger = logging.getLogger(__name__)

UNUSABLE = "The address of the mail server cannot be used; see the worker's log."
OUR_ERROR = "An error of our own stopped this message; see the worker's log."


@dataclass(frozen=True, slots=True)
class DeliveryEnvelope(Envelope):
    """The envelope of a delivery."""

    delivery_id: int


# What came of a delivery, with its recipient's address.
Result = tuple[int, Outcome, str]


class Sessions:
    """Threads that send what is put to them and return what came of it. They are `open` until their server fails them all."""

    def __init__(
        self, number: int, connect: Callable[[], Session], journal: SendJournal, done: "queue.SimpleQueue[Result]"
    ) -> None:
        self.connect, self.journal, self.done = connect, journal, done
        self.ready: queue.SimpleQueue[DeliveryEnvelope | None] = queue.SimpleQueue()
        self.open, self.counting = number, threading.Lock()
        self.trouble, self.has_sent, self.unsent = "", False, 0
        self.is_throttled = False  # told to slow down, whatever was taken before
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(number)]
        for thread in self.threads:
            thread.start()

    @property
    def must_wait(self) -> bool:
        """Whether their server has had enough of us for now: not of one session too many, while others go on."""
        return self.is_throttled or (self.open == 0 and throttled_by(self.trouble) is not Throttled.NOBODY)

    def put(self, envelope: DeliveryEnvelope) -> None:
        self.ready.put(envelope)

    def end(self) -> None:
        """Ask the threads to end; nothing may be put any more."""
        for _ in self.threads:
            self.ready.put(None)

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    def _run(self) -> None:
        """The work of one thread. A session that can send nothing leaves the messages to the others."""
        try:
            connected = self.connect()
        except Exception:
            logger.exception("A session with the mail server could not be made")
            if first := self.ready.get():
                self._hand_back(Outcome(Status.UNSENT, UNUSABLE), first, None)
            return
        has_begun = False
        with closing(connected) as session:
            envelope = self.ready.get()
            while envelope:
                following = self._next_without_waiting()
                outcome = self._send(session, envelope, following, has_begun=has_begun)
                is_over = outcome.status is Status.UNSENT
                then = following.delivery_id if following and not is_over else None
                has_begun = self.journal.ended(envelope.delivery_id, outcome, then=then)
                if is_over:
                    break
                self.has_sent = self.has_sent or outcome.status is Status.ACCEPTED
                self.done.put((envelope.delivery_id, outcome, envelope.recipient))
                envelope = following or self.ready.get()
            else:
                return
        self._hand_back(outcome, envelope, following)

    def _send(
        self, session: Session, envelope: DeliveryEnvelope, following: DeliveryEnvelope | None, *, has_begun: bool
    ) -> Outcome:
        try:
            if not has_begun:
                self.journal.begins(envelope.delivery_id)
            outcome = session.send(envelope, following)
        except Exception:
            logger.exception("Delivery %s met an error of our own", envelope.delivery_id)
            return Outcome(Status.UNCERTAIN, OUR_ERROR)
        if outcome.status is Status.DEFERRED and throttled_by(outcome.note) is Throttled.ACCOUNT:
            self.is_throttled = True
            return Outcome(Status.UNSENT, outcome.note)  # the others would be told the same
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
            self.open -= 1
            self.unsent += 1
            is_last = self.open == 0
        self.trouble = outcome.note
        self.done.put((envelope.delivery_id, outcome, envelope.recipient))
        while is_last and (rest := self.ready.get()):
            self.unsent += 1
            self.done.put((rest.delivery_id, outcome, rest.recipient))
