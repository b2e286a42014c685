"""The parts of a briefing as its mail shows them: words, links that are followed, rich text for mail clients."""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from html import escape, unescape
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from core.lib.html import clean, of_plain, with_directions
from newsletter.mail import personal_words, plain_text
from newsletter.mail.personal_words import Vocabulary, Word
from newsletter.models import BriefingItem
from newsletter.sending import plugged
from newsletter.subscribers.vocabulary import vocabulary

Kind = BriefingItem.Kind
_TAG = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")
_LINK = re.compile(r"""(<a\s(?:[^>"']|"[^"]*"|'[^']*')*?\bhref=")([^"]*)(")""")
_TABLE = re.compile(r"<table(?=[\s>])")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a numbered link leads, and the part and the booking it is of."""

    url: str
    item: BriefingItem | None = None

    @property
    def claim_id(self) -> int | None:
        return self.item.claim_id if self.item else None


@dataclass(frozen=True, slots=True)
class Part:
    """An item with the words that this mail shows. `href` is the address behind its own link."""

    item: BriefingItem
    href: str
    html: SafeString
    text: str

    @property
    def template(self) -> str:
        return f"emails/parts/{self.item.kind}.html"


@dataclass
class Writer:
    """Writes the words of one rendering: puts in what stands for personal words, and numbers the links."""

    follow: Callable[[int, str], str]
    stand_in: Callable[[Word], str]
    page: str  # the address of the web version
    reader: str = ""  # what stands for whom the letter is mailed to, in links that answer for them
    first_link: int = 1
    targets: dict[int, Target] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Asked for only where a text has personal words."""
        return vocabulary()

    def link(self, url: str, item: BriefingItem | None = None) -> str:
        """The address that a mail has for a link; one that is no web address stays as it is."""
        if url.endswith(plugged.OF_READER):
            return whole_address(plugged.for_reader(url, self.reader), self.page)
        url = whole_address(url, self.page)
        if urlsplit(url).scheme not in ("http", "https"):
            return url
        number = self.first_link + len(self.targets)
        self.targets[number] = Target(url, item)
        return self.follow(number, url)

    def plain(self, text: str) -> str:
        """A line or some paragraphs of plain text."""
        return personal_words.replaced(text, self.vocabulary, self.stand_in) if "{{" in text else text

    def rich(self, html: str, item: BriefingItem | None = None) -> SafeString:
        """Rich text as HTML for mail programs."""
        html = _LINK.sub(lambda link: link[1] + escape(self.link(unescape(link[2]), item)) + link[3], clean(html))
        pieces = _TAG.split(html)
        pieces[::2] = [self._words(piece) for piece in pieces[::2]]
        html = _TABLE.sub('<table class="cells" width="100%"', "".join(pieces))
        return mark_safe(with_directions(html))

    def _words(self, words: str) -> str:
        if "{{" not in words:
            return words
        return escape(self.plain(unescape(words)), quote=False)

    def part(self, item: BriefingItem) -> Part:
        """An item as it is written here."""
        shown = current(item)
        for name in ("heading", "text", "label", "caption"):
            setattr(shown, name, self.plain(getattr(shown, name)))
        href = self.link(shown.url, item) if shown.url else ""
        html = self.rich(shown.html, item) if shown.html else self.rich(of_plain(shown.text), item)
        is_prose = bool(shown.html) and shown.kind not in (Kind.ARTICLE, Kind.SPONSOR)
        return Part(shown, href, html, plain_text.of_html(html) if is_prose else shown.text)


def whole_address(url: str, page: str) -> str:
    """An address that also works in a mail."""
    if url.startswith("/") and not url.startswith("//"):
        return settings.SITE_URL + url
    return page + url if url.startswith("#") else url


def current(item: BriefingItem) -> BriefingItem:
    """The item with what it takes from elsewhere, as that is at this moment; once it is frozen, as it was then."""
    shown = copy(item)
    if item.kind == Kind.SNIPPET and item.snippet_id and item.briefing.frozen_at is None:
        snippet = item.snippet
        shown.heading, shown.html = snippet.heading, snippet.html  # type: ignore[union-attr]
        shown.label, shown.url = snippet.label, snippet.url  # type: ignore[union-attr]
    elif item.kind == Kind.PLUGGED and item.briefing.frozen_at is None:
        news = plugged.news(item.source)
        shown.heading, shown.html = (news.heading, news.html) if news else ("", "")
        shown.label, shown.url = (news.label, news.url) if news else ("", "")
    return shown


def keep_current(items: list[BriefingItem]) -> None:
    """Store what items take from elsewhere, so that what was sent can be read again."""
    for item in items:
        if item.kind in (Kind.SNIPPET, Kind.PLUGGED):
            current(item).save(update_fields=["heading", "html", "label", "url"])
