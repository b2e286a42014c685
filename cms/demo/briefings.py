"""How the demo newsroom's briefings look, the text that they share, and what each is made of."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.conf import settings

from articles.models import Publication, Snippet
from cms.demo import content
from cms.demo.pieces import Piece
from core.lib import clock
from newsletter.models import Briefing, BriefingItem, MailTemplate, Newsletter
from newsletter.sending import drafts, pictures, sponsor_places

Kind = BriefingItem.Kind


def pieces() -> Iterator[Piece]:
    """What briefings refer to."""
    wanted = content.read("newsletter")
    for entry in wanted["texts"]:
        yield f"text {entry['slug']}", partial(_make_text, entry)
    for entry in wanted["templates"]:
        yield f"template {entry['name']}", partial(_make_template, entry)


def draft_pieces() -> Iterator[Piece]:
    """The briefing that is being written."""
    for entry in content.read("newsletter")["drafts"]:
        yield f"draft of briefing {entry['slug']}", partial(_make_draft, entry)


def _make_text(entry: dict[str, Any]) -> None:
    Snippet.objects.get_or_create(slug=entry["slug"], defaults={**entry, "kind": Snippet.Kind.TEXT})


def _make_template(entry: dict[str, Any]) -> None:
    newsletter = Newsletter.objects.get(slug=entry["newsletter"])
    if not newsletter.templates.exists():
        MailTemplate.objects.create(**{**entry, "newsletter": newsletter})


def _make_draft(entry: dict[str, Any]) -> None:
    newsletter = Newsletter.objects.get(slug=entry["newsletter"])
    if Briefing.objects.filter(slug=entry["slug"]).exists():
        return
    words = {name: entry[name] for name in ("slug", "subject", "preheader", "introduction")}
    briefing = Briefing.objects.create(newsletter=newsletter, issue_date=clock.utc_day(), **words)
    compose(briefing, entry)
    sponsor_places.place_sponsors(briefing)


def compose(briefing: Briefing, entry: dict[str, Any]) -> None:
    """Give a briefing its parts: articles alone, or parts of each kind."""
    parts = entry.get("parts") or [{"article": slug} for slug in entry["articles"]]
    for position, part in enumerate(parts, 1):
        kind = next(iter(part))
        MAKERS[kind](briefing, 10 * position, part)


def _article(briefing: Briefing, ordering: int, part: dict[str, Any]) -> None:
    publication = Publication.objects.filter(slug=part["article"]).first()
    if publication is None:
        return
    item = drafts.add_article(briefing, publication, ordering=ordering)
    if "size" in part:
        item.size, item.image, item.image_url = part["size"], "", ""
        item.image_width = item.image_height = None
        drafts.put_cover(item, publication)
        item.save()


def _image(briefing: Briefing, ordering: int, part: dict[str, Any]) -> None:
    asset = content.stored_image({"src": part["image"], "alt": part["alt"]})
    item = BriefingItem(briefing=briefing, ordering=ordering, kind=Kind.IMAGE, image=asset.file)
    item.image_alt, item.caption = part["alt"], part["caption"]
    pictures.put_in(item)
    item.save()


def _plain(kind: Kind, briefing: Briefing, ordering: int, part: dict[str, Any]) -> None:
    item = BriefingItem(briefing=briefing, ordering=ordering, kind=kind)
    if kind == Kind.TEXT:
        item.html = part["text"]
    elif kind == Kind.BUTTON:
        item.label, item.url = part["button"], settings.SITE_URL + part["url"]
    elif kind == Kind.SNIPPET:
        item.snippet = Snippet.objects.filter(slug=part["snippet"]).first()
    elif kind == Kind.PLUGGED:
        item.source = part["plugged"]
    item.save()


MAKERS: dict[str, Callable[[Briefing, int, dict[str, Any]], None]] = {
    "article": _article,
    "image": _image,
    **{
        str(kind): partial(_plain, kind)
        for kind in (Kind.TEXT, Kind.BUTTON, Kind.DIVIDER, Kind.SNIPPET, Kind.PLUGGED, Kind.SPONSOR)
    },
}
