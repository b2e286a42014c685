"""From an approved briefing to bytes and deliveries: one transaction fixes message, links and audience."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.lib.text import one_line
from core.models import SiteProfile
from core.outbox import queue_message
from core.transitions import change_if
from newsletter import composition, deliveries, mime
from newsletter.addresses import parse_address
from newsletter.approval import problems
from newsletter.models import Briefing, CompiledMessage, TrackedLink
from newsletter.sender import message_token
from newsletter.subscriptions import preferences_token, unsubscribe_token

TOO_LATE = timedelta(hours=2)
NOBODY = 0  # the subscriber of a test mail: its links work and change nothing
State = Briefing.State


def start_due(*, now: datetime | None = None) -> list[int]:
    """Freeze every approved briefing whose time has come; return those that may now be sent."""
    now = now or timezone.now()
    started = []
    for briefing in Briefing.objects.filter(state=State.APPROVED, scheduled_at__lte=now):
        if briefing.scheduled_at and now - briefing.scheduled_at > TOO_LATE:
            late = f"It was due at {briefing.scheduled_at:%d %b %Y %H:%M} UTC and nothing was running then. Resume to send it now."
            change_if(briefing, Q(state=State.APPROVED), state=State.PAUSED, trouble=late)
        elif freeze(briefing.pk):
            started.append(briefing.pk)
    return started


@transaction.atomic
def freeze(briefing_id: int) -> bool:
    """Fix message, links and audience in one transaction; whether it may now be sent."""
    briefing = Briefing.objects.select_for_update(of=("self",)).select_related("newsletter").get(pk=briefing_id)
    if briefing.state != State.APPROVED:
        return False
    composition.place_sponsor(briefing)
    if found := problems(briefing):
        change_if(briefing, Q(state=State.APPROVED), state=State.PAUSED, trouble=" ".join(found))
        return False
    _compile(briefing)
    candidates = deliveries.freeze_audience(briefing)
    return change_if(
        briefing, Q(state=State.APPROVED), state=State.SENDING, frozen_at=timezone.now(), candidates=candidates
    )


def _compile(briefing: Briefing) -> None:
    markers = mime.Markers()
    counted = briefing.newsletter.counts_reading
    links = (
        composition.counting_links(markers)
        if counted
        else composition.plain_links(markers["unsubscribe"], markers["preferences"])
    )
    rendered = composition.render(briefing, links)
    data = mime.compile_message(_envelope(briefing), text=rendered.text, html=rendered.html, markers=markers)
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


def _envelope(briefing: Briefing, *, test: bool = False) -> mime.Envelope:
    site, newsletter = SiteProfile.current(), briefing.newsletter
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return mime.Envelope(
        from_name=one_line(newsletter.from_name or site.name),
        from_email=settings.DEFAULT_FROM_EMAIL,
        reply_to=site.contact_email,
        subject=("[Test] " if test else "") + one_line(briefing.subject),
        list_name=one_line(newsletter.name),
        list_id=f"{newsletter.slug}.{host}",
        feedback_id=f"{briefing.pk}:{newsletter.slug}:briefing:{host.replace('.', '-')}",
        site_url=settings.SITE_URL,
    )


def send_test(briefing: Briefing, *, to: str) -> None:
    """Send one copy, marked as a test, whose links count nothing. Raises ValidationError for a bad address."""
    address = parse_address(to)
    markers = mime.Markers()
    links = composition.plain_links(markers["unsubscribe"], markers["preferences"])
    rendered = composition.render(briefing, links)
    envelope = _envelope(briefing, test=True)
    form = mime.Form(mime.compile_message(envelope, text=rendered.text, html=rendered.html, markers=markers))
    values = {
        "to": address.email,
        "date": format_datetime(timezone.now()),
        "message_id": message_token(briefing.pk, NOBODY) + f".{int(timezone.now().timestamp())}",
        "unsubscribe": unsubscribe_token(NOBODY, briefing.newsletter_id),
        "preferences": preferences_token(NOBODY),
        "delivery": "",
    }
    message = form.filled({name: value.encode("ascii") for name, value in values.items()})
    queue_message(kind="newsletter.test", to=address.email, subject=envelope.subject, message=message)
