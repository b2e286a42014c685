"""How a briefing's mail looks: its template, and the colours that follow from those of the template."""

from core.lib import colours
from newsletter.models import Briefing, MailTemplate, Newsletter

# Of emails/base.html: the lightest ground of links where a mail program asks for the dark, and that of ads in the light.
DARK_BOX, AD = "#1d2742", "#fbf7ed"
SHADES = ("accent", "band", "page", "sheet", "ink")


def template_of(briefing: Briefing) -> MailTemplate:
    """The template that a briefing names, or its newsletter's, or the one that all have from the start."""
    return briefing.template or default_template(briefing.newsletter)


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
