"""Reminders of a vote and of the next nominations, and answers to nominations: for those who asked, once they have confirmed, and never to a suppressed address.

Each mail is queued in the transaction that marks it as told, so that nobody is told twice, or not at all.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from core.lib import batches
from core.lib.signing import make_token
from core.outbox import queue_mail
from core.transitions import change_if
from newsletter.models import Suppression
from newsletter.subscribers.addresses import parse_address
from surveys.models import Follower, Nomination, Season

PURPOSE, STOP = "awards-reminder", "awards-reminder-stop"
WANTS_REMINDERS, WANTS_NEXT = 1, 2  # what a link says that confirms a wish added to those that were confirmed
WISHES = {"wants_reminders": WANTS_REMINDERS, "wants_next": WANTS_NEXT}
CONFIRM_WITHIN = timedelta(days=7)
ASK_AGAIN_AFTER = timedelta(hours=1)
CLOSING = timedelta(hours=24)  # before the close
KEPT_AFTER_RELEASE = timedelta(days=30)
KEPT_AT_MOST = timedelta(days=400)
AT_ONCE = 500  # mails of one run of the task
OVER = (Season.State.RELEASED, Season.State.ARCHIVED)


@transaction.atomic
def follow(season: Season, email: str, *, reminders: bool = True, next_season: bool = False) -> Follower:
    """Note that an address wants to be told, and mail it a link to confirm. Raises ValidationError for what is no address.

    It answers nobody whether the address follows already. Within an hour, no second link is mailed. Whoever confirmed for
    an answer alone is mailed a link, too: reminders are for those who open it.
    """
    address = parse_address(email)
    follower, made = Follower.objects.select_for_update().get_or_create(
        season=season, canonical=address.canonical, defaults={"email": address.email, "wants_reminders": reminders}
    )
    wished = {"wants_reminders": reminders, "wants_next": next_season}
    added = [name for name, is_wished in wished.items() if is_wished and not getattr(follower, name)]
    is_confirmed = follower.confirmed_at is not None
    if added and not is_confirmed:
        change_if(follower, Q(), **dict.fromkeys(added, True))
    wants_more = is_confirmed and bool(added)
    answered = bool(follower.confirmed_at and follower.asked_at < follower.confirmed_at)  # the link of then is used
    due = made or answered or follower.asked_at < timezone.now() - ASK_AGAIN_AFTER
    if (wants_more or not is_confirmed) and due and not _is_suppressed(follower):
        change_if(follower, Q(), asked_at=Now())
        link = _link("reminder-confirm", PURPOSE, follower, *([WISHES[name] for name in added] if wants_more else []))
        _mail(follower, "reminder_confirm", "surveys.reminder-confirm", link=link)
    return follower


def confirm(follower: Follower, wishes: Iterable[int] = ()) -> None:
    """Have an address told what it asked for; `wishes`: also of what its link was asked for, where that came later."""
    change_if(follower, Q(confirmed_at=None), confirmed_at=Now())
    if added := [name for name, wish in WISHES.items() if wish in wishes]:
        change_if(follower, Q(), **dict.fromkeys(added, True))


def stop(follower: Follower) -> None:
    """Forget an address; what it nominated stays, without it."""
    follower.delete()


def tell_due() -> int:
    """Queue the reminders and answers that are due; return how many."""
    confirmed = Follower.objects.filter(confirmed_at__isnull=False)
    reminded = confirmed.filter(
        wants_reminders=True,
        season__state=Season.State.VOTING,
        season__opens_at__lte=Now(),
        season__closes_at__gt=Now(),
    )
    closing = reminded.filter(
        told_closing_at=None,
        season__closes_at__lte=Now() + CLOSING,
        season__opens_at__lte=F("season__closes_at")
        - 2 * CLOSING,  # in a short vote, the first reminder is late enough
    )
    answers = Nomination.objects.filter(follower__in=confirmed, answered_at=None).order_by("pk")
    answers = answers.exclude(state=Nomination.State.NEW)
    work: list[tuple[Any, Any]] = [
        *((each, _tell_next) for each in _due_to_hear_of_the_next()[:AT_ONCE]),
        *((each, _tell_open) for each in reminded.filter(told_open_at=None).select_related("season")[:AT_ONCE]),
        *((each, _tell_closing) for each in closing.select_related("season")[:AT_ONCE]),
        *((each, _answer) for each in answers.select_related("follower__season", "category", "nominee")[:AT_ONCE]),
    ]
    batches.each(work, lambda step: step[1](step[0]))
    return len(work)


@transaction.atomic
def _tell_open(follower: Follower) -> None:
    if change_if(follower, Q(told_open_at=None), told_open_at=Now()) and not _is_suppressed(follower):
        _mail(follower, "reminder", "surveys.reminder", is_closing=False, **_stop(follower))


@transaction.atomic
def _tell_closing(follower: Follower) -> None:
    told = change_if(follower, Q(told_closing_at=None), told_closing_at=Now())
    if told and not _is_suppressed(follower):
        _mail(follower, "reminder", "surveys.reminder", is_closing=True, **_stop(follower))


def _due_to_hear_of_the_next() -> QuerySet[Follower]:
    """Who followed a season that is over, and is to hear of a later one's nominations, which are open."""
    later = Season.objects.public().filter(state=Season.State.NOMINATING, created_at__gt=OuterRef("season__created_at"))
    wishing = Follower.objects.filter(confirmed_at__isnull=False, wants_next=True, season__state__in=OVER)
    return wishing.annotate(next=Subquery(later.order_by("-nominations_open_at").values("pk")[:1])).exclude(next=None)


