"""`{% load slots %}{% slot "related" %}`: a mark that is rendered whenever the page is (see articles.slots)."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from articles import slots

register = template.Library()


@register.simple_tag
def slot(name: str, *arguments: str) -> SafeString:
    """The mark of a slot that some application has registered."""
    if not slots.is_registered(name):
        raise template.TemplateSyntaxError(f"There is no slot “{name}”.")
    return mark_safe(slots.mark(name, *arguments))
