"""The editors of rich text."""

from html import escape
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import blocks


class ProseWidget(AdminProseEditorWidget):
    """The editor of rich text, made by static/js/desk/prose.js when somebody turns to it.

    An article may have 150 of them: to make them all at once takes seconds. Their settings are in the page once.
    """

    settings_name = "full"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = forms.Textarea.get_context(self, name, value, attrs)
        context["widget"]["attrs"]["data-desk-prose"] = self.settings_name
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return textarea(context["widget"])


class InlineProseWidget(ProseWidget):
    """The same without headings and tables."""

    settings_name = "inline"


def textarea(widget: dict[str, Any]) -> SafeString:
    """A text area as Django's template makes it, in a fraction of the time; a long article has hundreds."""
    return SafeString(
        f"<textarea{attributes(name=widget['name'], **widget['attrs'])}>\n{escape(widget['value'] or '')}</textarea>"
    )


def attributes(**attrs: Any) -> str:
    """Attributes of an element as HTML."""
    said = {name: value for name, value in attrs.items() if value is not None and value is not False}
    return "".join(f" {name}" if value is True else f' {name}="{escape(str(value))}"' for name, value in said.items())


def prose_settings() -> dict[str, Any]:
    """What the two editors can do, by name."""
    every = {"full": blocks.EDITOR_EXTENSIONS, "inline": blocks.INLINE_EXTENSIONS}
    return {
        name: ProseWidget(config={"extensions": extensions}, preset="configurable").get_config()
        for name, extensions in every.items()
    }
