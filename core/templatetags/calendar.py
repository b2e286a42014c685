"""`{% load calendar %}{% if user|sees_calendar %}`: whether somebody finds anything on the newsroom's calendar."""

from typing import Any

from django import template

from core.lib.calendar import sources_for

register = template.Library()


@register.filter
def sees_calendar(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) and sources_for(user))
