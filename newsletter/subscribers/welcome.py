"""The welcome mail of a newsletter, written by staff: once to each subscriber, after the first confirmation."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from core.lib.signing import make_token
from core.lib.text import one_line
from core.models import SiteProfile
from core.outbox import queue_message
from newsletter.mail import mime
from newsletter.models import Newsletter, Subscription
from newsletter.subscribers.addresses import parse_address

AGAIN_AFTER = timedelta(days=365)
NOBODY = 0  # the subscriber of a test: its links work and change nothing


def greet(subscription: Subscription, *, confirmed_before: datetime | None, unsubscribe: str, preferences: str) -> bool:
    """Queue the welcome of somebody who confirmed, in the same transaction; whether one was queued.

    Whoever comes back within a year of the last confirmation or welcome gets none. The tokens are those of the links.
    """
    newsletter, now = subscription.newsletter, timezone.now()
    if not newsletter.welcome_text or (confirmed_before and confirmed_before > now - AGAIN_AFTER):
        return False
    due = Q(welcomed_at=None) | Q(welcomed_at__lt=now - AGAIN_AFTER)
    if not Subscription.objects.filter(due, pk=subscription.pk).update(welcomed_at=now):
        return False
    email = subscription.subscriber.email
    message = _message(newsletter, to=email, key=subscription.pk, unsubscribe=unsubscribe, preferences=preferences)
    queue_message(kind="newsletter.welcome", to=email, subject=newsletter.welcome_subject, message=message)
    return True


def send_test(newsletter: Newsletter, *, to: str, unsubscribe: str, preferences: str) -> None:
    """Queue one copy, marked as a test, whose links change nothing. Raises ValidationError for a bad address."""
    email, subject = parse_address(to).email, f"[Test] {newsletter.welcome_subject}"
    links = {"unsubscribe": unsubscribe, "preferences": preferences}
    message = _message(newsletter, to=email, key=NOBODY, subject=subject, **links)
    queue_message(kind="newsletter.test", to=email, subject=subject, message=message)


def bodies(newsletter: Newsletter, *, unsubscribe: str, preferences: str) -> dict[str, str]:
    """The mail as text and as HTML."""
    context = {
        "newsletter": newsletter,
        "unsubscribe": settings.SITE_URL + reverse("newsletter:unsubscribe", args=[unsubscribe]),
        "preferences": settings.SITE_URL + reverse("newsletter:preferences", args=[preferences]),
        "site": SiteProfile.current(),
        "site_url": settings.SITE_URL,
    }
    return {
        "text": render_to_string("emails/welcome.txt", context).strip() + "\n",
        "html": css_inline.inline(render_to_string("emails/welcome.html", context)),
    }


def _message(
    newsletter: Newsletter, *, to: str, key: int, unsubscribe: str, preferences: str, subject: str = ""
) -> bytes:
    now, placeholders = timezone.now(), mime.Placeholders()
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = mime.MessageHeaders(
        from_name=one_line(newsletter.from_name or SiteProfile.current().name),
        from_email=settings.DEFAULT_FROM_EMAIL,
        reply_to=SiteProfile.current().contact_email,
        subject=one_line(subject or newsletter.welcome_subject),
        list_name=one_line(newsletter.name),
        list_id=f"{newsletter.slug}.{host}",
        feedback_id=f"{newsletter.pk}:{newsletter.slug}:welcome:{host.replace('.', '-')}",
        site_url=settings.SITE_URL,
    )
    written = bodies(newsletter, unsubscribe=placeholders["unsubscribe"], preferences=placeholders["preferences"])
    values = {
        "to": to,
        "date": format_datetime(now),
        "message_id": make_token("welcome", key, int(now.timestamp())),
        "unsubscribe": unsubscribe,
        "preferences": preferences,
    }
    template = mime.MessageTemplate(mime.compile_message(headers, **written, placeholders=placeholders))
    return template.render({name: value.encode("ascii") for name, value in values.items()})
