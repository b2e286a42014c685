"""What stands in the slots that every article may have; other parts register theirs (see articles.slots)."""

from typing import Any

from django.template.loader import render_to_string

from articles import slots
from cms.lib.html import text_of


def _cta(page: dict[str, Any], slug: str) -> str:
    row = page["snippets"].get(slug)
    return render_to_string("components/cta_card.html", {"cta": {**row, "body": text_of(row["html"])}}) if row else ""


def _sponsor(page: dict[str, Any], _argument: str) -> str:
    """The ad stands where the editor put it, and then no more beside the text."""
    placement, page["placement"] = page["placement"], None
    return render_to_string("components/sponsor_slot.html", {"placement": placement}) if placement else ""


def _signup(page: dict[str, Any], newsletter: str) -> str:
    page["signups"] = number = page.get("signups", 0) + 1
    context = {"newsletter": newsletter, "source": "article", "id": f"signup-{number}"}
    return render_to_string("components/signup.html", context)


def _also_read(page: dict[str, Any], article: str) -> str:
    other = page["also_read"].get(article)
    if not other:
        return ""
    named = {"title": other.title, "url": other.get_absolute_url()}
    return render_to_string("components/also_read.html", {"article": named})


def register_all() -> None:
    """Called once, when Django starts."""
    slots.register("cta", _cta)
    slots.register("sponsor_slot", _sponsor)
    slots.register("signup", _signup)
    slots.register("also_read", _also_read)
