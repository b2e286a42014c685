"""Decisions about a briefing (approve, reschedule, withdraw, pause, resume, cancel), and the checks that come before approval."""

import json
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core import accounts
from core.lib import clock
from core.lib.errors import kind_of
from core.lib.text import one_line
from core.models import SiteProfile, User
from core.outbox import queue_mail
from core.ratelimit import allow
from core.transitions import TransitionRefused, change_if, lock, move
from newsletter.models import Briefing, BriefingItem, Newsletter, Segment, Subscription
from newsletter.sending import composition, content_checks, deliveries, payers, plugged, sponsor_places, subject_tests
from newsletter.sending.looks import LOOKS, template_of
from newsletter.subscribers import segments

logger = logging.getLogger(__name__)

State = Briefing.State
OF_ELSEWHERE = ("kind", "snippet_id", "source")
OF_ITS_OWN = (
    "kind", "article_id", "heading", "text", "html", "url", "size", "image", "image_url", "image_alt", "caption", "label"
)  # fmt: skip
CANCELLABLE = [State.APPROVED, State.SENDING, State.PAUSED]
ASKED_AGAIN = 3600  # seconds
TOO_LATE = timedelta(hours=2)  # then nothing goes out by itself any more that was due: somebody decides
NOTHING_BY_ITSELF = (BriefingItem.Kind.SPONSOR, BriefingItem.Kind.DIVIDER)


def audience_size(briefing: Briefing) -> int | None:
    """How many would get it now. Of a segment, as it was last counted; None if it has not been."""
    if briefing.segment_id:
        return segments.audience_of(briefing)
    everybody = briefing.newsletter.subscriptions.all()
    if not briefing.rhythm:
        return everybody.count_mailable()
    digest = everybody.filter(rhythm=Subscription.Rhythm.DIGEST).count_mailable()
    return digest if briefing.is_digest else everybody.count_mailable() - digest


def problems(briefing: Briefing) -> list[str]:
    """The reasons why a briefing cannot go out, a sentence each."""
    items = composition.items_of(briefing)
    found = []
    if not briefing.subject.strip():
        found.append("The subject is empty.")
    if not briefing.introduction.strip() and all(item.kind in NOTHING_BY_ITSELF for item in items):
        but = "" if briefing.is_letter else " but the ad"
        found.append(f"There is nothing in it{but}: write an introduction or add an article.")
    if not SiteProfile.current().postal_address.strip():
        found.append("The site profile has no postal address, which every briefing must carry.")
    found += content_checks.problems(briefing, items)
    found += sponsor_places.problems(briefing)
    found += payers.problems(briefing)
    found += segments.problems(briefing.segment) if briefing.segment else []
    # A segment is looked at anew when the briefing is frozen, so what was counted then stops nothing.
    if (
        not briefing.is_letter
        and audience_size(briefing) == 0
        and (briefing.segment is None or briefing.state == State.DRAFT)
    ):
        nobody = f"Nobody in the segment “{briefing.segment}”" if briefing.segment else "Nobody"
        found.append(f"{nobody} is subscribed to {briefing.newsletter}.")
    if not found:
        found += content_checks.message_problems(briefing)
    if not found:
        found += subject_tests.problems(briefing, audience_size(briefing))
    return found


def seen(briefing: Briefing) -> str:
    """What stands for all that an approval is about, as it is stored now: a digest of it.

    The ads follow their bookings and are left out. A reusable text and the news of another desk stand as they are when the
    briefing is sent, so only which one it is counts; but where somebody else has to approve, so do the words of either.
    """
    stored = Briefing.every.select_related("newsletter", "template", "segment").get(pk=briefing.pk)
    template, newsletter, profile = template_of(stored), stored.newsletter, SiteProfile.current()
    about: list[Any] = [newsletter.pk, stored.issue_date, stored.subject, stored.preheader, stored.introduction]
    about += [newsletter.from_name or profile.name, newsletter.from_email]
    about += [newsletter.reply_to or profile.contact_email]
    about += [newsletter.counts_reading, stored.segment_id, _rule(stored.segment)]
    about += [subject_tests.settings_of(stored), [getattr(template, name) for name in LOOKS]]
    about += [stored.step.asks_to_stay] if stored.step else []
    items = stored.items.exclude(kind=BriefingItem.Kind.SPONSOR).order_by("ordering", "id")
    for item in items.select_related("snippet"):
        is_elsewhere = item.kind in (BriefingItem.Kind.SNIPPET, BriefingItem.Kind.PLUGGED)
        about.append([getattr(item, name) for name in (OF_ELSEWHERE if is_elsewhere else OF_ITS_OWN)])
        if newsletter.approved_by_another and is_elsewhere:
            about.append(_written(item))
    return sha256(json.dumps(about, default=str).encode()).hexdigest()


