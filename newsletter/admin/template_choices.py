"""The field that chooses a mail template: those of the newsletter beside it, and no other's."""

from itertools import groupby
from typing import Any

from django import forms
from js_asset import Media, Script

from newsletter.models import MailTemplate, Newsletter

SCRIPT = Media(js=[Script("js/desk/own_templates.js", type="module")])


def offer(form: Any, newsletter: Newsletter | None) -> None:
    """Offer the templates of a newsletter that is set; where it can still be chosen all, by their newsletters, of which a script
    shows those of the one that is chosen."""
    if "template" not in form.fields:
        return
    field = form.fields["template"]
    if newsletter:
        field.queryset = newsletter.templates.all()
        return
    rows = MailTemplate.objects.select_related("newsletter").order_by(
        "newsletter__ordering", "newsletter__name", "name"
    )
    groups = [(str(of), [(row.pk, row.name) for row in some]) for of, some in groupby(rows, lambda row: row.newsletter)]
    field.choices = [("", field.empty_label), *groups]


def check(form: forms.BaseForm, newsletter: Newsletter | None) -> None:
    """Refuse the template of another newsletter."""
    template = form.cleaned_data.get("template")
    if template and newsletter and template.newsletter_id != newsletter.pk:
        form.add_error("template", f"“{template}” is a template of {template.newsletter}. Choose one of {newsletter}.")
