"""Checks before an article is published. A blocking finding stops it; the others are advice."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote

from django.conf import settings

from articles import page_addresses, payers
from articles.addresses import Page, page_behind
from articles.document_schema import Document
from articles.documents import slug_is_taken
from articles.images import assets_of
from articles.models import Article, Kind
from articles.rendering import Rendered

TITLE_LENGTH = 65
DESCRIPTION_LENGTH = (50, 165)
LONG_SENTENCE = 40
_UNFINISHED = re.compile(r"(?<!\w)(?:TK|TKTK|TODO|FIXME|XXX|lorem ipsum)(?!\w)")
_LINK = re.compile(r'href="([^"]+)"')
_ANCHOR = re.compile(r'\sid="([^"]+)"')
_WITH_SCHEME_OR_PATH = re.compile(r"/|[a-z]+:")
_HEADING = re.compile(r"<h([2-4])[\s>]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found."""

    text: str
    blocking: bool = False


def findings_of(document: Document, body: Rendered, article: Article | None = None) -> list[Finding]:
    """All findings in a document and its rendered body, blocking ones first."""
    found = [finding for check in CHECKS for finding in check(document, body, article)]
    return sorted(found, key=lambda finding: not finding.blocking)


def blocking(document: Document, body: Rendered, article: Article | None = None) -> list[str]:
    """The findings that stop an article from being published, in words; publishing looks for sponsors by itself."""
    found = (finding for check in CHECKS if check is not _sponsors for finding in check(document, body, article))
    return [finding.text for finding in found if finding.blocking]


Check = Callable[[Document, Rendered, Article | None], Iterator[Finding]]


def _images(document: Document, _body: Rendered, _article: Article | None) -> Iterator[Finding]:
    entries: list[tuple[str, Mapping[str, Any]]] = [("The cover", document["cover"])] if document["cover"] else []
    for number, part in enumerate(document["blocks"], 1):
        if part["type"] == "image":
            entries.append((f"The image in block {number}", part))
        elif part["type"] == "gallery":
            entries += [
                (f"Image {index} of the gallery in block {number}", i) for index, i in enumerate(part["images"], 1)
            ]
    assets = assets_of(entry["src"] for _, entry in entries)
    for label, entry in entries:
        asset = assets.get(entry["src"])
        if not entry.get("alt") and not (asset and (asset.alt or asset.is_decorative)):
            yield Finding(f"{label} has no alternative text.", blocking=True)
        elif entry.get("link") and not (entry.get("alt") or (asset and asset.alt and not asset.is_decorative)):
            yield Finding(f"{label} is a link: its alternative text has to say where it leads.", blocking=True)
        if not asset and entry["src"].startswith("http"):
            yield Finding(f"{label} is kept elsewhere ({entry['src']}); readers get a link to it.")
        elif not asset:
            yield Finding(f"{label} is not among our images.", blocking=True)


def _headings(document: Document, _body: Rendered, _article: Article | None) -> Iterator[Finding]:
    level = 1
    for part in document["blocks"]:
        for found in _HEADING.findall(part.get("html", "")):
            if int(found) > level + 1:
                yield Finding(f"A heading of level {found} follows one of level {level}: a level is left out.")
            level = int(found)


def _search(document: Document, _body: Rendered, _article: Article | None) -> Iterator[Finding]:
    title = document["seo"]["title"] or document["title"]
    description = document["seo"]["description"] or document["standfirst"]
    if len(title) > TITLE_LENGTH:
        yield Finding(f"The title has {len(title)} characters; search engines show about {TITLE_LENGTH}.")
    if not description:
        yield Finding("There is neither a standfirst nor a description for search.")
    elif not DESCRIPTION_LENGTH[0] <= len(description) <= DESCRIPTION_LENGTH[1]:
        low, high = DESCRIPTION_LENGTH
        yield Finding(f"The description has {len(description)} characters; {low} to {high} serve best.")


