"""`{% load placements %}{% sponsor_slot "web:article" %}`: the labelled ad of a channel today, or nothing."""

from typing import Any

from django import template
from django.utils import timezone

from sponsors.placements import placement_shown

register = template.Library()


@register.inclusion_tag("components/sponsor_slot.html")
def sponsor_slot(channel: str) -> dict[str, Any]:
    """At most one query; see sponsors.placements."""
    return {"placement": placement_shown(channel, timezone.now().date())}
