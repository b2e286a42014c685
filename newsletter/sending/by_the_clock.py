"""Briefings that are made at a time: how what is due is found, and how one goes out by itself or says why it waits."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from core import accounts
from core.lib import clock
from core.lib.errors import kind_of
from core.outbox import queue_mail
from newsletter.models import Briefing
from newsletter.sending import approval, payers

logger = logging.getLogger(__name__)


def make_due(due: QuerySet[Any], make: Callable[[int], object], what: str) -> None:
    """Make what is due, each by its key. One that cannot be made is tried again and holds up no other."""
    for key in due.values_list("pk", flat=True):
        try:
            make(key)
        except Exception:
            logger.exception("%s %s could not be made and will be tried again", what, key)


def let_go(briefing: Briefing, *, due: datetime, notice: timedelta = timedelta(0)) -> None:
    """Let a draft go out by itself. What stands in the way is said on it and to the editors, and it waits for somebody."""
    trouble = ""
    if timezone.now() - due > approval.TOO_LATE:
        trouble = f"It was due on {clock.in_words(due, zone=clock.newsroom())} and nothing was running then."
        trouble += " Approve it to send it now."
    else:
        try:
            trouble = _refusal(briefing, at=timezone.now() + notice if notice else None)
        except OperationalError:
            raise  # the database is away or busy: all of it comes again
        except Exception as error:
            logger.exception("Briefing %s could not be approved", briefing.pk)
            trouble = f"An error of our own kept it from going out: {kind_of(error)}. The worker's log has more."
    if trouble:
        Briefing.objects.filter(pk=briefing.pk).update(trouble=trouble)
        briefing.trouble = trouble
        tell_editors(briefing)


def _refusal(briefing: Briefing, *, at: datetime | None) -> str:
    """Approve it, or say what stands in the way."""
    payers.look_at(briefing)  # what was disclosed before in the same words holds up nothing
    try:
        with transaction.atomic():
            approval.approve(briefing, at=at)
    except ValidationError as refusal:
        payers.look_at(briefing)  # what the refusal took back with it
        return " ".join(refusal.messages)
    return ""


def tell_editors(briefing: Briefing) -> None:
    """Mail those who can approve it that a briefing was to go out by itself and waits, with the reason."""
    url = settings.SITE_URL + reverse("admin:newsletter_briefing_change", args=[briefing.pk])
    context = {"briefing": briefing, "url": url}
    for user in accounts.holders_of("newsletter.approve_briefing"):
        queue_mail(template="briefing_waits", to=user.email, context=context, kind="newsletter.briefing-waits")