def _written(item: BriefingItem) -> Any:
    """What stands for the words of a part that is written elsewhere."""
    if item.kind == BriefingItem.Kind.PLUGGED:
        return plugged.written(item.source)
    return [item.snippet.heading, item.snippet.html, item.snippet.label, item.snippet.url] if item.snippet else []


def _rule(segment: Segment | None) -> list[Any]:
    """Whom a segment holds, by its conditions."""
    if segment is None:
        return []
    conditions = segment.conditions.order_by("id").values_list("test", "newsletter", "tag", "field", "value")
    return [segment.joined_by, list(conditions)]


def changed(briefing: Briefing) -> str:
    """Why the approval of a briefing is about something else by now; empty where it stands."""
    if briefing.approved_content and briefing.approved_content != seen(briefing):
        return "It was changed since it was approved. Take it back, look at it and approve it anew."
    return ""


def barred(briefing: Briefing, by: User | None) -> str:
    """Why this person, or nobody, may not approve it; empty if nothing speaks against it."""
    if by is None and briefing.newsletter.approved_by_another:
        return f"Briefings of {briefing.newsletter} are approved by somebody, so none goes out by itself. Approve it to send it."
    if by and briefing.newsletter.approved_by_another and accounts.are_one(by.pk, briefing.edited_by_id):
        return f"You changed this briefing last, and briefings of {briefing.newsletter} are approved by somebody else."
    return ""


def approvers(besides: Any) -> list[User]:
    """Who may approve what somebody wrote: those whose role it is, else whoever may do anything."""
    others = [
        user for user in accounts.holders_of("newsletter.approve_briefing") if not accounts.are_one(user.pk, besides.pk)
    ]
    return others or list(User.objects.people().filter(is_superuser=True).exclude(pk=besides.pk))


def ask(briefing: Briefing, *, by: Any, note: str = "") -> list[User]:
    """Mail the others who may approve a draft that it is ready; return them. Raises TransitionRefused."""
    if briefing.state != State.DRAFT:
        raise TransitionRefused("Only a draft waits for an approval.")
    if not (asked := approvers(by)):
        raise TransitionRefused("Nobody else may approve briefings. An administrator gives the role to somebody.")
    if not allow(f"newsletter.approval-asked:{briefing.pk}", limit=1, seconds=ASKED_AGAIN):
        raise TransitionRefused("The others have been asked within the last hour.")
    url = settings.SITE_URL + reverse("admin:newsletter_briefing_approve", args=[briefing.pk])
    context = {"briefing": briefing, "url": url, "by": str(by), "note": one_line(note)}
    for user in asked:
        queue_mail(template="briefing_ready", to=user.email, context=context, kind="newsletter.briefing-ready")
    return asked


def edited(briefing: Briefing, *, by: Any) -> None:
    """Remember who changed the content last."""
    Briefing.every.filter(pk=briefing.pk).update(edited_by=by)


def leaves_at(newsletter: Newsletter, at: datetime | None = None) -> datetime:
    """When the first letter may leave: at the time that was chosen, but not before there was time to take it back."""
    undone = timezone.now() + timedelta(seconds=newsletter.undo_seconds)
    return max(at, undone) if at else undone


def _check_time(at: datetime | None) -> None:
    if at and at < timezone.now() - timedelta(minutes=5):
        raise ValidationError(
            "The time to send it at has passed already. Choose a later one, or send it at once.", code="passed"
        )


