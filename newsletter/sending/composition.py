"""A briefing rendered: text and HTML with a subscriber's links, and what the headers of its mail say."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from articles.paid import ShownPaid, shown
from core.lib.html import of_plain
from core.lib.text import one_line
from core.models import SiteProfile
from newsletter.mail import personal_words, plain_text
from newsletter.mail.mime import MessageHeaders, Placeholders
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, Word, value_of
from newsletter.models import Briefing, BriefingItem
from newsletter.sending import parts, payers, sponsor_places
from newsletter.sending.looks import look_of, sender_of, template_of
from newsletter.sending.parts import Part, Target
from newsletter.subscribers.vocabulary import vocabulary

CANARY = 0  # the number of the hidden link
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Links:
    """Where the links of one rendering lead. `follow` gives the address behind an item's link, from its number and target."""

    unsubscribe: str
    preferences: str
    stay: str = ""
    reader: str = ""  # what stands for whom it is mailed to, in links of other desks
    follow: Callable[[int, str], str] = lambda _number, url: url
    pixel: str = ""
    canary: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A briefing as its two bodies; `targets` are its links by number."""

    text: str
    html: str
    targets: dict[int, Target] = field(default_factory=dict)


def without_a_name(word: Word) -> str:
    """What stands for a personal word where no subscriber is meant."""
    return value_of(word, WITHOUT_A_SUBSCRIBER)


def items_of(briefing: Briefing) -> list[BriefingItem]:
    """What a briefing shows, in order; a draft has the ads that are booked at this moment."""
    items = list(briefing.items.select_related("snippet").order_by("ordering", "id"))
    if briefing.is_editable:
        others = [item for item in items if item.kind != BriefingItem.Kind.SPONSOR]
        items = sorted(others + sponsor_places.filled(briefing), key=lambda item: item.ordering)
    for item in items:
        item.briefing = briefing
    return [item for item in items if item.heading or item.kind != BriefingItem.Kind.SPONSOR]


def render(
    briefing: Briefing,
    links: Links,
    stand_in: Callable[[Word], str] = without_a_name,
    *,
    items: list[BriefingItem] | None = None,
    first_link: int = 1,
) -> Rendered:
    """Both bodies of a briefing, with these links, and `stand_in` for what is personal; `items`: what it shows, where not all.

    The HTML has its styles inlined, since many mail programs drop others.
    """
    site, template = SiteProfile.current(), template_of(briefing)
    archive_url = "" if briefing.is_letter else settings.SITE_URL + briefing.get_absolute_url()
    writer = parts.Writer(links.follow, stand_in, archive_url, links.reader, first_link)
    header, introduction = writer.rich(template.header_html), writer.rich(of_plain(briefing.introduction))
    written = [writer.part(item) for item in (items_of(briefing) if items is None else items)]
    footer = writer.rich(template.footer_html)
    first = next((part.item.heading for part in written), "")
    subject = writer.plain(briefing.subject)
    context = {
        "header": header,
        "header_text": plain_text.of_html(header),
        "introduction": introduction,
        "introduction_text": plain_text.of_html(introduction),
        "parts": written,
        "footer": footer,
        "footer_text": plain_text.of_html(footer),
        "briefing": briefing,
        "subject": subject,
        "title": "" if first == subject else subject,
        "preheader": writer.plain(briefing.preheader),
        "links": links,
        "asks_to_stay": briefing.step is not None and briefing.step.asks_to_stay,
        "paid": shown(payers.told_of(briefing)),
        "template": template,
        "look": look_of(template),
        "site": site,
        "site_url": settings.SITE_URL,
        "archive_url": archive_url,
    }
    text = _BLANK_LINES.sub("\n\n", render_to_string("emails/briefing.txt", context)).strip() + "\n"
    html = css_inline.inline(render_to_string("emails/briefing.html", context))
    return Rendered(text=text, html=html, targets=writer.targets)


@dataclass(frozen=True, slots=True)
class WebVersion:
    """A briefing as everybody may read it on a page: with plain links, and without a subscriber's words."""

    introduction: SafeString
    parts: list[Part]
    paid: ShownPaid | None

    @property
    def has_ad(self) -> bool:
        return any(part.item.claim_id for part in self.parts)


def web_version(briefing: Briefing, items: list[BriefingItem] | None = None) -> WebVersion:
    """What a page, a feed or the API shows of a briefing."""
    page = settings.SITE_URL + briefing.get_absolute_url()
    writer = parts.Writer(lambda _number, url: url, without_a_name, page)
    written = [writer.part(item) for item in (items_of(briefing) if items is None else items)]
    return WebVersion(writer.rich(of_plain(briefing.introduction)), written, shown(payers.told_of(briefing)))


def headers_of(
    briefing: Briefing, *, mark: str = "", stand_in: Callable[[Word], str] = without_a_name
) -> MessageHeaders:
    """What the headers of its message say, its subject after the mark; texts that no form has seen are one line here."""
    newsletter, sender = briefing.newsletter, sender_of(briefing)
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return MessageHeaders(
        from_name=one_line(sender.name),
        from_email=sender.address,
        reply_to=sender.reply_to,
        subject=(f"[{mark}] " if mark else "")
        + personal_words.replaced(one_line(briefing.subject), vocabulary(), stand_in),
        list_name=one_line(newsletter.name),
        list_id=f"{newsletter.slug}.{host}",
        feedback_id=f"{briefing.pk}:{newsletter.slug}:briefing:{host.replace('.', '-')}",
        site_url=settings.SITE_URL,
        provider=settings.MAIL_PROVIDER,
        takes_mail=bool(settings.BOUNCE_ADDRESS),
    )


def counting_links(placeholders: Placeholders) -> Links:
    """Links whose clicks are counted, with placeholders for what differs between recipients."""
    recipient = placeholders["delivery"]

    def follow(number: int, _url: str = "") -> str:
        return settings.SITE_URL + reverse("newsletter:click", args=[f"{number}.{recipient}"])

    return replace(
        plain_links(placeholders["unsubscribe"], placeholders["preferences"]),
        follow=follow,
        pixel=settings.SITE_URL + reverse("newsletter:open", args=[recipient]),
        canary=follow(CANARY),
    )


def plain_links(unsubscribe: str, preferences: str) -> Links:
    """Links straight to their targets, for newsletters that count nothing, for previews and tests."""
    return Links(
        unsubscribe=settings.SITE_URL + reverse("newsletter:unsubscribe", args=[unsubscribe]),
        preferences=settings.SITE_URL + reverse("newsletter:preferences", args=[preferences]),
        stay=settings.SITE_URL + reverse("newsletter:stay", args=[unsubscribe]),
        reader=unsubscribe,
    )
