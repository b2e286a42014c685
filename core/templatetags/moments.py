"""`{% load moments %}{% moment article.published_at "j F Y, H:i" %}`: a moment with its zone, as an element or as words.

On staff pages it is in the person's zone. Whatever is rendered without the request of one, such as readers' pages, their
previews and mails, has the newsroom's, also if a member of staff causes it.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.lib import clock

register = template.Library()
FORM = "j F Y, H:i"


def _zone(context: template.Context) -> ZoneInfo:
    request: Any = getattr(context, "request", None)
    return getattr(request, "zone", None) or clock.newsroom()


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None, form: str = FORM) -> SafeString | str:
    """A `<time>` element; nothing for None."""
    if not at:
        return ""
    zone = _zone(context)
    exact = at.astimezone(zone).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', exact, clock.in_words(at, form, zone))


@register.simple_tag(takes_context=True)
def moment_words(context: template.Context, at: datetime | None, form: str = FORM) -> str:
    """The same without an element, for plain text and attributes."""
    return clock.in_words(at, form, _zone(context)) if at else ""


@register.simple_tag(takes_context=True)
def zone_name(context: template.Context) -> str:
    """The name of the zone in which this page shows moments."""
    return _zone(context).key
