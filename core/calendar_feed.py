"""The newsroom's calendar for other programs (iCalendar, RFC 5545), by a secret link that shows what its owner may see.

The link is a signed token of the account and a serial, so it can be shown to its owner again though it is stored nowhere.
A new serial, or none, ends it; so does an account that is no longer active.
"""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from core import audit
from core.lib.calendar import Entry, Source, Span, sources_for
from core.lib.signing import BadToken, make_token, read_token
from core.lib.text import one_line
from core.models import CalendarLink, SiteProfile, User

PURPOSE = "core.calendar"
BEFORE, AFTER = timedelta(days=90), timedelta(days=400)
ASK_AGAIN = timedelta(hours=1)


def link_of(user: User) -> str:
    """The whole address of somebody's feed; empty if there is none."""
    row = CalendarLink.objects.filter(user=user).first()
    if row is None:
        return ""
    return settings.SITE_URL + reverse("calendar-feed", args=[make_token(PURPOSE, user.pk, row.serial)])


@transaction.atomic
def make_link(user: User) -> None:
    """Give somebody a link; one they had before ends."""
    fresh = CalendarLink(user=user)
    CalendarLink.objects.update_or_create(user=user, defaults={"serial": fresh.serial, "made_at": fresh.made_at})
    audit.record("made a calendar link", user, by=user)


@transaction.atomic
def revoke_link(user: User) -> None:
    """End somebody's link."""
    if CalendarLink.objects.filter(user=user).delete()[0]:
        audit.record("revoked the calendar link", user, by=user)


@never_cache
@require_safe
def feed(_request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of the link's owner."""
    owner = _owner(token)
    if owner is None:
        raise Http404("There is no such calendar.")
    response = HttpResponse(_calendar(owner).to_ical(), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="newsroom.ics"'
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _owner(token: str) -> User | None:
    try:
        account, serial = read_token(PURPOSE, token)
        row = CalendarLink.objects.filter(user=account, serial=serial).select_related("user").first()
    except (BadToken, ValueError, OverflowError):
        return None
    return row.user if row and row.user.is_active and row.user.is_staff else None


def _calendar(user: Any) -> Calendar:
    name, today = f"{SiteProfile.current().name} newsroom", timezone.localdate()
    calendar = Calendar()
    calendar.add("prodid", "-//Moonpress//Newsroom calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", ASK_AGAIN)
    span = Span(today - BEFORE, today + AFTER)
    for source in sources_for(user):
        for entry in source.between(user, span):
            calendar.add_component(_event(source, entry))
    return calendar


def _event(source: Source, entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{source.name}-{entry.key}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", timezone.now().astimezone(UTC))
    event.add("dtstart", entry.at.astimezone(UTC) if entry.at else entry.when)
    event.add("summary", one_line(f"{source.label}: {entry.title}" + (f" ({entry.state})" if entry.state else "")))
    event.add("categories", [source.plural])
    event.add("url", settings.SITE_URL + entry.url)
    event.add("transp", "TRANSPARENT")
    return event
