"""The SMTP sessions of one account in a run of a pump, all of them with the same queue."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

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


class Letters(Protocol):
    """What sessions ask about the letters that they send."""

    def may_begin(self) -> bool:
        """Whether another one may leave now."""

    def write(self, delivery: ClaimedDelivery) -> DeliveryEnvelope: ...

    def came_back(self, delivery_id: int, outcome: Outcome, recipient: str) -> None:
        """Take what came of one."""


class Sessions:
    """Sessions that send what is put to them.

    A message is written when its turn comes; one that cannot be written fails by itself. So many sessions are `open`: none any
    more once their server has failed them all. So many messages have `begun` and have not come back.
    """

    def __init__(
        self,
        number: int,
        connect: Callable[[], Session],
        letters: Letters,
        journal: SendJournal,
        talks: Talks,
    ) -> None:
        self.connect, self.letters, self.journal, self.talks = connect, letters, journal, talks
        self.ready: deque[ClaimedDelivery | DeliveryEnvelope] = deque()
        self.free: list[Session | None] = [None] * number
        self.open, self.begun, self.is_ending = number, 0, False
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
        while self.ready and self.free and self.letters.may_begin():
            session = self.free.pop() or self._connected()
            if session:
                self.talks.begin(session, self._sending(session))
        if not self.open:
            self.give_back()

    def give_back(self) -> None:
        """Have what waits come back unsent."""
        while self.ready:
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
            self.begun -= 1
            is_over = outcome.status is Status.UNSENT
            then = following.delivery_id if following and not is_over else None
            has_begun = self.journal.ended(envelope.delivery_id, outcome, then=then)
            if is_over:
                yield from session.leaving()
                if following:
                    self.begun -= 1
                    self.ready.appendleft(following)
                self._close(outcome.note, envelope)
                self.begin()
                return
            self.has_sent = self.has_sent or outcome.status is Status.ACCEPTED
            self.letters.came_back(envelope.delivery_id, outcome, envelope.recipient)
            envelope = following or self._next()
        if self.is_ending:
            yield from session.leaving()
        else:
            self.free.append(session)

    def _next(self) -> DeliveryEnvelope | None:
        while self.ready and self.letters.may_begin():
            message = self.ready.popleft()
            try:
                envelope = message if isinstance(message, DeliveryEnvelope) else self.letters.write(message)
            except Exception:
                logger.exception("Delivery %s could not be written", message.delivery_id)
                self.letters.came_back(message.delivery_id, Outcome(Status.REFUSED, OUR_ERROR), message.recipient)
            else:
                self.begun += 1
                return envelope
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
        self.letters.came_back(message.delivery_id, Outcome(Status.UNSENT, self.trouble), message.recipient)
