"""`{% load slots %}{% slot "related" %}`: the mark of a slot (see articles.slots)."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from articles import slots

register = template.Library()


@register.simple_tag
def slot(name: str, *arguments: str) -> SafeString:
    """The mark of a registered slot."""
    if not slots.is_registered(name):
        raise template.TemplateSyntaxError(f"There is no slot “{name}”.")
    return mark_safe(slots.mark(name, *arguments))
