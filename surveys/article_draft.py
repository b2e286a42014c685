"""An article from a result: a draft whose figures are the live result's, so that they cannot drift from it."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import escape

from articles.document_schema import LIMITS
from articles.documents import create_article, slug_is_taken
from articles.models import Article
from core.lib.slugs import free_slug, slug_of
from core.models import User
from core.transitions import TransitionRefused
from surveys import keys
from surveys.models import AwardCategory
from surveys.result_view import Result, result_of


def draft_article(categories: Sequence[AwardCategory], *, by: User | None = None) -> Article:
    """Draft an article on released results of one season, for the desk to finish. Raises TransitionRefused."""
    if not categories or len({category.season_id for category in categories}) > 1:
        raise TransitionRefused("Choose categories of one season.")
    if not categories[0].season.is_public:
        raise TransitionRefused("Readers do not see these results yet: show them first.")
    results = [result_of(category) for category in categories]
    if not all(results):
        raise TransitionRefused("An article can be drafted once the results are released.")
    document = _document([result for result in results if result])
    return create_article(document, by=by, reason="Drafted from the results")


def _document(results: list[Result]) -> dict[str, Any]:
    season = results[0].category.season
    subject = results[0].category.title if len(results) == 1 else season.title
    title = f"{subject}: the result"
    slug = slug_of(f"{season.slug} {subject} result")
    blocks: list[dict[str, Any]] = [{"type": "richtext", "html": _introduction(results)}]
    for result in results:
        category = result.category
        if len(results) > 1:
            blocks.append({"type": "richtext", "html": f"<h2>{escape(category.title)}</h2>"})
        blocks.append({"type": "award_results", "season": season.slug, "category": category.slug})
    blocks.append({"type": "richtext", "html": _closing(results[0])})
    return {
        "version": 1,
        "title": title,
        "slug": free_slug(slug, slug_is_taken, limit=LIMITS["slug"]),
        "standfirst": f"Readers have voted in the {season.title}.",
        "blocks": blocks,
    }


def _introduction(results: list[Result]) -> str:
    lines = [
        f"<li>{escape(result.category.title)}: <strong>{escape(_names(result.winners) or 'no votes')}</strong></li>"
        for result in results
    ]
    return f"<p>The votes are counted. Readers chose:</p><ul>{''.join(lines)}</ul>"


def _closing(result: Result) -> str:
    season = result.category.season
    ledger = reverse("surveys:ledger-show", args=[season.slug])
    return (
        "<h2>How it was counted</h2><p>The voters chose themselves, so this is not a representative sample. "
        f'Every ballot is in <a href="{ledger}">the public record</a>, where anyone can count again. '
        f"It is signed with the key <code>{keys.public_key()}</code>.</p>"
    )


def _names(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
