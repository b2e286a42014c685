"""Cards, galleries, toggles and quotes of Ghost, WordPress, Webflow and their plugins, recognised by their classes."""

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING

from lxml.html import HtmlElement

from articles.importing.html.embeds import embed_url
from articles.importing.html.fragments import Fragment, blocks_of, classes, words
from articles.importing.html.images import caption_of

if TYPE_CHECKING:
    from articles.importing.html.to_blocks import Walker

    Card = Callable[[Walker, HtmlElement], Iterator[Fragment]]

_TONES = (
    ("warning", ("yellow", "red", "warning", "danger", "alert", "caution")),
    ("tip", ("green", "tip", "success", "hint")),
)


def card_for(element: HtmlElement) -> "Card | None":
    """The function that reads an element with its classes, or None if none of them is known."""
    named = classes(element)
    return next((card for names, card in _CARDS if not named.isdisjoint(names)), None) if named else None


def gallery(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    caption = caption_of(element)
    fragments = list(_inside(walker, element))
    images = [fragment.block for fragment in fragments if fragment.block and fragment.block["type"] == "image"]
    others = [fragment for fragment in fragments if not (fragment.block and fragment.block["type"] == "image")]
    if len(images) > 1:
        entries = [{key: value for key, value in image.items() if key != "type"} for image in images]
        said = {"caption": caption.text} if caption.text and not caption.links else {}
        yield Fragment("", block={"type": "gallery", "images": entries} | said)
        yield from others
        yield from walker.below(caption) if caption.links else ()
    else:
        yield from fragments
        yield from walker.below(caption)


def callout(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    named = " ".join(classes(element))
    tone = next((tone for tone, marks in _TONES if any(mark in named for mark in marks)), "note")
    for emoji in element.find_class("kg-callout-emoji"):
        walker.set_aside.append(words(emoji))
        emoji.drop_tree()
    for block in blocks_of(list(_inside(walker, element))):
        if block["type"] == "richtext":
            yield Fragment(block["html"], block={"type": "callout", "tone": tone, "html": block["html"]})
        else:
            yield Fragment("", block=block)


def bookmark(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A preview card of another page: its title as a link, followed by its description."""
    link = next(element.iter("a"), None)
    if link is None:
        yield from _inside(walker, element)
        return
    caption = caption_of(element)
    title, description = (
        next((words(found) for found in element.find_class(f"kg-bookmark-{name}")), "")
        for name in ("title", "description")
    )
    title = title or words(link)
    walker.set_aside.append(words(element))
    walker.notes.changed["preview cards of pages became links"] += 1
    rest = " – " + escape(description, quote=False) if description and description != title else ""
    yield Fragment(f'<p><a href="{escape(link.get("href") or "")}">{escape(title, quote=False)}</a>{rest}</p>')
    yield from walker.below(caption)


def buttons(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """Buttons become links, each in a paragraph."""
    for link in list(element.iter("a")):
        if text := words(link):
            walker.notes.changed["buttons became links"] += 1
            yield Fragment(f'<p><a href="{escape(link.get("href") or "")}">{escape(text, quote=False)}</a></p>')
        link.drop_tree()
    yield from _inside(walker, element)


def quote(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    cites = list(element.iter("cite", "figcaption"))
    attribution = " ".join(filter(None, map(words, cites)))
    for cite in cites:
        cite.drop_tree()
    text = words(element)
    if not text:
        return
    html = f"<blockquote><p>{escape(text, quote=False)}</p></blockquote>"
    pullquote = {"type": "pullquote", "text": text, "attribution": attribution}
    yield Fragment(html, block=pullquote if len(text) <= 600 else None)


def kg_toggle(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    titles = element.find_class("kg-toggle-heading")
    title = " ".join(filter(None, map(words, titles)))
    for found in titles:
        found.drop_tree()
    yield from toggle(walker, title, element)


def toggle(walker: "Walker", title: str, body: HtmlElement) -> Iterator[Fragment]:
    """A collapsible section: a FAQ entry if its title is a question, else a heading and its text."""
    fragments = list(_inside(walker, body))
    if title.endswith("?") and any(fragment.text for fragment in fragments):
        yield from faq(walker, title, fragments)
        walker.notes.changed["folded questions became FAQ entries"] += 1
        return
    if title:
        walker.notes.changed["folded sections opened below a heading"] += 1
        yield Fragment(f"<h3>{escape(title, quote=False)}</h3>", 3)
    yield from fragments


def faq(walker: "Walker", question: str, fragments: list[Fragment]) -> Iterator[Fragment]:
    """A FAQ entry, followed by the blocks that an answer cannot contain."""
    html = "\n".join(fragment.html for fragment in fragments if fragment.html)
    yield Fragment(
        f"<h3>{escape(question, quote=False)}</h3>{html}", block={"type": "faq", "question": question, "answer": html}
    )
    yield from (fragment for fragment in fragments if not fragment.html)


def schema_faq(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """The FAQ blocks of WordPress's SEO plugins."""
    asked = [*element.find_class("schema-faq-question"), *element.find_class("rank-math-question")][:1]
    question = " ".join(map(words, asked))
    for found in asked:
        found.tail = None
        found.drop_tree()
    yield from toggle(walker, question if question.endswith("?") or not question else question + "?", element)


def contents(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    walker.set_aside.append(words(element))
    walker.notes.changed["contents lists removed: the page makes its own"] += 1
    return iter(())


def decoration(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """Sharing buttons and sign-up forms of the old site."""
    text = words(element)
    walker.set_aside.append(text)
    walker.notes.lost[
        f"sharing buttons and old sign-up forms left out: {text[:80]}"
        if text
        else "sharing buttons and old sign-up forms left out"
    ] += 1
    return iter(())


def signup(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A sign-up form of the old site becomes one of this site."""
    walker.set_aside.append(words(element))
    walker.notes.changed["sign-up forms became forms of this site; their own words are gone"] += 1
    yield Fragment("", block={"type": "signup"})


def recording(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A link to the file of one of Ghost's audio or video players, labelled with its title."""
    caption = caption_of(element)
    source = next((found.get("src") for found in element.iter("audio", "video") if found.get("src")), "") or ""
    title = " ".join(words(found) for found in element.find_class("kg-audio-title"))
    walker.set_aside.append(words(element))
    walker.notes.lost["sound and video files became links"] += 1
    label = title or source.rsplit("/", 1)[-1]
    if label:
        yield Fragment(f'<p><a href="{escape(source)}">{escape(label, quote=False)}</a></p>')
    yield from walker.below(caption)


def download(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A link to the file of one of Ghost's file cards."""
    link = next(element.iter("a"), None)
    href = (link.get("href") if link is not None else "") or ""
    title, caption, name = (
        " ".join(words(found) for found in element.find_class(f"kg-file-card-{part}"))
        for part in ("title", "caption", "filename")
    )
    walker.set_aside.append(words(element))
    yield Fragment(f'<p><a href="{escape(href)}">{escape(title or name or href, quote=False)}</a></p>')
    if caption:
        yield Fragment(f"<p>{escape(caption, quote=False)}</p>")


def wp_file(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """WordPress's file block: a link to the file, without the button that repeats it."""
    for button in element.find_class("wp-block-file__button"):
        walker.set_aside.append(words(button))
        button.drop_tree()
    return _inside(walker, element)


def captioned(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A picture and its caption as WordPress renders [caption]: a definition list or nested boxes."""
    element.tag = "figure"
    for part in list(element.iter("dt", "dd")):
        part.tag = "figcaption" if part.tag == "dd" else "div"
    for part in element.find_class("wp-caption-text"):
        part.tag = "figcaption"
    element.set("class", "")
    return walker.element(element)


def quoted_post(element: HtmlElement) -> str | None:
    """The address of the post on X that a quotation embeds."""
    if not classes(element) & {"twitter-tweet", "twitter-video"}:
        return None
    return next(filter(None, (embed_url(link.get("href") or "") for link in reversed(list(element.iter("a"))))), None)


def figure_embed(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """A figure around an address: an embed if we know its player, else a link."""
    caption = caption_of(element)
    text = words(element)
    if " " not in text and (url := embed_url(text)):
        yield walker.embed(url, text)
    elif re.fullmatch(r"https?://\S+", text) and next(element.iter("a", "iframe"), None) is None:
        walker.notes.lost["embeds that are not on the list became links"] += 1
        yield Fragment(f'<p><a href="{escape(text)}">{escape(text, quote=False)}</a></p>')
    else:
        yield from _inside(walker, element)
    yield from walker.below(caption)


def _inside(walker: "Walker", element: HtmlElement) -> Iterator[Fragment]:
    """The fragments of an element, ignoring its own classes."""
    element.set("class", "")
    if element.tag in ("figure", "div", "ul", "ol", "section", "details"):
        for item in element.findall("li"):
            item.drop_tag()
        return walker.fragments(element)
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
