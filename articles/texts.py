"""All texts of an article that readers can find, with their places: what is looked through for the names of sponsors.

No block escapes: its texts are those of its fields, and a field of a class that nobody said how to read is refused. What it
shows of other rows is read by a reader that is registered under what its kind `shows`.
"""

from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from django import forms

from articles.blocks import (
    KINDS,
    AddressField,
    EmbedBlock,
    FocalField,
    HtmlField,
    Image,
    ImagesField,
    Kind,
    SourceField,
)
from articles.document_schema import BlockData, Document
from articles.footnotes import lifted
from articles.models import Article, Author, Category, ImageAsset, Series, Snippet, Tag
from articles.rendering import sources_of
from core.lib.html import text_of
from sponsors.names import Text

Reader = Callable[[BlockData], Iterable[tuple[str, str]]]
# Parts of a document that hold no text that readers see.
NOT_READ = frozenset({"version", "kind", "language", "part", "reading_minutes"})
NO_TEXT = (forms.ChoiceField, forms.BooleanField, FocalField)
_shown: dict[str, Reader] = {}


def register(shows: str, reader: Reader) -> None:
    """Say what readers see of other rows in blocks that show them: places and texts, for a block's data."""
    _shown[shows] = reader


def is_readable(kind: type[Kind]) -> bool:
    """Whether all that a kind of block shows is looked through."""
    fields = kind.base_fields.values()
    return all(_is_known(each) for each in fields) and (not kind.shows or kind.shows in _shown)


def _is_known(field: forms.Field) -> bool:
    has_text = isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField)
    return has_text or isinstance(field, (*NO_TEXT, ImagesField))


def texts_of(document: Document) -> Iterator[Text]:
    """The texts of a document and of the rows that it refers to, which nobody asks for while there is no sponsor."""
    yield from _of_head(document)
    yield from _of_rows(document)
    yield from _of_pictures(document)
    for number, block in enumerate(document["blocks"], 1):
        yield from of_block(block, f"block {number}")


def _of_head(document: Document) -> Iterator[Text]:
    yield Text("the title", document["title"])
    yield Text("the address", document["slug"], is_address=True)
    yield Text("the standfirst", document["standfirst"])
    for name, value in document["seo"].items():
        if isinstance(value, str) and value:
            is_address = name in ("canonical", "social_image")
            yield Text(f"what search and social sites get ({name.replace('_', ' ')})", value, is_address)
    for each in document.get("corrections", []):
        yield Text("a correction", each["text"])
    yield from _of_image(document["cover"] or {}, "the cover")


def _of_rows(document: Document) -> Iterator[Text]:
    """What an article has of its category, series, tags, authors and card."""
    named: list[tuple[Any, str, list[str], tuple[str, ...]]] = [
        (Category, "the category", [document["category"] or ""], ("name", "disclaimer__html")),
        (Series, "the series", [document.get("series") or ""], ("name", "description")),
        (Tag, "a tag", document["tags"], ("name",)),
        (Author, "the byline", document["authors"], ("name", "role", "bio_html")),
    ]
    for model, place, slugs, columns in named:
        if any(slugs):
            for row in model.objects.filter(slug__in=slugs).order_by("slug").values_list("slug", *columns):
                yield Text(place, row[0], is_address=True)
                for value in row[1:]:
                    yield from of_html(value or "", place)
    if document["cta"]:
        yield from (Text(f"the card: {place}", words) for place, words in _card({"snippet": document["cta"]}))


def _of_pictures(document: Document) -> Iterator[Text]:
    """What our pictures say where the article says nothing itself."""
    if sources := sources_of(document):
        for row in ImageAsset.objects.filter(file__in=set(sources)).order_by("pk").values_list("alt", "credit"):
            yield from (Text("a picture", value) for value in row if value)


def of_block(block: BlockData, where: str = "") -> Iterator[Text]:
    """The texts of one block."""
    kind = KINDS[block["type"]]
    place = f"{where} ({kind.block_name})".strip()
    yield from _of_fields(kind, block, place)
    if kind.shows:
        yield from (Text(f"{place}, {label}", words) for label, words in _shown[kind.shows](block))


def _of_fields(kind: type[Kind], data: Any, place: str) -> Iterator[Text]:
    for name, field in kind.base_fields.items():
        value = data.get(name)
        where = f"{place}, {(field.label or name).lower()}"
        if not value or isinstance(field, NO_TEXT):
            continue
        if isinstance(field, ImagesField):
            for number, image in enumerate(value, 1):
                yield from _of_image(image, f"{place}, image {number}")
        elif isinstance(field, HtmlField):
            yield from of_html(value, where)
        elif _is_known(field):
            is_address = isinstance(field, AddressField | SourceField) or kind is EmbedBlock
            yield Text(where, value, is_address)
        else:
            raise TypeError(f"articles.texts does not know how to read {type(field).__name__}, the {name} of {kind}.")


def _of_image(image: Any, place: str) -> Iterator[Text]:
    yield from _of_fields(Image, image, place)


def of_html(html: str, place: str) -> Iterator[Text]:
    """The words of some HTML, and the values of all attributes: addresses of links, titles, sources of quotations."""
    if "<" not in html:
        yield Text(place, html)
        return
    words = lifted(html)
    yield Text(place, text_of(words.plain))
    yield from (Text(f"{place}, a footnote", text_of(note)) for note in words.notes)
    found = _Attributes()
    found.feed(html)
    for name, value in dict.fromkeys(found.values):
        yield Text(
            f"{place}, {'a link' if name == 'href' else name}", value, is_address=name in ("href", "cite", "src")
        )


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.values += [(name, value) for name, value in attrs if value and name != "rel"]


def _card(block: BlockData) -> Iterator[tuple[str, str]]:
    for row in Snippet.objects.filter(slug=block.get("snippet") or ""):
        yield from (("heading", row.heading), ("label", row.label), ("link", row.url))
        for text in of_html(row.html, "text"):
            yield text.place, text.words


def _also_read(block: BlockData) -> Iterator[tuple[str, str]]:
    for row in Article.objects.filter(slug=block["article"]):
        yield from (("title", row.title), ("standfirst", row.standfirst))


def register_all() -> None:
    """Register what is read of our own rows. Ads are labelled as such, and are read by those who approve them."""
    register("card", _card)
    register("article", _also_read)
    register("ad", lambda _block: ())
