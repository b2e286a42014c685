"""What a briefing says, looked at before it goes out: what stands in the way, and what somebody should look at twice."""

import re
from collections.abc import Iterator, Sequence
from email.errors import MessageError
from html import unescape
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from articles.addresses import Page, page_behind
from articles.models import Publication
from core.lib.html import text_of
from newsletter.mail import mime, personal_words
from newsletter.models import Briefing, BriefingItem
from newsletter.models.templates import Part as Place
from newsletter.sending import composition, parts, payers, sponsor_places
from newsletter.sending.composition import Rendered
from newsletter.sending.looks import sender_of, template_of
from newsletter.subscribers import vocabulary

Kind = BriefingItem.Kind
CLIPPED_AT = 102 * 1024  # bytes of HTML that Gmail shows before it cuts
TOKEN_ROOM = 40  # bytes, more than any token needs
HEAVY_IMAGE, HEAVY_IMAGES = 400 * 1024, 1024 * 1024
LONGEST_LINK = 2000  # bytes; some mail programs and browsers cut off longer ones
LONG_SUBJECT = 70  # characters; phones show about half of that
UNLOOKED = "Links are still being looked at: wait a moment and open this page again, or see the check list."
_HREF = re.compile(r"""<a\s(?:[^>"']|"[^"]*"|'[^']*')*?\bhref="([^"]*)\"""")
_BAIT = re.compile(
    r"\b(?:act now|limited time|free money|100 ?% free|guaranteed|no risk|risk[- ]free|double your|get rich|earn \$|cash bonus"
    r"|winner|you(?:'|’)ve won|congratulations|click here|buy now|order now|cheap|viagra|casino|giveaway|airdrop)\b|\${2,}",
    re.IGNORECASE,
)
_BRACES = re.compile(r"\{\{|%7B%7B", re.IGNORECASE)
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg)\s*:", re.IGNORECASE)


# What stands in the way


def problems(briefing: Briefing, items: Sequence[BriefingItem]) -> list[str]:
    """Reasons in the words, links and parts of a briefing why it cannot go out, a sentence each."""
    shown = [parts.current(item) for item in items]
    found = [problem for item in shown if (problem := link_problem(item))]
    found += _unpublished(items)
    found += [problem for where, html in _texts(briefing, shown) for problem in _link_problems(where, html)]
    found += [problem for item in shown for problem in _item_problems(item)]
    found += [*_word_problems(briefing, shown), *_left_out(briefing)]
    return list(dict.fromkeys(found))


def link_problem(item: BriefingItem) -> str:
    """What is wrong with an item's link. Our own pages are looked up; other sites are not visited."""
    name = item.heading or item.label or "An item without a heading"
    if item.kind in (Kind.ARTICLE, Kind.BUTTON) and not item.url:
        return f"“{name}” has no link."
    if not item.url:
        return ""
    target = urlsplit(parts.whole_address(item.url, ""))
    if target.scheme in ("mailto", "tel", "sms"):
        return ""
    if target.scheme not in ("http", "https") or not target.hostname:
        return f"The link of “{name}” is no web address: {item.url}"
    page = _page_of_ours(item.url)
    return (
        {
            Page.NONE: f"The link of “{name}” leads to no page of ours: {target.path}",
            Page.HIDDEN: f"“{name}” links to a page that is not published: {target.path}",
        }.get(page, "")
        if page
        else ""
    )


def _page_of_ours(url: str) -> Page | None:
    """What is behind an address of this site; None for one elsewhere."""
    target = urlsplit(parts.whole_address(url, settings.SITE_URL))
    return page_behind(target.path or "/") if target.netloc == urlsplit(settings.SITE_URL).netloc else None


def _unpublished(items: Sequence[BriefingItem]) -> Iterator[str]:
    """Articles that readers may not know of yet, or no longer, wherever their cards lead by now."""
    keys = {item.article_id for item in items if item.article_id}
    live = set(Publication.objects.live().filter(article__in=keys).values_list("article", flat=True)) if keys else set()
    for item in items:
        page = _page_of_ours(item.url) if item.url else None
        if item.article_id and item.article_id not in live and page is not Page.HIDDEN:
            yield f"“{item.heading or item.article}” is an article that is not published. Publish it first, or take it out."


def _texts(briefing: Briefing, items: Sequence[BriefingItem]) -> Iterator[tuple[str, str]]:
    """Every rich text of a briefing, after where it stands."""
    template = template_of(briefing)
    yield "the introduction", briefing.introduction
    yield "the template’s header", template.header_html
    yield "the template’s footer", template.footer_html
    for item in items:
        yield f"“{item.heading}”" if item.heading else "a text", item.html