def _links(document: Document, body: Rendered, _article: Article | None) -> Iterator[Finding]:
    addresses = [
        url for part in document["blocks"] for key in ("html", "answer") for url in _LINK.findall(part.get(key, ""))
    ]
    addresses += [part["url"] for part in document["blocks"] if part["type"] == "cta" and "url" in part]
    addresses += [
        image["link"] for part in document["blocks"] for image in (part, *part.get("images", [])) if "link" in image
    ]
    anchors = set(_ANCHOR.findall(body.html))
    for address in map(unescape, dict.fromkeys(addresses)):
        if address.startswith("#"):
            if unquote(address[1:]) not in anchors:
                yield Finding(f"The link {address} leads to no heading of this article.", blocking=True)
            continue
        if not _WITH_SCHEME_OR_PATH.match(address):
            yield Finding(
                f"The link {address} leads nowhere. Begin it with https:// or, on this site, with /.", blocking=True
            )
        path = address.removeprefix(settings.SITE_URL).partition("#")[0].partition("?")[0]
        if path.startswith("/") and not path.startswith("//") and page_behind(path) in (Page.HIDDEN, Page.NONE):
            yield Finding(f"The link {address} leads to no page that readers can see.", blocking=True)


def _also_read(document: Document, _body: Rendered, _article: Article | None) -> Iterator[Finding]:
    wanted = {part["article"] for part in document["blocks"] if part["type"] == "related"}
    live = (
        set(
            Article.objects.filter(slug__in=wanted, kind=Kind.ARTICLE, publication__isnull=False).values_list(
                "slug", flat=True
            )
        )
        if wanted
        else set()
    )
    for slug in sorted(wanted - live):
        yield Finding(f"“Also read” names {slug}, which is not published; it is left out until then.")


def _unfinished(document: Document, body: Rendered, _article: Article | None) -> Iterator[Finding]:
    text = "\n".join([document["title"], document["standfirst"], body.text])
    for mark in sorted(set(_UNFINISHED.findall(text))):
        yield Finding(f"The text still has an unfinished mark, “{mark}”.", blocking=True)


def _readability(_document: Document, body: Rendered, _article: Article | None) -> Iterator[Finding]:
    if not body.text:
        yield Finding("The article has no text.", blocking=True)
        return
    sentences = [len(sentence.split()) for sentence in re.split(r"(?<=[.!?])\s+", body.text)]
    long = sum(length > LONG_SENTENCE for length in sentences)
    if long:
        yield Finding(f"{long} sentence{'s have' if long > 1 else ' has'} more than {LONG_SENTENCE} words.")


def _byline(document: Document, _body: Rendered, _article: Article | None) -> Iterator[Finding]:
    if document.get("kind") == Kind.PAGE:
        return
    if not document["authors"]:
        yield Finding("No author is named.")
    if not document["category"]:
        yield Finding("No category is chosen, so no disclaimer is shown.")


def _sponsors(document: Document, _body: Rendered, article: Article | None) -> Iterator[Finding]:
    for each in payers.standings(document, article):
        if each.refuses:
            yield Finding(str(each), blocking=True)
        elif not each.verdict:
            words = (
                f"“{each.mention.words}” in {each.mention.places[0]} may be {each.mention.sponsor_name}, who pays us."
            )
            yield Finding(f"{words} Say on its flag whether it is.")


def _slug(document: Document, _body: Rendered, article: Article | None) -> Iterator[Finding]:
    others = Article.objects.exclude(pk=article.pk) if article else Article.objects.all()
    if others.filter(title__iexact=document["title"]).exists():
        yield Finding("Another article has the same title.")
    if document.get("kind") == Kind.PAGE and (reason := page_addresses.refusal(document["slug"])):
        yield Finding(reason, blocking=True)
    if slug_is_taken(document["slug"], besides=article):
        yield Finding(f"The slug “{document['slug']}” is taken by another article.", blocking=True)


CHECKS: list[Check] = [
    _images, _headings, _search, _links, _also_read, _unfinished, _readability, _byline, _sponsors, _slug,
]  # fmt: skip


def register(check: Check) -> None:
    """Have another part of the newsroom look at documents, too."""
    if check not in CHECKS:
        CHECKS.append(check)
