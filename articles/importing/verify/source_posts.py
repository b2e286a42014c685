"""A post as its export has it, with what the simplest means find in it: for every system, and apart from the readers."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dateutil import parser as dates
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from articles.importing.verify.figures import Figures, count_html

DRAFT, IN_REVIEW, SCHEDULED, PUBLISHED, ARCHIVED = "draft", "in_review", "scheduled", "published", "archived"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SAID = re.compile(r"""\b(?:title|heading|header|label|text|caption|author|summary|question|name|description|quote|cite|attr|credit)\s*=\s*(?:"([^"]*)"|'([^']*)')""")  # fmt: skip
_FENCE = re.compile(r"(^|\n)([ \t]*(?:>[ \t]?)*)(`{3,}|~{3,})[^\n]*\n.*?(?:\n[ \t>]*\3|\Z)|(`+)[^\n`]+\4", re.DOTALL)
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_ADMONITION = re.compile(r"^([ \t>]*:::+)[ \t]*[a-z]+", re.MULTILINE)
_ALERT = re.compile(r"^([ \t>]*)\[!\w+\][+-]?", re.MULTILINE)
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")


@dataclass(slots=True)
class SourcePost:
    """One post as the export has it."""

    key: str
    title: str
    slug: str = ""
    state: str = ""
    at: datetime | None = None
    figures: Figures = field(default_factory=Figures)


def due(published: bool, at: datetime | None) -> str:
    return DRAFT if not published else SCHEDULED if at and at > datetime.now(UTC) else PUBLISHED


def date_of(text: object) -> datetime | None:
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=UTC)
    try:
        found = dates.parse(
            re.sub(r"\s*\(.*\)$|GMT(?=[+-])", "", str(text or "")), default=datetime(2000, 1, 1, tzinfo=UTC)
        )
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def of_markdown(text: str, site: str) -> Figures:
    """The figures of Markdown, in which tags of site generators count with the words and addresses in them."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x02{len(kept) - 1}\x03"

    text = _ALERT.sub(r"\1", _ADMONITION.sub(r"\1", _RAW.sub("", text)))
    text = re.sub(r"\{%-?\s*(?:highlight|codeblock)\b.*?%\}\n?(.*?)\{%-?\s*end(?:highlight|codeblock)\s*-?%\}", r"\n```\n\1\n```\n", text, flags=re.DOTALL)  # fmt: skip
    text = COMMENT.sub("", _FENCE.sub(keep, text))
    text = TAGS.sub(lambda match: " " + " ".join("".join(found) for found in SAID.findall(match[0])) + " ", text)
    for _ in range(2):
        text = re.sub("\x02(\\d+)\x03", lambda match: kept[int(match[1])], text)
    html = re.sub(
        r'<sup class="footnote-ref">.*?</sup>|<a [^>]*class="footnote-backref">.*?</a>', "", MARKDOWN.render(text)
    )
    figures = count_html(html, site)
    figures.footnotes = len(re.findall(r"^\[\^[^\]\n]+\]:", text, re.MULTILINE))
    return figures