def _link_problems(where: str, html: str) -> Iterator[str]:
    for typed in _HREF.findall(html):
        url = unescape(typed)
        page = _page_of_ours(url)
        if page is Page.NONE:
            yield f"A link in {where} leads to no page of ours: {urlsplit(url).path}"
        elif page is Page.HIDDEN:
            yield f"A link in {where} leads to a page that is not published: {urlsplit(url).path}"


def _item_problems(item: BriefingItem) -> Iterator[str]:
    if item.kind == Kind.SPONSOR and not item.label:
        yield f"The ad “{item.heading}” is not labelled as one."
    elif item.kind == Kind.SNIPPET and not (item.html or item.heading):
        yield "A reusable text is gone, or empty. Choose another, or take its place out."
    elif item.kind == Kind.PLUGGED and not (item.html or item.heading):
        yield "There is no news of the award that was chosen. Choose another, or take its place out."
    elif item.kind == Kind.IMAGE and not item.image_url:
        yield "A picture is missing: choose one, or take its place out."
    elif item.kind == Kind.IMAGE and item.url and not item.image_alt:
        yield f"A picture that links to {item.url} has no alternative text, so nobody who cannot see it knows where it leads."
    elif item.kind == Kind.BUTTON and not item.label:
        yield "A button has no words."


def _left_out(briefing: Briefing) -> Iterator[str]:
    """What the briefing has and its template has no place for; a subject that stands in the inbox alone is no loss."""
    template = template_of(briefing)
    words = {Place.HEADER: template.header_html, Place.INTRODUCTION: briefing.introduction, Place.ITEMS: "always"}
    for place, text in words.items():
        if place not in template.order and text.strip():
            yield (
                f"The template “{template.name}” has no place for the {place.label}, so nobody would read it. Give it one there,"
                " or choose another template."
            )


def _word_problems(briefing: Briefing, items: Sequence[BriefingItem]) -> list[str]:
    texts = [text_of(html) for _, html in _texts(briefing, items)]
    texts += [text for item in items for text in (item.heading, item.text, item.label, item.caption) if text]
    return [*line_problems(briefing), *vocabulary.problems(*texts)]


def line_problems(briefing: Briefing) -> list[str]:
    """What is wrong with the personal words of the two lines that an inbox shows."""
    return vocabulary.problems(briefing.subject, briefing.preheader)


def message_problems(briefing: Briefing) -> list[str]:
    """What is wrong with the message as it would leave: one that cannot be made, that lacks something, that Gmail would cut off."""
    placeholders = mime.Placeholders()
    links = composition.counting_links(placeholders)
    rendered = composition.render(briefing, links, placeholders.of_word)
    try:
        headers = composition.headers_of(briefing, stand_in=placeholders.of_word)
        mime.compile_message(headers, text=rendered.text, html=rendered.html, placeholders=placeholders)
    except (ValueError, MessageError) as error:
        return [f"It cannot be made into a mail: {error}"]
    return [*_bodies_lack(rendered, links), *_cut_off(rendered, placeholders), *_braces_left(rendered, headers.subject)]


def _braces_left(rendered: Rendered, subject: str) -> Iterator[str]:
    """Personal words that nothing was put in for: with formatting inside, in a link, in the words for an image."""
    bodies = [subject, rendered.text, unescape(rendered.html), *(target.url for target in rendered.targets.values())]
    for body in bodies:
        if found := _BRACES.search(body):
            near = " ".join(body[max(0, found.start() - 30) : found.end() + 40].split())
            yield (
                f"Near “{near}” is a personal word that would go out as it is typed. Write it anew in one piece, without"
                " formatting inside, and in a text: links and the words for images can have none."
            )
            return


def _bodies_lack(rendered: Rendered, links: composition.Links) -> Iterator[str]:
    for name, body in (("HTML", rendered.html), ("text", rendered.text)):
        if links.unsubscribe not in body:
            yield f"The {name} of the mail has no link to unsubscribe."
    if len(rendered.text.split()) < 10:
        yield "The text part of the mail is empty."


def _cut_off(rendered: Rendered, placeholders: mime.Placeholders) -> Iterator[str]:
    size = html_size(rendered, placeholders)
    if size >= CLIPPED_AT:
        yield f"The HTML has {size // 1024} kB; Gmail cuts a mail off at {CLIPPED_AT // 1024} kB. Shorten it."


def html_size(rendered: Rendered, placeholders: mime.Placeholders) -> int:
    """How many bytes of HTML a subscriber gets at most."""
    pieces = placeholders.split(rendered.html)
    words = {str(number): 4 * personal_words.LONGEST for number in range(len(placeholders.words))}
    fields = sum(words.get(name, TOKEN_ROOM) for name in pieces[1::2])
    return sum(len(piece.encode()) for piece in pieces[::2]) + fields


