"""Rendering a document to the body that readers see, done once at publishing."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any

from django.template.loader import render_to_string

from articles import slots
from articles.document_schema import BlockData, Document
from articles.embeds import embed_of
from articles.footnotes import lifted
from articles.images import assets_of, picture_of
from articles.models import Article, ImageAsset, Kind
from articles.tables import rows_of
from core.lib import charts
from core.lib.html import clean, text_of, with_anchors, with_directions

WORDS_PER_MINUTE = 230
FAQ_HEADING = "Frequently asked questions"
_NUMBER = re.compile(r"[-+−]?\d+(?:[ ,\u00a0\u202f]\d{3})*(?:\.\d+)?\s*%?")
_ENDS_WITH_HEADING = re.compile(r"</h[2-4]>\s*$")


@dataclass
class Rendered:
    """A rendered body, and what was gathered while rendering it."""

    html: str = ""
    text: str = ""
    words: int = 0
    reading_minutes: int = 1
    cover: dict[str, Any] | None = None
    toc: list[dict[str, Any]] = field(default_factory=list)
    faq: list[dict[str, str]] = field(default_factory=list)
    snippets: list[str] = field(default_factory=list)
    also_read: list[int] = field(default_factory=list)


@dataclass
class Rendering:
    """The state that the renderers of one document share."""

    assets: dict[str, ImageAsset]
    articles: dict[str, int]
    result: Rendered = field(default_factory=Rendered)
    anchors: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    charts: int = 0

    def noted(self, html: str) -> tuple[str, str]:
        """Cleaned HTML with numbers in place of its footnotes, which come below the text; and the same without those."""
        found = lifted(clean(html), len(self.notes))
        self.notes += found.notes
        return found.numbered, found.plain

    def anchored(self, html: str) -> str:
        """Give headings anchors, and list them in the table of contents."""
        html, headings = with_anchors(html, self.anchors)
        self.anchors |= {heading.id for heading in headings}
        self.result.toc += [
            {"level": heading.level, "id": heading.id, "text": heading.text}
            for heading in headings
            if heading.level < 4
        ]
        return html


def rendered(document: Document) -> Rendered:
    """Render a canonical document. The result depends on nothing but it, the rows it refers to, and the templates."""
    blocks = document["blocks"]
    rendering = Rendering(assets=assets_of(sources_of(document)), articles=_articles(blocks))
    html, text = [], [document["title"], document["standfirst"]]
    previous = ""
    for block in _grouped(blocks):
        block["bare"] = bool(_ENDS_WITH_HEADING.search(previous)) or "faq" in rendering.anchors
        part, words = RENDERERS[block["type"]](rendering, block)
        html.append(part)
        text.append(words)
        previous = part
    if rendering.notes:
        html.append(_template("footnotes", {"notes": rendering.notes}))
        text += map(text_of, rendering.notes)
    result = rendering.result
    result.cover = picture_of(document["cover"], rendering.assets) if document["cover"] else None
    result.html = with_directions("\n".join(html))
    # PostgreSQL's text parser takes angle brackets for markup, and skips everything after a <script>.
    result.text = "\n".join(filter(None, text[2:])).translate({ord("<"): "‹", ord(">"): "›"})
    result.words = len(" ".join(text).split())
    result.reading_minutes = document["reading_minutes"] or max(1, math.ceil(result.words / WORDS_PER_MINUTE))
    return result


def sources_of(document: Document) -> list[str]:
    """The sources of all pictures in a document."""
    entries = chain(
        [document["cover"] or {}], document["blocks"], *(block.get("images", []) for block in document["blocks"])
    )
    social = document["seo"].get("social_image")
    return [*(entry["src"] for entry in entries if "src" in entry), *([social] if social else [])]


def _articles(blocks: list[BlockData]) -> dict[str, int]:
    """The keys of the articles that the text names, by slug."""
    slugs = [block["article"] for block in blocks if block["type"] == "related"]
    return dict(Article.objects.filter(slug__in=slugs, kind=Kind.ARTICLE).values_list("slug", "pk")) if slugs else {}


def _grouped(blocks: list[BlockData]) -> list[BlockData]:
    """Copies of the blocks, in which consecutive questions are one block with `entries`."""
    grouped: list[BlockData] = []
    for block in blocks:
        if block["type"] != "faq":
            grouped.append(dict(block))
        elif grouped and grouped[-1]["type"] == "faq":
            grouped[-1]["entries"].append(block)
        else:
            grouped.append({"type": "faq", "entries": [block]})
    return grouped


def _template(kind: str, context: dict[str, Any]) -> str:
    return render_to_string(f"articles/blocks/{kind}.html", context).strip()


def _richtext(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    html, plain = rendering.noted(block["html"])
    return _template("richtext", {"html": rendering.anchored(html)}), text_of(plain)


def _image(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    picture = picture_of(block, rendering.assets)
    return _template("image", {"picture": picture}), picture.get("caption", "")


def _gallery(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    pictures = [picture_of(entry, rendering.assets) for entry in block["images"]]
    captions = [picture.get("caption", "") for picture in pictures]
    return _template("gallery", {**block, "pictures": pictures}), "\n".join(filter(None, captions))


def _faq(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    answers = [(entry["question"], *rendering.noted(entry["answer"])) for entry in block["entries"]]
    entries = [{"question": question, "answer": numbered} for question, numbered, _ in answers]
    told = [{"question": question, "answer": plain} for question, _, plain in answers]
    rendering.result.faq += told
    if not block["bare"]:
        rendering.anchors.add("faq")
        rendering.result.toc.append({"level": 2, "id": "faq", "text": FAQ_HEADING})
    text = "\n".join(f"{entry['question']}\n{text_of(entry['answer'])}" for entry in told)
    return _template("faq", {"entries": entries, "bare": block["bare"]}), text


def _cta(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    if snippet := block.get("snippet"):
        rendering.result.snippets.append(snippet)
        return slots.mark("cta", snippet), ""
    return _template("cta", {"cta": block}), ""


def _callout(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    html, plain = rendering.noted(block["html"])
    return _template("callout", {**block, "html": html}), text_of(plain)


def _pullquote(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    return _template("pullquote", block), ""


def _table(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    rows = rows_of(block["csv"])
    head = rows.pop(0) if block["header"] and len(rows) > 1 else []
    body = rows or [head]
    columns = range(len(body[0]))
    numeric = [all(_NUMBER.fullmatch(row[column]) or not row[column] for row in body) for column in columns]

    def cells(row: list[str]) -> list[dict[str, Any]]:
        return [{"text": cell, "numeric": numeric[index] and index > 0} for index, cell in enumerate(row)]

    context = {"caption": block.get("caption", ""), "head": cells(head), "rows": [cells(row) for row in body]}
    return _template("table", context), "\n".join(" ".join(row) for row in [head, *body])


def _chart(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    heading, *rows = rows_of(block["csv"])
    rendering.charts += 1
    line, unit = block["kind"] == "line", block.get("unit", "")
    series = [(row[0], _figure(row[1])) for row in rows if row[1]]
    chart = charts.line_chart(series, unit=unit) if line else charts.bar_chart(series, unit=unit)
    context = {
        "chart": chart,
        "line": line,
        "title": block["title"],
        "description": f"{heading[1]} by {heading[0]}.",
        "id": f"chart-{rendering.charts}",
        "label_heading": heading[0],
        "value_heading": f"{heading[1]} ({unit})" if unit else heading[1],
    }
    return _template("chart", context), block["title"]


def _figure(cell: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", cell.replace("−", "-")))


def _embed(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    embed = embed_of(block["url"])
    return (_template("embed", {"embed": embed}), "") if embed else ("", "")


def _code(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    return _template("code", block), block["code"]


def _award_results(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    return slots.mark("award_results", block["season"], block["category"]), ""


def _survey(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    question = block.get("question")
    return slots.mark("survey", block["survey"], *([question] if question else [])), ""


def _signup(_rendering: Rendering, block: BlockData) -> tuple[str, str]:
    newsletters = block.get("newsletter", "")
    words: dict[str, str] = {name: block[name] for name in ("heading", "text") if name in block}
    if not words and "," not in newsletters and not newsletters.startswith(slots.PACKED):
        return slots.mark("signup", newsletters), ""
    return slots.mark("signup", slots.packed({"newsletters": newsletters, **words})), ""


def _sponsor_slot(_rendering: Rendering, _block: BlockData) -> tuple[str, str]:
    return slots.mark("sponsor_slot"), ""


def _related(rendering: Rendering, block: BlockData) -> tuple[str, str]:
    article = rendering.articles.get(block["article"])
    if article is None:
        return "", ""
    rendering.result.also_read.append(article)
    return slots.mark("also_read", str(article)), ""


# How each kind of block becomes HTML and plain text.
RENDERERS: dict[str, Callable[[Rendering, BlockData], tuple[str, str]]] = {
    "richtext": _richtext,
    "image": _image,
    "gallery": _gallery,
    "faq": _faq,
    "cta": _cta,
    "callout": _callout,
    "pullquote": _pullquote,
    "table": _table,
    "chart": _chart,
    "embed": _embed,
    "code": _code,
    "award_results": _award_results,
    "survey": _survey,
    "signup": _signup,
    "sponsor_slot": _sponsor_slot,
    "related": _related,
}
