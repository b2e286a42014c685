"""How a briefing's mail looks and from whom it is: its template, and the colours that follow from those of the template.

What was frozen keeps both (`Briefing.look`), so that what is written anew of it, or made from it, is as it was approved.
"""

from typing import Any

from core.lib import colours
from core.lib.mail import Sender
from core.outbox import site_sender
from newsletter.models import Briefing, MailTemplate, Newsletter

# Of emails/base.html: the lightest ground of links where a mail program asks for the dark, and that of ads in the light.
DARK_BOX, AD = "#1d2742", "#fbf7ed"
SHADES = ("accent", "band", "page", "sheet", "ink")
LOOKS = ("logo", "logo_url", "header_html", "footer_html", *SHADES, "order")  # what an approval is about
KEPT = (*LOOKS, "logo_width", "logo_height")


def template_of(briefing: Briefing) -> MailTemplate:
    """What it was frozen with; else the template that it names, or its newsletter's, or the one that all have from the start."""
    if briefing.look is not None:
        return MailTemplate(newsletter=briefing.newsletter, **briefing.look["template"])
    return briefing.template or default_template(briefing.newsletter)


def _own_sender(briefing: Briefing) -> Sender:
    """What its newsletter says of its sender, as it was frozen or else as it is now."""
    return briefing.newsletter.sender if briefing.look is None else Sender(*briefing.look["sender"])


def sender_of(briefing: Briefing) -> Sender:
    """From whom it is: as it was frozen, else as its newsletter says; the rest is the site's."""
    return _own_sender(briefing).or_else(site_sender())


def kept(briefing: Briefing) -> dict[str, Any]:
    """What is kept of both when a briefing is frozen: `template`, the columns KEPT of it, and `sender`, a Sender as a list."""
    template = template_of(briefing)
    return {"template": {name: getattr(template, name) for name in KEPT}, "sender": list(_own_sender(briefing))}


def default_template(newsletter: Newsletter) -> MailTemplate:
    """What a newsletter's briefings look like that say nothing else."""
    return newsletter.templates.filter(is_default=True).first() or MailTemplate(newsletter=newsletter)


def look_of(template: MailTemplate) -> dict[str, str] | None:
    """The colours of a template that are not the usual ones, with what follows from them; None where all are."""
    usual = MailTemplate()
    if all(getattr(template, name).lower() == getattr(usual, name) for name in SHADES):
        return None
    look = {name: getattr(template, name) for name in SHADES}
    look["on_accent"] = colours.readable_on(template.accent, "#ffffff", "#10192e")
    look["accent_in_the_dark"] = colours.lightened(template.accent, ground=DARK_BOX)
    look["on_accent_in_the_dark"] = colours.readable_on(look["accent_in_the_dark"], "#0c1222", "#ffffff")
    look["ink_in_a_box"] = colours.readable_on(template.page, template.ink, "#10192e", "#ffffff")
    look["accent_in_a_box"] = colours.readable_on(template.page, template.accent, look["ink_in_a_box"])
    look["accent_in_an_ad"] = colours.readable_on(AD, template.accent, usual.accent)
    return look