# What somebody should look at twice


def warnings(briefing: Briefing) -> list[str]:
    """What may be meant as it is, a sentence each: whoever approves the briefing says so."""
    items = [parts.current(item) for item in composition.items_of(briefing)]
    found = [*subject_warnings(briefing), *_picture_warnings(items)]
    links = outside_links(briefing)
    wrong = briefing.link_checks.wrong().filter(url__in=links)
    found += [f"{check.url} could not be reached: {check.note}" for check in wrong]
    if briefing.link_checks.waiting().filter(url__in=links).exists():
        found.append(UNLOOKED)
    found += [*_long_link_warnings(links), *sponsor_places.date_warnings(briefing), *sponsor_places.repeated(briefing)]
    return [*found, *payers.questions(briefing)]


def _long_link_warnings(links: Sequence[str]) -> Iterator[str]:
    for url in links:
        if not may_be_asked(url):
            yield (
                f"A link is very long ({len(url.encode()) / 1000:.1f} kB): {url[:80]}… It was not looked at, and some mail programs"
                " cut off a link of more than 2 kB. Use a shorter one."
            )


def subject_warnings(briefing: Briefing) -> Iterator[str]:
    """What may be meant as it is in the two lines that an inbox shows."""
    subject = briefing.title
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 8 and sum(letter.isupper() for letter in letters) > len(letters) * 0.7:
        yield "The subject is all in capitals, which spam filters and readers take for shouting."
    if subject.count("!") > 1 or "?!" in subject or "!?" in subject:
        yield "The subject has several exclamation marks, as spam does."
    if bait := _BAIT.search(subject):
        yield f"The subject says “{bait[0]}”, which many spam filters look for."
    if _REPLY.match(subject):
        yield "The subject begins like an answer to a mail that nobody wrote."
    if len(subject) > LONG_SUBJECT:
        yield f"The subject has {len(subject)} characters. Inboxes show about {LONG_SUBJECT} of them, phones fewer."
    if not briefing.preheader.strip():
        yield "There is no preheader: the inbox shows the first words of the text after the subject."


def _picture_warnings(items: Sequence[BriefingItem]) -> Iterator[str]:
    for item in items:
        if item.kind == Kind.IMAGE and item.image_url and not item.image_alt and not item.url:
            yield f"The picture {item.image_url.rsplit('/', 1)[-1]} has no alternative text."
    weights = {item.image_url: weight for item in items if (weight := _weight(item.image_url))}
    for address, weight in weights.items():
        if weight > HEAVY_IMAGE:
            yield f"The picture {address.rsplit('/', 1)[-1]} weighs {weight // 1024} kB."
    if (total := sum(weights.values())) > HEAVY_IMAGES:
        yield f"The pictures weigh {total / 1024 / 1024:.1f} MB together; over a phone that takes long."


def _weight(address: str) -> int:
    """The bytes of a picture that we serve; 0 where it is kept elsewhere or gone."""
    base = parts.whole_address(default_storage.url(""), "")
    if not address.startswith(base):
        return 0
    try:
        return default_storage.size(address.removeprefix(base))
    except (OSError, ValueError):
        return 0


def passed(briefing: Briefing) -> list[str]:
    """What was measured of the message as it would leave, a sentence each."""
    placeholders = mime.Placeholders()
    links = composition.counting_links(placeholders)
    rendered = composition.render(briefing, links, placeholders.of_word)
    lacking = list(_bodies_lack(rendered, links))
    images = len(re.findall(r"<img\b", rendered.html)) - bool(links.pixel)
    said = [f"The HTML has {max(1, html_size(rendered, placeholders) // 1024)} of {CLIPPED_AT // 1024} kB."]
    sender = sender_of(briefing)
    said.append(f"It is from {sender}" + (f"; answers go to {sender.reply_to}." if sender.reply_to else "."))
    said.append(f"Links: {len(rendered.targets)}, pictures: {images}.")
    if not lacking:
        said.append("Both the HTML and the text part say how to unsubscribe.")
    if placeholders.words:
        said.append(f"Personal words: {len(placeholders.words)}, all known.")
    return said


def outside_links(briefing: Briefing) -> list[str]:
    """The addresses on other sites that a briefing leads to, each once."""
    targets = composition.render(briefing, composition.plain_links("0", "0")).targets.values()
    ours = urlsplit(settings.SITE_URL).netloc
    return list(dict.fromkeys(target.url for target in targets if urlsplit(target.url).netloc != ours))


def may_be_asked(url: str) -> bool:
    """Whether an address on another site is short enough to be looked at."""
    return len(url.encode()) <= LONGEST_LINK
