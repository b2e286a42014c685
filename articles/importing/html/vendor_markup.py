"""The cards, galleries, toggles and quotes that Ghost, WordPress, Webflow and their plugins write as classes."""

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING

from lxml.html import HtmlElement

from articles.importing.html.embeds import embed_url
from articles.importing.html.fragments import Piece, blocks_of, classes, words
from articles.importing.html.images import caption_of

if TYPE_CHECKING:
    from articles.importing.html.to_blocks import Walker

    Card = Callable[[Walker, HtmlElement], Iterator[Piece]]

_TONES = (
    ("warning", ("yellow", "red", "warning", "danger", "alert", "caution")),
    ("tip", ("green", "tip", "success", "hint")),
)


def card_for(element: HtmlElement) -> "Card | None":
    """How to read an element by its classes, or None where they say nothing."""
    named = classes(element)
    return next((card for names, card in _CARDS if not named.isdisjoint(names)), None) if named else None


def gallery(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    caption = " ".join(words(found) for found in element.findall("figcaption"))
    for found in element.findall("figcaption"):
        found.drop_tree()
    pieces = list(_inside(walker, element))
    images = [piece.block for piece in pieces if piece.block and piece.block["type"] == "image"]
    others = [piece for piece in pieces if not (piece.block and piece.block["type"] == "image")]
    if len(images) > 1:
        entries = [{key: value for key, value in image.items() if key != "type"} for image in images]
        yield Piece("", block={"type": "gallery", "images": entries} | ({"caption": caption} if caption else {}))
        yield from others
    else:
        yield from pieces
        if caption:
            yield Piece(f"<p>{escape(caption, quote=False)}</p>")


def callout(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    named = " ".join(classes(element))
    tone = next((tone for tone, marks in _TONES if any(mark in named for mark in marks)), "note")
    for emoji in element.find_class("kg-callout-emoji"):
        walker.set_aside.append(words(emoji))
        emoji.drop_tree()
    for block in blocks_of(list(_inside(walker, element))):
        if block["type"] == "richtext":
            yield Piece(block["html"], block={"type": "callout", "tone": tone, "html": block["html"]})
        else:
            yield Piece("", block=block)


def bookmark(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """A preview card of another page: its title as a link, its description behind it."""
    link = next(element.iter("a"), None)
    if link is None:
        yield from _inside(walker, element)
        return
    caption = caption_of(element, walker.notes)
    title, description = (
        next((words(found) for found in element.find_class(f"kg-bookmark-{name}")), "")
        for name in ("title", "description")
    )
    title = title or words(link)
    walker.set_aside.append(words(element))
    walker.notes.changed["preview cards of pages became links"] += 1
    rest = " – " + escape(description, quote=False) if description and description != title else ""
    yield Piece(f'<p><a href="{escape(link.get("href") or "")}">{escape(title, quote=False)}</a>{rest}</p>')
    if caption:
        yield Piece(f"<p>{escape(caption, quote=False)}</p>")


def buttons(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """Buttons stay links, a paragraph each."""
    for link in list(element.iter("a")):
        if text := words(link):
            walker.notes.changed["buttons became links"] += 1
            yield Piece(f'<p><a href="{escape(link.get("href") or "")}">{escape(text, quote=False)}</a></p>')
        link.drop_tree()
    yield from _inside(walker, element)


def quote(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    cites = list(element.iter("cite", "figcaption"))
    attribution = " ".join(filter(None, map(words, cites)))
    for cite in cites:
        cite.drop_tree()
    text = words(element)
    if not text:
        return
    html = f"<blockquote><p>{escape(text, quote=False)}</p></blockquote>"
    pullquote = {"type": "pullquote", "text": text, "attribution": attribution}
    yield Piece(html, block=pullquote if len(text) <= 600 else None)


def kg_toggle(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    titles = element.find_class("kg-toggle-heading")
    title = " ".join(filter(None, map(words, titles)))
    for found in titles:
        found.drop_tree()
    yield from toggle(walker, title, element)


def toggle(walker: "Walker", title: str, body: HtmlElement) -> Iterator[Piece]:
    """Something folded: a question and its answer become a FAQ entry, anything else a heading and its text."""
    pieces = list(_inside(walker, body))
    if title.endswith("?") and any(piece.text for piece in pieces):
        yield from faq(walker, title, pieces)
        walker.notes.changed["folded questions became FAQ entries"] += 1
        return
    if title:
        walker.notes.changed["folded sections opened below a heading"] += 1
        yield Piece(f"<h3>{escape(title, quote=False)}</h3>", 3)
    yield from pieces


def faq(walker: "Walker", question: str, pieces: list[Piece]) -> Iterator[Piece]:
    """A FAQ entry; what cannot stand in an answer follows it."""
    html = "\n".join(piece.html for piece in pieces if piece.html)
    yield Piece(
        f"<h3>{escape(question, quote=False)}</h3>{html}", block={"type": "faq", "question": question, "answer": html}
    )
    yield from (piece for piece in pieces if not piece.html)


def schema_faq(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """The FAQ blocks of WordPress's SEO plugins."""
    asked = [*element.find_class("schema-faq-question"), *element.find_class("rank-math-question")][:1]
    question = " ".join(map(words, asked))
    for found in asked:
        found.tail = None
        found.drop_tree()
    yield from toggle(walker, question if question.endswith("?") or not question else question + "?", element)


def contents(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    walker.set_aside.append(words(element))
    walker.notes.changed["contents lists removed: the page makes its own"] += 1
    return iter(())


def decoration(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """Sharing buttons and sign-up forms of the old site."""
    text = words(element)
    walker.set_aside.append(text)
    walker.notes.left[
        f"sharing buttons and old sign-up forms left out: {text[:80]}"
        if text
        else "sharing buttons and old sign-up forms left out"
    ] += 1
    return iter(())


def signup(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """A form of the old site becomes one of this site."""
    walker.set_aside.append(words(element))
    walker.notes.changed["sign-up forms became forms of this site; their own words are gone"] += 1
    yield Piece("", block={"type": "signup"})


def recording(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """Ghost's players of sound and video: a link to the file, by its title; buttons and times go."""
    caption = caption_of(element, walker.notes)
    source = next((found.get("src") for found in element.iter("audio", "video") if found.get("src")), "") or ""
    title = " ".join(words(found) for found in element.find_class("kg-audio-title"))
    walker.set_aside.append(words(element))
    walker.notes.left["sound and video files became links"] += 1
    label = title or source.rsplit("/", 1)[-1]
    if label:
        yield Piece(f'<p><a href="{escape(source)}">{escape(label, quote=False)}</a></p>')
    if caption:
        yield Piece(f"<p>{escape(caption, quote=False)}</p>")


def download(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """Ghost's card of a file: a link to it."""
    link = next(element.iter("a"), None)
    href = (link.get("href") if link is not None else "") or ""
    title, caption, name = (
        " ".join(words(found) for found in element.find_class(f"kg-file-card-{part}"))
        for part in ("title", "caption", "filename")
    )
    walker.set_aside.append(words(element))
    yield Piece(f'<p><a href="{escape(href)}">{escape(title or name or href, quote=False)}</a></p>')
    if caption:
        yield Piece(f"<p>{escape(caption, quote=False)}</p>")


def wp_file(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """WordPress's block of a file: a link to it; the button beside it says nothing more."""
    for button in element.find_class("wp-block-file__button"):
        walker.set_aside.append(words(button))
        button.drop_tree()
    return _inside(walker, element)


def captioned(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """A picture with its words below, as a list of definitions or boxes: what WordPress made of [caption]."""
    element.tag = "figure"
    for part in list(element.iter("dt", "dd")):
        part.tag = "figcaption" if part.tag == "dd" else "div"
    for part in element.find_class("wp-caption-text"):
        part.tag = "figcaption"
    element.set("class", "")
    return walker.element(element)


def quoted_post(element: HtmlElement) -> str | None:
    """The address of the post that a quote with its script stands for."""
    if not classes(element) & {"twitter-tweet", "twitter-video"}:
        return None
    return next(filter(None, (embed_url(link.get("href") or "") for link in reversed(list(element.iter("a"))))), None)


def figure_embed(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """A figure around an address: the player where we know it, else a link."""
    caption = caption_of(element, walker.notes)
    text = words(element)
    if " " not in text and (url := embed_url(text)):
        yield walker.embed(url, text)
    elif re.fullmatch(r"https?://\S+", text) and next(element.iter("a", "iframe"), None) is None:
        walker.notes.left["embeds that are not on the list became links"] += 1
        yield Piece(f'<p><a href="{escape(text)}">{escape(text, quote=False)}</a></p>')
    else:
        yield from _inside(walker, element)
    if caption:
        yield Piece(f"<p>{escape(caption, quote=False)}</p>")


def _inside(walker: "Walker", element: HtmlElement) -> Iterator[Piece]:
    """The pieces of an element whose own classes were already read."""
    element.set("class", "")
    if element.tag in ("figure", "div", "ul", "ol", "section", "details"):
        for item in element.findall("li"):
            item.drop_tag()
        return walker.pieces(element)
    return walker.element(element)


_CARDS: "tuple[tuple[frozenset[str], Card], ...]" = (
    (
        frozenset(
            {
                "wp-block-gallery",
                "kg-gallery-card",
                "blocks-gallery-grid",
                "tiled-gallery",
                "gallery",
                "wp-block-jetpack-tiled-gallery",
            }
        ),
        gallery,
    ),
    (frozenset({"kg-callout-card", "callout", "wp-block-callout", "notice", "admonition"}), callout),
    (frozenset({"kg-bookmark-card"}), bookmark),
    (frozenset({"wp-caption"}), captioned),
    (frozenset({"wp-block-file"}), wp_file),
    (frozenset({"wp-block-buttons", "wp-block-button", "kg-button-card", "w-button"}), buttons),
    (frozenset({"wp-block-pullquote", "kg-blockquote-alt"}), quote),
    (frozenset({"kg-toggle-card"}), kg_toggle),
    (frozenset({"schema-faq-section", "rank-math-faq-item", "rank-math-list-item"}), schema_faq),
    (frozenset({"kg-signup-card"}), signup),
    (frozenset({"kg-audio-card", "kg-video-card"}), recording),
    (frozenset({"kg-file-card"}), download),
    (frozenset({"wp-block-embed", "kg-embed-card"}), figure_embed),
    (
        frozenset(
            {
                "toc_container",
                "ez-toc-container",
                "lwptoc",
                "wp-block-rank-math-toc-block",
                "wp-block-table-of-contents",
                "kg-toc-card",
            }
        ),
        contents,
    ),
    (
        frozenset({"sharedaddy", "addtoany_share_save_container", "jp-relatedposts", "w-form"}),
        decoration,
    ),
)