@transaction.atomic
def _tell_next(follower: Follower) -> None:
    """Tell it once; who wanted nothing else is forgotten with that."""
    season = Season.objects.get(pk=follower.next)  # type: ignore[attr-defined]
    if not change_if(follower, Q(wants_next=True), wants_next=False):
        return
    if not _is_suppressed(follower):
        _mail(follower, "nominations_open", "surveys.nominations-open", season=season, **_stop(follower))
    if not follower.wants_reminders:
        follower.delete()


@transaction.atomic
def _answer(nomination: Nomination) -> None:
    follower = nomination.follower
    if follower and change_if(nomination, Q(answered_at=None), answered_at=Now()) and not _is_suppressed(follower):
        _mail(follower, "nomination_answer", "surveys.nomination-answer", nomination=nomination, **_stop(follower))


def _is_suppressed(follower: Follower) -> bool:
    return Suppression.objects.of(follower.canonical).exists()


def _mail(follower: Follower, template: str, kind: str, **context: Any) -> None:
    unsubscribe = context.get("stop", "")
    context = {"season": follower.season, **context}
    queue_mail(template=template, to=follower.email, kind=kind, context=context, unsubscribe=unsubscribe)


def _stop(follower: Follower) -> dict[str, str]:
    return {"stop": _link("reminder-stop", STOP, follower)}


def _link(page: str, purpose: str, follower: Follower, *wish: int) -> str:
    life = CONFIRM_WITHIN if purpose == PURPOSE else None
    return settings.SITE_URL + reverse(
        f"surveys:{page}", args=[make_token(purpose, follower.pk, *wish, expires_in=life)]
    )


def delete_old() -> int:
    """Delete who did not confirm in time, and all whose season is over."""
    now = timezone.now()
    unconfirmed = Q(confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN)
    over = Q(season__released_at__lt=now - KEPT_AFTER_RELEASE, wants_next=False) | Q(asked_at__lt=now - KEPT_AT_MOST)
    return batches.delete(Follower.objects.filter(unconfirmed | over))


def forget(address: str) -> None:
    """Delete what is kept of an address that is erased."""
    Follower.objects.filter(email__iexact=address).delete()
