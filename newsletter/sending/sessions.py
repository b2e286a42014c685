"""The SMTP sessions of one account in a run of a pump, all of them with the same queue."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from core.lib.mail import Session
from core.lib.smtp import Envelope, Outcome, Status
from core.lib.talks import Talk, Talks
from newsletter.mail.status_codes import Throttled, throttled_by
from newsletter.sending.deliveries import ClaimedDelivery
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
    """Sessions that send what is put to them, and add what came of it to `done`.

    A message is written by `write` when its turn comes; one that cannot be written fails by itself. So many sessions are `open`:
    none any more once their server has failed them all.
    """

    def __init__(
        self,
        number: int,
        connect: Callable[[], Session],
        write: Callable[[ClaimedDelivery], DeliveryEnvelope],
        journal: SendJournal,
        talks: Talks,
        done: deque[Result],
    ) -> None:
        self.connect, self.write, self.journal, self.talks, self.done = connect, write, journal, talks, done
        self.ready: deque[ClaimedDelivery | DeliveryEnvelope] = deque()
        self.free: list[Session | None] = [None] * number
        self.open, self.is_ending = number, False
        self.trouble, self.has_sent, self.unsent = "", False, 0
        self.is_throttled = False  # told to slow down, whatever was taken before

    @property
    def must_wait(self) -> bool:
        """Whether their server has had enough of us for now: not of one session too many, while others go on."""
        return self.is_throttled or (self.open == 0 and throttled_by(self.trouble) is not Throttled.NOBODY)

    def put(self, delivery: ClaimedDelivery) -> None:
        """Have a message sent, once `begin` is called or a session has done with those before it."""
        self.ready.append(delivery)

    def end(self) -> None:
        """Have no more sent than has begun, and the sessions closed; nothing may be put any more."""
        self.is_ending = True
        self.ready.clear()
        while self.free:
            if session := self.free.pop():
                self.talks.begin(session, session.leaving())

    def begin(self) -> None:
        """Give what waits to sessions that are free, or back where there are none any more."""
        while self.ready and self.free:
            session = self.free.pop() or self._connected()
            if session:
                self.talks.begin(session, self._sending(session))
        while self.ready and not self.open:
            self._give_back(self.ready.popleft())

    def _connected(self) -> Session | None:
        try:
            return self.connect()
        except Exception:
            logger.exception("A session with the mail server could not be made")
            self._close(UNUSABLE, self.ready.popleft())
            return None

    def _sending(self, session: Session) -> Talk[None]:
        """Send what waits, one after the other. A session that can send nothing leaves it to the others."""
        has_begun = False
        envelope = self._next()
        while envelope:
            following = self._next()
            outcome = yield from self._sent(session, envelope, following, has_begun=has_begun)
            is_over = outcome.status is Status.UNSENT
            then = following.delivery_id if following and not is_over else None
            has_begun = self.journal.ended(envelope.delivery_id, outcome, then=then)
            if is_over:
                yield from session.leaving()
                if following:
                    self.ready.appendleft(following)
                self._close(outcome.note, envelope)
                self.begin()
                return
            self.has_sent = self.has_sent or outcome.status is Status.ACCEPTED
            self.done.append((envelope.delivery_id, outcome, envelope.recipient))
            envelope = following or self._next()
        if self.is_ending:
            yield from session.leaving()
        else:
            self.free.append(session)

    def _next(self) -> DeliveryEnvelope | None:
        while self.ready:
            delivery = self.ready.popleft()
            if isinstance(delivery, DeliveryEnvelope):
                return delivery
            try:
                return self.write(delivery)
            except Exception:
                logger.exception("Delivery %s could not be written", delivery.delivery_id)
                self.done.append((delivery.delivery_id, Outcome(Status.REFUSED, OUR_ERROR), delivery.recipient))
        return None

    def _sent(
        self, session: Session, envelope: DeliveryEnvelope, following: DeliveryEnvelope | None, *, has_begun: bool
    ) -> Talk[Outcome]:
        try:
            if not has_begun:
                self.journal.begins(envelope.delivery_id)
            outcome = yield from session.sending(envelope, following)
        except Exception:
            logger.exception("Delivery %s met an error of our own", envelope.delivery_id)
            return Outcome(Status.UNCERTAIN, OUR_ERROR)
        if outcome.status is Status.DEFERRED and throttled_by(outcome.note) is Throttled.ACCOUNT:
            self.is_throttled = True
            return Outcome(Status.UNSENT, outcome.note)  # the others would be told the same
        return outcome

    def _close(self, trouble: str, message: ClaimedDelivery | DeliveryEnvelope) -> None:
        self.open -= 1
        self.trouble = trouble
        self._give_back(message)

    def _give_back(self, message: ClaimedDelivery | DeliveryEnvelope) -> None:
        self.unsent += 1
        self.done.append((message.delivery_id, Outcome(Status.UNSENT, self.trouble), message.recipient))
