"""The `signup` block: a form in an article for one newsletter, or for one of several that the reader chooses."""

from typing import Any

from django.template.loader import render_to_string

from articles import slots
from core.pagecache import per_generation
from newsletter.models import Newsletter


def signup(page: Any, argument: str = "") -> str:
    """The form, in the words of the block; its newsletters are those of them that take subscribers now."""
    page.signups += 1
    said = slots.unpacked(argument) or {"newsletters": argument}
    return _form(page.signups, said["newsletters"], said.get("heading", ""), said.get("text", ""))


@per_generation
def _form(number: int, newsletters: str, heading: str, text: str) -> str:
    slugs = newsletters.split(",") if newsletters else []
    found = {row.slug: row for row in Newsletter.objects.open().filter(slug__in=slugs)} if len(slugs) > 1 else {}
    choices = [found[slug] for slug in slugs if slug in found]
    context = {
        "newsletter": choices[0].slug if choices else newsletters.partition(",")[0],
        "choices": choices if len(choices) > 1 else [],
        "source": "article",
        "id": f"signup-{number}",
        "heading": heading,
        "text": text,
    }
    return render_to_string("components/signup.html", context)


def words_of(block: dict[str, Any]) -> list[tuple[str, str]]:
    """What the form shows of newsletters."""
    slugs = [slug for slug in block.get("newsletter", "").split(",") if slug]
    rows = Newsletter.objects.filter(slug__in=slugs).values_list("name", "description") if slugs else []
    return [("newsletter", text) for row in rows for text in row if text]
