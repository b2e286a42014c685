"""Sponsors who are named in briefings: what must wait for a decision, and what the mail and its pages say after it (sponsors.flags).

Ads are not read: they are labelled as such, and are read by those who approve them. All of it is settled when a briefing is
frozen, so that a letter costs nothing more.
"""

from collections.abc import Iterator
from typing import Any

from articles.paid import Paid
from articles.payers import paid_of
from articles.texts import of_html
from newsletter.models import Briefing, BriefingItem, SubjectVariant
from newsletter.sending import parts
from newsletter.sending.looks import sender_of, template_of
from sponsors import flags
from sponsors.flags import Standing
from sponsors.models import Flag
from sponsors.names import Text

NOUN = "briefing"
NOBODY: Paid = {"named": [], "is_open": False}
WORDS = ("heading", "text", "label", "caption", "image_alt")
ADDRESSES = ("url", "image_url")
Kind = BriefingItem.Kind


def key_of(briefing: Briefing) -> int:
    """What its flags are about: the briefing, or for an edition of a letter the draft that it was made of."""
    if briefing.step_id is None or briefing.state == Briefing.State.DRAFT:
        return int(briefing.pk)
    draft = Briefing.every.filter(step=briefing.step_id, state=Briefing.State.DRAFT).values_list("pk", flat=True)
    return int(draft.first() or briefing.pk)


def texts_of(briefing: Briefing) -> Iterator[Text]:
    """All that a briefing's readers see of it but its ads; nobody asks for it while there is no sponsor."""
    yield Text("the sender", f"{sender_of(briefing).name}\n{briefing.newsletter.name}")
    yield Text("the subject", briefing.subject)
    listed = briefing.preheader.split("; ") if briefing.digest_at else [briefing.preheader]  # a digest's are headings
    yield from (Text("the preheader", words) for words in listed)
    for variant in SubjectVariant.objects.filter(test=briefing.pk).order_by("number"):
        yield Text("a subject under test", variant.subject)
        yield Text("a preheader under test", variant.preheader)
    yield from of_html(briefing.introduction, "the introduction")
    template = template_of(briefing)
    yield from of_html(template.header_html, "the template’s header")
    yield from of_html(template.footer_html, "the template’s footer")
    yield Text("the template’s logo", template.logo_url, is_address=True)
    items = briefing.items.exclude(kind=Kind.SPONSOR).select_related("snippet").order_by("ordering", "id")
    for number, item in enumerate(items, start=1):
        item.briefing = briefing
        yield from _of_item(parts.current(item), f"part {number} ({item.get_kind_display()})")


def _of_item(item: BriefingItem, place: str) -> Iterator[Text]:
    for name in WORDS:
        is_unread = name == "text" and item.html and item.kind != Kind.ARTICLE  # which says the same
        if (words := getattr(item, name)) and not is_unread:
            yield Text(f"{place}, {_label(name)}", words)
    for name in ADDRESSES:
        if address := getattr(item, name):
            yield Text(f"{place}, {_label(name)}", address, is_address=True)
    if item.html:
        yield from of_html(item.html, f"{place}, text")


def _label(name: str) -> str:
    return {"image_alt": "image in words", "image_url": "image", "url": "link"}.get(name, name)


def standings(briefing: Briefing) -> list[Standing]:
    """The sponsors that a briefing names, and what was decided about each; one query while there is no sponsor."""
    return flags.standings(NOUN, key_of(briefing), texts_of(briefing))


def problems(briefing: Briefing) -> list[str]:
    """Why it must wait, a sentence for each name."""
    return [str(each) for each in standings(briefing) if each.refuses]


def questions(briefing: Briefing) -> list[str]:
    """Words that may be the name of a sponsor, and may be no name: what somebody should look at twice."""
    return [
        f"“{each.mention.words}” in {each.mention.places[0]} may be {each.mention.sponsor_name}, who pays us. Say on its flag"
        " whether it is."
        for each in standings(briefing)
        if not each.refuses and not each.verdict
    ]


def told_of(briefing: Briefing) -> Paid | None:
    """What readers are told: of one that was frozen, what is kept of it; else as it stands at this moment."""
    if briefing.paid is not None or briefing.frozen_at or briefing.pk is None:
        return briefing.paid
    return paid_of(standings(briefing))


def look_at(briefing: Briefing) -> list[Flag]:
    """Raise the flags that a briefing needs, and let go of those that it needs no more; return those whose text is still there."""
    return flags.look_at(NOUN, key_of(briefing))


def flags_of(briefing: Briefing) -> list[Flag]:
    """Its flags for those who decide, the open ones first; missing ones are raised, as a reusable text may have changed.

    One that is approved may be frozen at this moment, for which no page waits: what is missing is raised if that holds it.
    """
    if briefing.state == Briefing.State.APPROVED:
        rows = list(Flag.objects.standing().filter(noun=NOUN, about=briefing.pk).select_related("sponsor"))
    else:
        rows = look_at(briefing)
    return sorted(rows, key=lambda row: not row.is_open)


def may_decide(user: Any) -> bool:
    """Whether somebody decides about the flags of briefings."""
    return flags.may_decide(user, NOUN)


def log(briefing: Briefing, found: list[Standing] | None = None) -> None:
    """Enter what was decided about names that its readers get to see into the public log, each decision once."""
    of_each = f"a letter of {briefing.newsletter} that each subscriber gets on a day of their own"
    public = of_each if briefing.is_letter else briefing.get_absolute_url()
    flags.log_published(briefing.title, public, standings(briefing) if found is None else found)
