"""What a person's state is by their acts in the consent ledger: the only place that has the rule, and it reads nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.models import ConsentAct, Subscription, Suppression

Act, Actor = ConsentAct.Act, ConsentAct.Actor
Reason, State = Suppression.Reason, Subscription.State

# In the order of their strength: a suppression gives way only to a stronger one, or to being lifted or erased.
SUPPRESSES = {
    Act.BOUNCED: Reason.BOUNCE,
    Act.ERASED: Reason.ERASED,
    Act.SUPPRESSED: Reason.STAFF,
    Act.COMPLAINED: Reason.COMPLAINT,
}
STRENGTH = ["", *SUPPRESSES.values()]
LASTING = (Reason.COMPLAINT, Reason.STAFF)  # a new confirmation does not lift these


@dataclass(slots=True)
class Membership:
    """What follows from the acts about one list: the values of a Subscription's columns of the same names."""

    state: str
    since: datetime
    source: str = ""
    requested_at: datetime | None = None
    requested_from: str = ""
    wording_id: int | None = None
    confirmed_at: datetime | None = None
    confirmed_from: str = ""
    unsubscribed_at: datetime | None = None
    unsubscribed_by: str = ""
    rhythm: str = Subscription.Rhythm.EACH
    paused_until: datetime | None = None

    def enter(self, state: str, act: ConsentAct) -> None:
        if self.state != state:
            self.state, self.since = state, act.recorded_at

    def take_request(self, act: ConsentAct) -> None:
        self.source, self.requested_from, self.wording_id = act.way, act.network, act.wording_id
        self.requested_at = _time_of(act)


@dataclass(slots=True)
class Standing:
    """What follows from a person's acts: the lists, and why the address gets no mail, if it does not."""

    lists: dict[int, Membership] = field(default_factory=dict)
    suppressed: str = ""
    note: str = ""  # on the suppression


def state(acts: Iterable[ConsentAct]) -> Standing:
    """What follows from a person's acts, given in their order. This is the single rule.

    A stop from an import wins unless the person confirmed here after its date; a start from an import never wins over a
    stop. A request alone changes nothing about a list that somebody left, and is the evidence once they confirm. A pause
    is a stop until its day: it ends then by itself, or before by an act that ends it, by leaving or by confirming anew.
    """
    reading = _Reading()
    for act in acts:
        if act.newsletter_id is None:
            reading.about_the_address(act)
        else:
            reading.about_a_list(act, act.newsletter_id)
    return reading.standing


class _Reading:
    """The acts read so far."""

    def __init__(self) -> None:
        self.standing = Standing()
        self.confirmed_here: dict[int, datetime] = {}
        self.asked_again: dict[int, ConsentAct] = {}

    def about_the_address(self, act: ConsentAct) -> None:
        standing = self.standing
        if act.act == Act.LIFTED:
            standing.suppressed = standing.note = ""
            return
        reason = SUPPRESSES[Act(act.act)]
        if act.act == Act.ERASED:
            self.standing = Standing(suppressed=reason)
            self.confirmed_here, self.asked_again = {}, {}
            return
        is_stronger = STRENGTH.index(reason) > STRENGTH.index(standing.suppressed)
        if is_stronger and not _is_outdated(act, max(self.confirmed_here.values(), default=None)):
            standing.suppressed, standing.note = reason, act.note[:200]

    def about_a_list(self, act: ConsentAct, key: int) -> None:
        found = self.standing.lists.get(key)
        if act.act == Act.LEFT and _is_outdated(act, self.confirmed_here.get(key)):
            return
        if found is None and act.act in (Act.ASKED, Act.CONFIRMED, Act.IMPORTED, Act.LEFT):
            found = self.standing.lists[key] = Membership(State.PENDING, act.recorded_at, source=act.way)
            if act.act != Act.LEFT:
                found.take_request(act)
        if found is None:
            return
        if act.act == Act.ASKED and found.state == State.UNSUBSCRIBED and act.actor != Actor.IMPORT:
            self.asked_again[key] = act
        elif act.act == Act.CONFIRMED:
            self._confirm(act, key, found)
        elif act.act == Act.IMPORTED and found.state == State.PENDING:
            found.enter(State.CONFIRMED, act)
            found.confirmed_at, found.confirmed_from = act.given_at, act.network
        elif act.act == Act.LEFT and found.state != State.UNSUBSCRIBED:
            self.asked_again.pop(key, None)
            found.enter(State.UNSUBSCRIBED, act)
            found.unsubscribed_at, found.unsubscribed_by = _time_of(act), act.way[:40]
            found.paused_until = None
        else:
            _adjust(act, found)

    def _confirm(self, act: ConsentAct, key: int, found: Membership) -> None:
        if request := self.asked_again.pop(key, None):
            found.take_request(request)
        found.enter(State.CONFIRMED, act)
        found.confirmed_at, found.confirmed_from = act.given_at or act.recorded_at, act.network
        found.paused_until = None
        self.confirmed_here[key] = found.confirmed_at


def _adjust(act: ConsentAct, found: Membership) -> None:
    """What somebody on a list wants of it: a pause, its end, each briefing or the digest."""
    if act.act == Act.PAUSED and found.state == State.CONFIRMED:
        found.paused_until = act.until
    elif act.act == Act.RESUMED:
        found.paused_until = None
    elif act.act == Act.CHANGED and act.change in Subscription.Rhythm.values:
        found.rhythm = act.change


def _time_of(act: ConsentAct) -> datetime | None:
    """When an act happened: an import's is unknown unless its file says it."""
    return act.given_at or (None if act.actor == Actor.IMPORT else act.recorded_at)


def _is_outdated(act: ConsentAct, confirmed_here: datetime | None) -> bool:
    """Whether a stop from an import is from before the person confirmed here."""
    if act.actor != Actor.IMPORT or act.given_at is None or confirmed_here is None:
        return False
    return act.given_at < confirmed_here
