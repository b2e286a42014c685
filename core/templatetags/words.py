"""`{% load words %}{{ html|words }}`: the plain words of some HTML, on one line."""

from django import template

from core.lib.html import text_of

register = template.Library()


@register.filter
def words(html: str) -> str:
    return text_of(html).replace("\n", " ")
