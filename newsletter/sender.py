"""A pump: one process that sends a briefing's deliveries over several SMTP sessions for some seconds.

One thread per session writes letters; this one alone speaks to the database. Each round trip to it writes the outcomes
that came in meanwhile and commits the intents of the next letters, so the more there is to do, the more one commit holds.
"""

import logging
import queue
import threading
import time
from contextlib import closing
from email.utils import format_datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib.signing import make_token
from core.transitions import change_if
from newsletter import deliveries
from newsletter.deliveries import Job
from newsletter.mime import Form
from newsletter.models import Briefing, Delivery
from newsletter.smtp import Letter, Line, Outcome, RelayUnavailable, open_line
from newsletter.subscriptions import preferences_token, unsubscribe_token

logger = logging.getLogger(__name__)

SECONDS = 10
SESSIONS = 5
WINDOW = 6 * SESSIONS  # letters on their way: what a killed worker leaves uncertain is at most this
GATHER_SECONDS = 0.05
REFUSALS_IN_A_ROW = 50  # then something is wrong with the message or the relay, not with the addresses
LANES = 64  # the most pumps that one briefing can have
State = Delivery.State


def pump(briefing_id: int, *, seconds: float = SECONDS) -> bool:
    """Send what is due of a briefing; whether there may be more. Without a free lane nothing is done."""
    briefing = Briefing.objects.select_related("message", "newsletter").filter(pk=briefing_id).first()
    if briefing is None or briefing.state != Briefing.State.SENDING:
        return False
    lanes = range(briefing_id * LANES, briefing_id * LANES + min(settings.NEWSLETTER_PUMPS, LANES))
    with advisory_locks.first_free(AdvisoryLock.SENDING, lanes) as lane:
        if lane is None:
            return False
        more = Pump(briefing).run(until=time.monotonic() + seconds)
    deliveries.reconcile(briefing_id)
    return more


class Pump:
    """One run of a pump over a briefing."""

    def __init__(self, briefing: Briefing):
        self.briefing = briefing
        self.exchange = deliveries.Exchange(briefing)
        self.form = Form(bytes(briefing.message.data), stuffed=bool(settings.EMAIL_URL))
        self.ready: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self.in_hand = 0
        self.open_sessions = SESSIONS
        self.counting = threading.Lock()
        self.refusals = 0
        self.trouble = ""

    def run(self, *, until: float) -> bool:
        """Send until the time is over, nothing is due or nothing can be sent; whether there may be more."""
        threads = [threading.Thread(target=self._write_letters, daemon=True) for _ in range(SESSIONS)]
        for thread in threads:
            thread.start()
        try:
            self._circulate(until)
        finally:
            for _ in threads:
                self.ready.put(None)
            for thread in threads:
                thread.join()
        self._report()
        return not self.exchange.exhausted and not self.trouble

    def _circulate(self, until: float) -> None:
        """Exchange outcomes for letters until no more may go out and all in hand are back."""
        outcomes: list[tuple[int, Outcome]] = []
        while outcomes or self.in_hand or not self._stops(until):
            wanted = 0 if self._stops(until) else WINDOW - self.in_hand
            jobs = self.exchange(outcomes, wanted=wanted)
            date = format_datetime(timezone.now()).encode()
            for job in jobs:
                self.ready.put(self._letter(job, date))
            self.in_hand += len(jobs)
            outcomes = self._returned()

    def _stops(self, until: float) -> bool:
        """Whether no more letters are to go out."""
        idle = self.exchange.exhausted or not self.open_sessions or self.refusals >= REFUSALS_IN_A_ROW
        return idle or time.monotonic() > until

    def _letter(self, job: Job, date: bytes) -> Letter:
        newsletter_id = self.briefing.newsletter_id
        values = {
            "to": job.email.encode("ascii"),
            "date": date,
            "message_id": message_token(self.briefing.pk, job.subscriber_id).encode(),
            "unsubscribe": unsubscribe_token(job.subscriber_id, newsletter_id).encode(),
            "preferences": preferences_token(job.subscriber_id).encode(),
            "delivery": make_token("delivery", job.delivery_id).encode(),
        }
        return Letter(job.delivery_id, job.email, self.form.filled(values))

    def _returned(self) -> list[tuple[int, Outcome]]:
        """What has come back: half a window of letters together, or fewer where the mail server takes its time."""
        outcomes: list[tuple[int, Outcome]] = []
        patience = time.monotonic() + GATHER_SECONDS
        while len(outcomes) < min(self.in_hand, WINDOW // 2):
            try:
                outcomes.append(self.done.get(timeout=max(0.0, patience - time.monotonic()) if outcomes else None))
            except queue.Empty:
                break
        self.in_hand -= len(outcomes)
        for _, outcome in outcomes:
            self._watch(outcome)
        return outcomes

    def _watch(self, outcome: Outcome) -> None:
        """Notice when nothing gets through any more."""
        if outcome.state == State.SENT:
            self.refusals, self.trouble = 0, ""
        elif outcome.state == State.PENDING:
            self.trouble = outcome.note
        elif outcome.state == State.FAILED:
            self.refusals += 1
            if self.refusals >= REFUSALS_IN_A_ROW:
                self.trouble = f"{self.refusals} messages in a row were refused, the last one so: {outcome.note}"

    def _write_letters(self) -> None:
        """The work of one session's thread. A session that can send nothing leaves the letters to the others."""
        with closing(open_line(settings.DEFAULT_FROM_EMAIL)) as line:
            letter = self.ready.get()
            while letter:
                ahead = self._next_without_waiting()
                outcome = _send(line, letter, ahead)
                if outcome.state == State.PENDING:
                    break
                self.done.put((letter.delivery_id, outcome))
                letter = ahead or self.ready.get()
            else:
                return
        self._hand_back(outcome, letter, ahead)

    def _next_without_waiting(self) -> Letter | None:
        try:
            letter = self.ready.get_nowait()
        except queue.Empty:
            return None
        if letter is None:
            self.ready.put(None)  # the end is for whoever waits
        return letter

    def _hand_back(self, outcome: Outcome, letter: Letter, ahead: Letter | None) -> None:
        """Return what this session had; the last one to end returns everything that still comes."""
        if ahead:
            self.ready.put(ahead)
        with self.counting:
            self.open_sessions -= 1
            is_last = self.open_sessions == 0
        self.done.put((letter.delivery_id, outcome))
        while is_last and (rest := self.ready.get()):
            self.done.put((rest.delivery_id, outcome))

    def _report(self) -> None:
        """Tell staff why nothing moves, and stop asking for the same trouble where the message itself is refused."""
        if self.refusals >= REFUSALS_IN_A_ROW:
            change_if(self.briefing, Q(state=Briefing.State.SENDING), state=Briefing.State.PAUSED, trouble=self.trouble)
        elif self.trouble != self.briefing.trouble:
            Briefing.objects.filter(pk=self.briefing.pk).update(trouble=self.trouble)


def _send(line: Line, letter: Letter, ahead: Letter | None) -> Outcome:
    try:
        return line.send(letter, ahead)
    except RelayUnavailable as error:
        return Outcome(State.PENDING, str(error))
    except Exception:
        logger.exception("Delivery %s met an error of our own", letter.delivery_id)
        return Outcome(State.UNCERTAIN, "An error of our own stopped this message half way; see the worker's log.")


def message_token(briefing_id: int, subscriber_id: int) -> str:
    """The left part of a Message-ID: the same for every try, and readable again in a mail server's log."""
    return make_token("message", briefing_id, subscriber_id)
