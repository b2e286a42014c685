"""The widgets of the rich-text editors, and the settings that their scripts read."""

from html import escape
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import blocks


class ProseWidget(AdminProseEditorWidget):
    """A text area that static/js/desk/prose.js turns into an editor when it gets the focus.

    An article may have 150, and making them all at once would take seconds. Their settings are in the page once.
    """

    settings_name = "full"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = forms.Textarea.get_context(self, name, value, attrs)
        context["widget"]["attrs"]["data-desk-prose"] = self.settings_name
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return textarea(context["widget"])


class InlineProseWidget(ProseWidget):
    """The same editor without headings and tables."""

    settings_name = "inline"


def textarea(widget: dict[str, Any]) -> SafeString:
    """What Django's template makes of a text area, in a fraction of the time; a long article has hundreds."""
    return SafeString(
        f"<textarea{attributes(name=widget['name'], **widget['attrs'])}>\n{escape(widget['value'] or '')}</textarea>"
    )


def attributes(**attrs: Any) -> str:
    """The HTML of an element's attributes."""
    said = {name: value for name, value in attrs.items() if value is not None and value is not False}
    return "".join(f" {name}" if value is True else f' {name}="{escape(str(value))}"' for name, value in said.items())


def prose_settings(full: dict[str, Any] = blocks.EDITOR_EXTENSIONS, *, footnotes: bool = False) -> dict[str, Any]:
    """The settings of the two editors, by name; `full`: what the larger one offers; and whether both have footnotes."""
    notes = {"Footnote": True} if footnotes else {}
    every = {"full": full | notes, "inline": blocks.INLINE_EXTENSIONS | notes}
    return {
        name: ProseWidget(config={"extensions": extensions}, preset="configurable").get_config()
        for name, extensions in every.items()
    }