def approve(
    briefing: Briefing,
    *,
    by: User | None = None,
    at: datetime | None = None,
    as_seen: str = "",
    confirmed: Collection[str] | None = None,
) -> None:
    """Let a draft go out, at a time or at once; `by`: nobody, where it goes by itself.

    `confirmed`: the warnings that whoever approves it means to pass over; None where nobody was shown any. Raises
    ValidationError with what stands in the way.
    """
    now = timezone.now()
    _check_time(at)
    with transaction.atomic():
        lock(briefing, "newsletter", "segment")
        content = seen(briefing)
        if as_seen and as_seen != content:
            raise ValidationError("Somebody changed this briefing meanwhile. Look at it again before you approve it.")
        if reason := barred(briefing, by):
            raise ValidationError(reason)
        sponsor_places.place_sponsors(briefing)
        if found := problems(briefing):
            raise ValidationError(found)
        if confirmed is not None and not set(subject_tests.warnings(briefing)) <= set(confirmed):
            raise ValidationError("Look at each warning: mend it, or tick that it is meant.", code="unconfirmed")
        move(
            briefing,
            sources=[State.DRAFT],
            to=State.APPROVED,
            action="approved",
            scheduled_at=leaves_at(briefing.newsletter, at) if by else at or now,
            approved_by=by,
            approved_at=now,
            approved_content=content,
            trouble="",
        )


@transaction.atomic
def reschedule(briefing: Briefing, *, at: datetime | None, as_seen: str = "") -> None:
    """Let an approved briefing go out at another time, or at once. The approval stands, as it is about the same content.

    `as_seen` is the time that whoever decides has seen, in ISO 8601. Raises TransitionRefused, or ValidationError.
    """
    _check_time(at)
    lock(briefing, "newsletter")
    if briefing.state != State.APPROVED:
        state = briefing.get_state_display().lower()
        raise TransitionRefused(f"This briefing is {state}, so its time cannot be changed.")
    if as_seen and briefing.scheduled_at and as_seen != briefing.scheduled_at.isoformat():
        due = clock.in_words(briefing.scheduled_at, zone=briefing.newsletter.zone)
        raise ValidationError(f"Somebody set another time meanwhile: {due}. Look at it before you change it.")
    if reason := changed(briefing):
        raise ValidationError(reason)
    Briefing.objects.filter(pk=briefing.pk).update(scheduled_at=leaves_at(briefing.newsletter, at))
    briefing.refresh_from_db()


def withdraw(briefing: Briefing) -> None:
    """Take an approval back, before anything was frozen; nothing was sent."""
    changes: dict[str, Any] = {"scheduled_at": None, "approved_by": None, "approved_at": None, "approved_content": ""}
    unfrozen = Q(state=State.APPROVED) | Q(state=State.PAUSED, frozen_at=None)
    if not change_if(briefing, unfrozen, state=State.DRAFT, trouble="", **changes):
        move(briefing, sources=[State.APPROVED], to=State.DRAFT, action="taken back")  # which says why not


@contextmanager
def held_on_error(briefing: Briefing) -> Iterator[None]:
    """Pause a briefing in whose sending something raises, with the reason for staff, so that it holds up no other.

    A database that is away or busy pauses nothing: beat rings for this briefing again.
    """
    try:
        yield
    except OperationalError:
        logger.exception("Briefing %s will be tried again", briefing.pk)
    except Exception as error:
        logger.exception("Briefing %s could not be sent", briefing.pk)
        briefing.hold(f"An error of our own stopped it: {kind_of(error)}. The worker's log has more.")


def pause(briefing: Briefing) -> None:
    """Stop after the messages that are on their way at this moment."""
    move(briefing, sources=[State.SENDING], to=State.PAUSED, action="paused")


def resume(briefing: Briefing) -> None:
    """Go on where it stopped: nobody gets it twice. A sponsor who is named in it, and undecided, holds it up here too."""
    if briefing.state == State.PAUSED and (waiting := payers.problems(briefing)):
        raise TransitionRefused(" ".join(waiting))
    target = State.SENDING if briefing.frozen_at else State.APPROVED
    changes: dict[str, Any] = {} if briefing.frozen_at else {"scheduled_at": leaves_at(briefing.newsletter)}
    move(briefing, sources=[State.PAUSED], to=target, action="resumed", trouble="", watch={}, **changes)


def cancel(briefing: Briefing) -> None:
    """End it: subscribers who have not got it yet will not."""
    move(briefing, sources=CANCELLABLE, to=State.CANCELLED, action="cancelled")
    deliveries.reconcile(briefing.pk)
