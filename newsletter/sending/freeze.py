"""The freeze of an approved briefing: one transaction fixes its message, links and audience. And test mails."""

from datetime import datetime, timedelta
from email.utils import format_datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.lib import clock
from core.outbox import queue_message
from core.transitions import change_if
from newsletter.mail import mime, return_path
from newsletter.models import Briefing, CompiledMessage, TrackedLink
from newsletter.sending import composition, deliveries
from newsletter.sending.approval import held_on_error, problems
from newsletter.sending.sender import message_token
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.subscriptions import preferences_token, unsubscribe_token

TOO_LATE = timedelta(hours=2)
NOBODY = 0  # the subscriber of a test mail: its links work and change nothing
State = Briefing.State


def start_due() -> list[int]:
    """Freeze every approved briefing whose time has come; return those that may now be sent."""
    now = timezone.now()
    started = []
    for briefing in Briefing.objects.filter(state=State.APPROVED, scheduled_at__lte=now):
        with held_on_error(briefing):
            if _start(briefing, now):
                started.append(briefing.pk)
    return started


def _start(briefing: Briefing, now: datetime) -> bool:
    if briefing.scheduled_at and now - briefing.scheduled_at > TOO_LATE:
        due = clock.in_words(briefing.scheduled_at, zone=clock.newsroom())
        briefing.hold(f"It was due at {due} and nothing was running then. Resume to send it now.")
        return False
    return freeze(briefing.pk)


@transaction.atomic
def freeze(briefing_id: int) -> bool:
    """Fix message, links and audience in one transaction; whether it may now be sent."""
    briefing = (
        Briefing.objects.select_for_update(of=("self",)).select_related("newsletter", "segment").get(pk=briefing_id)
    )
    if briefing.state != State.APPROVED or (briefing.scheduled_at and briefing.scheduled_at > timezone.now()):
        return False  # withdrawn, or moved to a later time
    composition.place_sponsor(briefing)
    if found := problems(briefing):
        briefing.hold(" ".join(found))
        return False
    _compile(briefing)
    candidates = deliveries.freeze_audience(briefing)
    return change_if(
        briefing, Q(state=State.APPROVED), state=State.SENDING, frozen_at=timezone.now(), candidates=candidates
    )


def _compile(briefing: Briefing) -> None:
    placeholders = mime.Placeholders()
    counted = briefing.newsletter.counts_reading
    links = (
        composition.counting_links(placeholders)
        if counted
        else composition.plain_links(placeholders["unsubscribe"], placeholders["preferences"])
    )
    rendered = composition.render(briefing, links)
    bodies = {"text": rendered.text, "html": rendered.html}
    data = mime.compile_message(composition.headers_of(briefing), **bodies, placeholders=placeholders)
    CompiledMessage.objects.create(briefing=briefing, data=data)
    if counted:
        canary = TrackedLink(briefing=briefing, number=composition.CANARY, url=settings.SITE_URL + "/")
        TrackedLink.objects.bulk_create(
            [
                canary,
                *(
                    TrackedLink(briefing=briefing, number=number, url=item.url, item=item, claim_id=item.claim_id)
                    for number, item in rendered.targets.items()
                ),
            ]
        )


def send_test(briefing: Briefing, *, to: str) -> None:
    """Send one copy, marked as a test, whose links count nothing. Raises ValidationError for a bad address."""
    address = parse_address(to)
    placeholders = mime.Placeholders()
    links = composition.plain_links(placeholders["unsubscribe"], placeholders["preferences"])
    rendered = composition.render(briefing, links)
    headers, bodies = composition.headers_of(briefing, test=True), {"text": rendered.text, "html": rendered.html}
    template = mime.MessageTemplate(mime.compile_message(headers, **bodies, placeholders=placeholders))
    values = {
        "to": address.email,
        "date": format_datetime(timezone.now()),
        "message_id": message_token(briefing.pk, NOBODY) + f".{int(timezone.now().timestamp())}",
        "unsubscribe": unsubscribe_token(NOBODY, briefing.newsletter_id),
        "preferences": preferences_token(NOBODY),
        "delivery": "",
        "return_path": return_path.address_for(NOBODY),
    }
    message = template.render({name: value.encode("ascii") for name, value in values.items()})
    queue_message(kind="newsletter.test", to=address.email, subject=headers.subject, message=message)
