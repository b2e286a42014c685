"""A briefing that nobody wrote, with a part of every kind: what a mail template is looked at with."""

from collections.abc import Iterator

from django.conf import settings
from django.templatetags.static import static

from core.lib import clock
from newsletter.models import Briefing, BriefingItem, MailTemplate
from newsletter.sending.pictures import SHOWN, WHOLE

Kind = BriefingItem.Kind
INTRODUCTION = (
    "<p>Good morning. This is where an introduction stands, with <strong>what matters</strong> and"
    ' <a href="/">a link</a> in it.</p><p>A second paragraph shows how far they stand apart.</p>'
)
TEXT = (
    "<p>A text of its own can have a list:</p><ul><li>a first point</li><li>and a second one</li></ul>"
    "<blockquote><p>Or something that somebody said.</p></blockquote>"
)
STANDFIRST = (
    "Two or three lines of an article’s standfirst, so that it is seen how they run beside or under its picture."
)


def sample_of(template: MailTemplate) -> tuple[Briefing, list[BriefingItem]]:
    """A briefing in the look of a template, and its parts; neither is saved."""
    briefing = Briefing(
        newsletter=template.newsletter,
        template=template,
        subject="The subject of a briefing",
        preheader="And what the inbox shows after it",
        introduction=INTRODUCTION,
        issue_date=clock.utc_day(),
        slug="sample",
    )
    items = list(_articles(briefing, template))
    items.insert(min(template.ad_after, len(items)), _ad(briefing))
    items += [
        BriefingItem(briefing=briefing, kind=Kind.TEXT, heading="A text of its own", html=TEXT),
        BriefingItem(briefing=briefing, kind=Kind.BUTTON, label="A button", url=settings.SITE_URL + "/"),
        BriefingItem(briefing=briefing, kind=Kind.DIVIDER),
        BriefingItem(briefing=briefing, kind=Kind.IMAGE, caption="A picture with its caption", **_picture(*WHOLE)),
    ]
    return briefing, items


def _articles(briefing: Briefing, template: MailTemplate) -> Iterator[BriefingItem]:
    """Two cards, as large as those of new drafts are."""
    picture = _picture(*SHOWN[template.card_size]) if template.card_size else {}
    for heading in ("An article that leads", "Another article, with a heading that takes two lines on a phone"):
        words = {"heading": heading, "text": STANDFIRST, "url": settings.SITE_URL + "/"}
        yield BriefingItem(briefing=briefing, kind=Kind.ARTICLE, size=template.card_size, **words, **picture)


def _ad(briefing: Briefing) -> BriefingItem:
    words = {"heading": "An ad", "text": "What a sponsor says, and who they are.", "label": "Sponsored"}
    return BriefingItem(
        briefing=briefing, kind=Kind.SPONSOR, sponsor_name="A sponsor", url=settings.SITE_URL + "/", **words
    )


def _picture(width: int, height: int) -> dict[str, object]:
    return {
        "image_url": settings.SITE_URL + static("img/sample-ad.svg"),
        "image_alt": "A sample picture",
        "image_width": width,
        "image_height": height or width * 9 // 16,
    }
