"""An article from a result: introduction, method, chart, a section for each nominee in the order of places.

The chart is the live result's. A figure in the text is a link to where it stands on the nominee's page; the desk's checks
compare it with the result (surveys.figure_check), so that it cannot drift unseen.
"""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.text import get_text_list

from articles.document_schema import LIMITS
from articles.documents import create_article, slug_is_taken
from articles.models import Article
from core.lib import clock
from core.lib.slugs import free_slug, slug_of
from core.models import User
from core.transitions import TransitionRefused
from surveys import keys, papers
from surveys.figure_check import figure_text
from surveys.models import AwardCategory
from surveys.result_view import Result, result_of

_OF = {
    "approval": "of the ballots that name somebody",
    "irv": "of those that still counted in the last round",
    "score": "of the points",
}


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
    blocks = [_text(_introduction(results)), _text(_method(results))]
    level = 2 if len(results) == 1 else 3
    for result in results:
        if len(results) > 1:
            blocks.append(_text(f"<h2>{escape(result.category.title)}</h2>"))
        blocks.append({"type": "award_results", "season": season.slug, "category": result.category.slug})
        blocks.append(_text("".join(_section(result, row, level) for row in result.rows if row["url"])))
    blocks.append(_text(_closing(results[0])))
    return {
        "version": 1,
        "title": title,
        "slug": free_slug(slug, slug_is_taken, limit=LIMITS["slug"]),
        "standfirst": f"Readers have voted in the {season.title}.",
        "blocks": [block for block in blocks if block.get("html") != ""],
    }


def _text(html: str) -> dict[str, Any]:
    return {"type": "richtext", "html": html}


def _introduction(results: list[Result]) -> str:
    season = results[0].category.season
    began = f"<p>{escape(season.standfirst)}</p>" if season.standfirst else ""
    lines = "".join(f"<li>{escape(result.category.title)}: {_winners(result)}</li>" for result in results)
    return f"{began}<p>The votes in the {escape(season.title)} are counted. Readers chose:</p><ul>{lines}</ul>"


def _winners(result: Result) -> str:
    rows = [row for row in result.rows if row["winner"]]
    names = (
        get_text_list([f"<strong>{escape(row['name'])}</strong>" for row in rows], "and") or "nobody, for lack of votes"
    )
    if len(rows) != 1 or not rows[0]["url"]:
        return names
    return f"{names}, with {_got(result, rows[0])}"


def _method(results: list[Result]) -> str:
    """How the vote was held: when, by whom, how many, by which method."""
    season = results[0].category.season
    if season.opens_at and season.closed_at:
        zone = clock.newsroom()
        from_, to = (clock.in_words(at, "j F Y", zone) for at in (season.opens_at, season.closed_at))
        held = f"Voting was open from {from_} to {to}. "
    else:
        held = ""
    source = (
        f"The ballots were cast elsewhere and imported ({escape(season.imported_from)}). "
        if season.is_imported
        else ("Every ballot was confirmed by mail, one for each address and category. ")
    )
    notes = "".join(
        f"<li>{escape(result.category.title)}: {escape(result.note)}{_jury(result)}</li>" for result in results
    )
    return f"<h2>How readers voted</h2><p>{held}{source}Results were hidden until the count was released.</p><ul>{notes}</ul>"


def _jury(result: Result) -> str:
    """What the jury weighs, and who on it took no part; its figures stand beside the public's under the chart."""
    if result.jury is None:
        return ""
    absent = "; ".join(f"{each['juror']} took no part: {each['reason']}" for each in result.jury["recused"])
    return escape(f" {result.jury['words']}" + (f" {absent}" if absent else ""))


def _section(result: Result, row: dict[str, Any], level: int) -> str:
    """A nominee's heading, place and figures, and what the ballot paper says of it."""
    name = escape(row["name"])
    shared = sum(other["rank"] == row["rank"] for other in result.rows) > 1
    place = f"shared {_figure(row, 'place')} place" if shared else f"came {_figure(row, 'place')}"
    said = f"<p>{name} {place}, with {_got(result, row)}.</p>"
    about = next((each.description for each in papers.nominees_of(result.category) if each.slug == row["slug"]), "")
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in about.split("\n\n") if part.strip())
    return f"<h{level}>{name}</h{level}>{said}{paragraphs}"


def _got(result: Result, row: dict[str, Any]) -> str:
    share = "" if row["share"] is None else f", {_figure(row, 'share')} {_OF.get(result.method, 'of the votes')}"
    return f"{_figure(row, 'votes')} {result.unit}{share}"


def _figure(row: dict[str, Any], part: str) -> str:
    """A figure of the result, bound to it: a link to where it stands, which the desk's checks compare with it."""
    return f'<a href="{row["url"]}#{part}">{figure_text(row, part)}</a>'


def _closing(result: Result) -> str:
    season = result.category.season
    ledger = reverse("surveys:ledger-show", args=[season.slug])
    return (
        "<h2>How it was counted</h2><p>The voters chose themselves, so this is not a representative sample. "
        f'Every ballot is in <a href="{ledger}">the public record</a>, where anyone can count again. '
        f"It is signed with the key <code>{keys.public_key()}</code>.</p>"
    )
