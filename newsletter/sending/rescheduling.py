"""Moving a briefing to another day or time: before it is approved its day, afterwards the time at which it is sent.

The ad follows the day. What stands in the way of sending it then is said, and the briefing stays where it was.
"""

from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.lib import clock
from core.transitions import TransitionRefused, lock
from newsletter.models import Briefing
from newsletter.sending import approval, sponsor_places

State = Briefing.State


@transaction.atomic
def set_day(briefing: Briefing, *, day: date, expected: date, by: Any) -> None:
    """Give a draft another day, if it still has the expected one. Raises TransitionRefused."""
    if day < timezone.localdate(timezone=briefing.newsletter.zone):
        raise TransitionRefused("That day has passed. Choose today or a later one.")
    lock(briefing, "newsletter", "segment")
    if briefing.state != State.DRAFT or briefing.issue_date != expected:
        raise TransitionRefused(_stands(briefing))
    _place(briefing, day)
    approval.edited(briefing, by=by)
    _log(briefing, by, f"Moved from {expected:%-d %b %Y} to {day:%-d %b %Y}.")


@transaction.atomic
def send_at(briefing: Briefing, *, at: datetime, expected: datetime, by: Any) -> None:
    """Send an approved briefing at another time, if it is still to go out at the expected one. Raises TransitionRefused.

    Its day moves by as many days. What was approved stays approved; the checks of an approval are made again.
    """
    if at <= timezone.now():
        raise TransitionRefused("That time has passed. Choose one in the future.")
    lock(briefing, "newsletter", "segment")
    if briefing.state != State.APPROVED or briefing.scheduled_at != expected:
        raise TransitionRefused(_stands(briefing))
    if expected <= timezone.now():
        raise TransitionRefused("It is about to be sent: its time has come.")
    try:
        approval.reschedule(briefing, at=at)
    except ValidationError as error:
        raise TransitionRefused(" ".join(error.messages)) from None
    zone = briefing.newsletter.zone
    if days := at.astimezone(zone).date() - expected.astimezone(zone).date():
        _place(briefing, briefing.issue_date + days)
        briefing.approved_content = approval.seen(briefing)  # nothing but the day has changed
        briefing.save(update_fields=["approved_content"])
    if problems := approval.problems(briefing):
        raise TransitionRefused(" ".join(problems))
    before, after = (clock.in_words(moment, zone=zone) for moment in (expected, at))
    _log(briefing, by, f"Moved from {before} to {after}.")


def _place(briefing: Briefing, day: date) -> None:
    briefing.issue_date = day
    briefing.save(update_fields=["issue_date"])
    sponsor_places.place_sponsors(briefing)


def _stands(briefing: Briefing) -> str:
    """Where a briefing is now, for somebody who thinks it is elsewhere."""
    where = clock.in_words(briefing.scheduled_at) if briefing.scheduled_at else f"{briefing.issue_date:%-d %b %Y}"
    return f"It changed meanwhile, so it was not moved: it is {briefing.get_state_display().lower()}, on {where}."


def _log(briefing: Briefing, by: Any, text: str) -> None:
    LogEntry.objects.log_actions(by.pk, [briefing], CHANGE, change_message=text, single_object=True)
