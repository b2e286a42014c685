"""Rendering of Ghost's stored texts, Lexical and mobiledoc, to the HTML that Ghost makes of them."""

import json
from collections.abc import Callable
from html import escape
from typing import Any

from articles.importing.html.embeds import embed_url
from articles.importing.markdown.render import markdown_html
from articles.importing.posts import ConversionNotes, PostRefused

Payload = dict[str, Any]

# The bits of a Lexical text's format.
_FORMATS = ((1, "strong"), (2, "em"), (4, "s"), (8, "u"), (16, "code"), (32, "sub"), (64, "sup"), (128, "mark"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ELEMENTS = {
    "paragraph": ("p", "p"),
    "quote": ("blockquote", "blockquote"),
    "aside": ('blockquote class="kg-blockquote-alt"', "blockquote"),
    "listitem": ("li", "li"),
}
_LISTS = {"number": "ol", "bullet": "ul", "check": "ul"}


def lexical_html(source: str, notes: ConversionNotes) -> str:
    """The HTML of a Lexical document."""
    root = _loaded(source, "Lexical").get("root")
    if not isinstance(root, dict):
        raise PostRefused("Its Lexical text has no root.")
    try:
        return _Lexical(notes).children(root)
    except RecursionError:
        raise PostRefused("Its Lexical text is nested too deeply.") from None


class _Lexical:
    """Walks the nodes of a Lexical document."""

    def __init__(self, notes: ConversionNotes) -> None:
        self.notes = notes

    def children(self, node: Payload) -> str:
        return "".join(map(self.node, _rows(node.get("children"))))

    def node(self, node: Payload) -> str:
        kind = str(node.get("type", "")).removeprefix("extended-")
        if kind in ("text", "tab", "tk", "code-highlight"):
            return self.text(node)
        if kind == "linebreak":
            return "<br>"
        if kind in _CARDS:
            _report_unseen(kind, self.notes)
            return _CARDS[kind](node)
        if tags := self.tags(kind, node):
            return f"<{tags[0]}>{self.children(node)}</{tags[1]}>"
        return self.unknown(kind, node)

    def tags(self, kind: str, node: Payload) -> tuple[str, str] | None:
        """The opening and the closing tag of an element with children."""
        if kind == "heading":
            tag = str(node.get("tag"))
            return (tag, tag) if tag in _HEADINGS else ("h2", "h2")
        if kind == "list":
            tag, start = _LISTS.get(str(node.get("listType")), "ul"), node.get("start")
            return tag + (_attribute("start", start) if tag == "ol" and start != 1 else ""), tag
        if kind in ("link", "autolink", "at-link"):
            return "a" + _attribute("href", node.get("url")), "a"
        return _ELEMENTS.get(kind)

    def text(self, node: Payload) -> str:
        html = escape(str(node.get("text", "")), quote=False)
        try:
            bits = int(node.get("format") or 0)
        except (TypeError, ValueError, OverflowError):
            bits = 0
        for bit, tag in _FORMATS:
            if bits & bit and html:
                html = f"<{tag}>{html}</{tag}>"
        return html

    def unknown(self, kind: str, node: Payload) -> str:
        _report_unknown(kind, self.notes)
        inside = self.children(node)
        html = node.get("html")
        return inside or (html if isinstance(html, str) else "")


def mobiledoc_html(source: str, notes: ConversionNotes) -> str:
    """The HTML of a mobiledoc document, versions 0.2 to 0.3.2."""
    document = _loaded(source, "mobiledoc")
    match document.get("sections") or []:
        case [list(markups), list(sections)] if str(document.get("version")).startswith("0.2"):
            document = {**document, "markups": markups}
        case list(sections):
            pass
        case _:
            raise _damaged("it has no list of sections")
    reader = _Mobiledoc(document, notes)
    return "".join(map(reader.section, sections))


class _Mobiledoc:
    """Reads the sections of a mobiledoc document: lists that begin with a numbered kind and point into its tables."""

    def __init__(self, document: Payload, notes: ConversionNotes) -> None:
        self.markups = document.get("markups")
        self.atoms = document.get("atoms")
        self.cards = document.get("cards")
        self.notes = notes

    def section(self, section: Any) -> str:
        match section:
            case [1, "aside", list(markers), *_]:
                return f'<blockquote class="kg-blockquote-alt">{self.markers(markers)}</blockquote>'
            case [1, tag, list(markers), *_]:
                tag = tag if tag in ("p", "blockquote", *_HEADINGS) else "p"
                return f"<{tag}>{self.markers(markers)}</{tag}>"
            case [2, source, *_]:
                return _image({"src": source})
            case [3, tag, list(items), *_]:
                tag = tag if tag in ("ul", "ol") else "ul"
                return f"<{tag}>" + "".join(f"<li>{self.markers(item)}</li>" for item in items) + f"</{tag}>"
            case [10, int(number), *_]:
                return self.card(_entry(self.cards, number))
            case [10, *card]:
                return self.card(card)
            case [1 | 2 | 3, *_]:
                raise _damaged("a section is incomplete")
            case _:
                return ""

    def card(self, card: Any) -> str:
        match card:
            case [str(name), dict(payload), *_]:
                pass
            case [str(name), *_]:
                payload = {}
            case _:
                raise _damaged("a card has no name")
        name = {"card-markdown": "markdown", "hr": "horizontalrule", "code": "codeblock"}.get(name, name)
        if name in _CARDS:
            _report_unseen(name, self.notes)
            return _CARDS[name](payload)
        _report_unknown(name, self.notes)
        html = payload.get("html")
        return html if isinstance(html, str) else ""

    def markers(self, markers: Any) -> str:
        html: list[str] = []
        opened: list[str] = []
        for marker in markers if isinstance(markers, list) else ():
            # [type, markups it opens, how many it closes, text or atom]; version 0.2 leaves the type out.
            match marker:
                case [kind, list(opens), int(closes), value]:
                    pass
                case [list(opens), int(closes), value]:
                    kind = 0
                case _:
                    raise _damaged("a marker is incomplete")
            html += [self.opening(_entry(self.markups, index), opened) for index in opens]
            html.append(self.atom(_entry(self.atoms, value)) if kind == 1 else escape(str(value), quote=False))
            html += [f"</{opened.pop()}>" for _ in range(min(closes, len(opened)))]
        return "".join(html) + "".join(f"</{tag}>" for tag in reversed(opened))

    @staticmethod
    def opening(markup: Any, opened: list[str]) -> str:
        """The opening tag of a markup: its name, then names and values in turn, in a list of their own or not."""
        match markup:
            case [str(tag), list(flat), *_] | [str(tag), *flat]:
                opened.append(tag)
            case _:
                raise _damaged("a markup has no name")
        address = next((value for name, value in zip(flat[::2], flat[1::2], strict=False) if name == "href"), "")
        return f"<{tag}{_attribute('href', address)}>"

    @staticmethod
    def atom(atom: Any) -> str:
        match atom:
            case ["soft-return", *_]:
                return "<br>"
            case [_, value, *_]:
                return escape(str(value or ""), quote=False)
            case _:
                raise _damaged("an atom is incomplete")


def _entry(table: Any, index: Any) -> Any:
    """What a number in a mobiledoc document points to."""
    if isinstance(table, list) and isinstance(index, int) and 0 <= index < len(table):
        return table[index]
    raise _damaged(f"{str(index)[:20]} points to nothing")


def _damaged(why: str) -> PostRefused:
    return PostRefused(f"Its mobiledoc text is damaged: {why}.")


def _report_unseen(kind: str, notes: ConversionNotes) -> None:
    """Report cards that were not part of the page, or were filled in by a service."""
    if kind in ("email", "email-cta"):
        notes.lost["cards that appeared only in e-mails"] += 1
    elif kind in ("transistor", "collection"):
        notes.lost[f"Ghost card “{kind}”, which is filled in when a page is shown"] += 1
    elif kind == "paywall":
        notes.changed["paywall marks removed"] += 1


def _report_unknown(kind: str, notes: ConversionNotes) -> None:
    notes.lost[f"Ghost card “{kind[:60]}”, which is unknown here (its words were kept)"] += 1


def _loaded(source: str, what: str) -> Payload:
    try:
        document = json.loads(source) if isinstance(source, str) else source
    except (ValueError, RecursionError) as error:
        raise PostRefused(f"Its {what} text is damaged: {error}.") from None
    if not isinstance(document, dict):
        raise PostRefused(f"Its {what} text is damaged.")
    return document


def _attribute(name: str, value: Any) -> str:
    return f' {name}="{escape(str(value))}"' if value not in (None, "") else ""


def _rows(value: Any) -> list[Payload]:
    """The objects in a list; nothing for any other value."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _get(payload: Payload, *names: str) -> str:
    """The first of some values that is non-empty text."""
    return next((value for name in names if isinstance(value := payload.get(name), str) and value), "")


def _caption(payload: Payload) -> str:
    caption = _get(payload, "caption")
    return f"<figcaption>{caption}</figcaption>" if caption else ""


def _link(url: str, text: str) -> str:
    return (
        f"<p><a{_attribute('href', url)}>{escape(text or url, quote=False)}</a></p>"
        if url
        else (f"<p>{escape(text, quote=False)}</p>" if text else "")
    )


def _image(payload: Payload) -> str:
    return f'<figure class="kg-card kg-image-card">{_linked_picture(payload)}{_caption(payload)}</figure>'


def _linked_picture(payload: Payload) -> str:
    picture = f"<img{_attribute('src', payload.get('src'))}{_attribute('alt', payload.get('alt'))}>"
    href = _get(payload, "href")
    return f"<a{_attribute('href', href)}>{picture}</a>" if href else picture


def _gallery(payload: Payload) -> str:
    pictures = "".join(
        f"<figure>{_linked_picture(image)}{_caption(image)}</figure>" for image in _rows(payload.get("images"))
    )
    return f'<figure class="kg-card kg-gallery-card"><div>{pictures}</div>{_caption(payload)}</figure>'


def _embed(payload: Payload) -> str:
    html = _get(payload, "html")
    url = _get(payload, "url")
    return (
        f'<figure class="kg-card kg-embed-card">{html or _link(url, url)}{_caption(payload)}</figure>'
        if url or html
        else ""
    )


def _embed_or_link(payload: Payload) -> str:
    """An embed: by its address if we know the player, else as a bookmark or with the HTML it came with."""
    url = _get(payload, "url")
    if url and embed_url(url):
        return f'<figure class="kg-card kg-embed-card">{escape(url, quote=False)}{_caption(payload)}</figure>'
    if payload.get("embedType") == "bookmark" or payload.get("type") == "bookmark":
        return _bookmark(payload)
    return _embed(payload)


def _bookmark(payload: Payload) -> str:
    found = payload.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    url = _get(payload, "url") or _get(metadata, "url")
    title = _get(metadata, "title") or _get(payload, "title") or url
    description = _get(metadata, "description")
    return (
        f'<figure class="kg-card kg-bookmark-card"><a{_attribute("href", url)}>'
        f'<div class="kg-bookmark-title">{escape(title, quote=False)}</div>'
        f'<div class="kg-bookmark-description">{escape(description, quote=False)}</div></a>{_caption(payload)}</figure>'
    )


def _callout(payload: Payload) -> str:
    colour = _get(payload, "backgroundColor")
    return f'<div class="kg-card kg-callout-card kg-callout-card-{escape(colour)}"><div>{_get(payload, "calloutText")}</div></div>'


def _toggle(payload: Payload) -> str:
    return (
        f'<div class="kg-card kg-toggle-card"><div class="kg-toggle-heading">{_get(payload, "heading")}</div>'
        f'<div class="kg-toggle-content">{_get(payload, "content")}</div></div>'
    )


def _code(payload: Payload) -> str:
    language = _get(payload, "language")
    of_language = f' class="language-{escape(language)}"' if language else ""
    code = f"<pre><code{of_language}>{escape(_get(payload, 'code'), quote=False)}</code></pre>"
    return (
        f'<figure class="kg-card kg-code-card">{code}{_caption(payload)}</figure>' if payload.get("caption") else code
    )


def _button(payload: Payload) -> str:
    return f'<div class="kg-card kg-button-card"><a{_attribute("href", payload.get("buttonUrl"))}>{escape(_get(payload, "buttonText"), quote=False)}</a></div>'


def _header(payload: Payload) -> str:
    header, sub = _get(payload, "header"), _get(payload, "subheader")
    button = _button(payload) if payload.get("buttonEnabled") and payload.get("buttonUrl") else ""
    return (f"<h2>{header}</h2>" if header else "") + (f"<p>{sub}</p>" if sub else "") + button


def _product(payload: Payload) -> str:
    button = {"buttonUrl": payload.get("productUrl"), "buttonText": payload.get("productButton")}
    picture = _image({"src": payload.get("productImageSrc")}) if payload.get("productImageSrc") else ""
    title = _get(payload, "productTitle")
    return (
        picture
        + (f"<h4>{title}</h4>" if title else "")
        + _get(payload, "productDescription")
        + (_button(button) if payload.get("productUrl") else "")
    )


def _file(payload: Payload) -> str:
    caption = _get(payload, "fileCaption")
    return _link(_get(payload, "src"), _get(payload, "fileTitle", "fileName", "title")) + (
        f"<p>{escape(caption, quote=False)}</p>" if caption else ""
    )


def _recording(payload: Payload) -> str:
    return _link(_get(payload, "src"), _get(payload, "title", "fileName")) + (
        f"<p>{_get(payload, 'caption')}</p>" if _get(payload, "caption") else ""
    )


def _call_to_action(payload: Payload) -> str:
    picture = _image({"src": payload.get("imageUrl")}) if payload.get("imageUrl") else ""
    button = _button(payload) if payload.get("showButton", True) and payload.get("buttonUrl") else ""
    return picture + _get(payload, "textValue") + button


def _html(payload: Payload) -> str:
    return _get(payload, "html")


def _nothing(payload: Payload) -> str:
    """Cards that are not part of the page."""
    return ""


_CARDS: dict[str, Callable[[Payload], str]] = {
    "image": _image,
    "gallery": _gallery,
    "embed": _embed_or_link,
    "bookmark": _bookmark,
    "callout": _callout,
    "toggle": _toggle,
    "codeblock": _code,
    "button": _button,
    "header": _header,
    "product": _product,
    "file": _file,
    "audio": _recording,
    "video": _recording,
    "call-to-action": _call_to_action,
    "signup": lambda payload: '<div class="kg-card kg-signup-card"></div>',
    "html": _html,
    "markdown": lambda payload: markdown_html(_get(payload, "markdown")),
    "horizontalrule": lambda payload: "<hr>",
    "paywall": _nothing,
    "email": _nothing,
    "email-cta": _nothing,
    "zwnj": _nothing,
    "at-link-search": _nothing,
    "transistor": _nothing,
    "collection": _nothing,
}
