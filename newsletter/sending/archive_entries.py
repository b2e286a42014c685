"""The entries of the archive: made a moment after the first mail of a briefing left, whatever happened in between."""

import logging

from django.db import OperationalError, transaction

from articles.social import title_image
from core import pagecache
from core.lib.html import text_of
from core.lib.text import one_line, storable
from core.models import SiteProfile
from newsletter.models import ArchiveEntry, Briefing, BriefingItem
from newsletter.sending import composition, payers

logger = logging.getLogger(__name__)


def make_missing() -> int:
    """Make the entries of briefings that readers see and that have none; return how many. One that fails holds up no other."""
    made = 0
    for briefing in Briefing.objects.readable().filter(archive_entry=None).select_related("newsletter"):
        try:
            with transaction.atomic():
                _make(briefing)
            made += 1
        except OperationalError:
            raise  # the database is away or busy: beat rings again
        except Exception:
            logger.exception("Briefing %s could not be put into the search of the archive", briefing.pk)
    if made:
        pagecache.bump(in_articles=False)
    return made


def _make(briefing: Briefing) -> None:
    title = one_line(briefing.title)
    words = {"title": title, "summary": one_line(briefing.summary), "text": words_of(briefing)}
    ArchiveEntry.objects.update_or_create(
        briefing=briefing, defaults={**words, "social_image": _picture(briefing, title)}
    )
    payers.log(briefing)


def words_of(briefing: Briefing) -> str:
    """What a briefing says, as plain text; an ad's words are its sponsor's."""
    shown = composition.web_version(briefing)
    texts = [text_of(shown.introduction)]
    for part in shown.parts:
        if part.item.kind != BriefingItem.Kind.SPONSOR:
            texts += [part.item.heading, part.text, part.item.caption]
    return storable("\n\n".join(text.strip() for text in texts if text.strip()))


def _picture(briefing: Briefing, title: str) -> str:
    """The path of its social picture; without one where it cannot be stored: that is no reason not to be found."""
    try:
        return title_image(title, site=SiteProfile.current().name, section=briefing.newsletter.name)
    except OSError:
        logger.exception("The social picture of briefing %s could not be stored", briefing.pk)
        return ""
