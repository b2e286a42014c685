"""The state of the edit page during one request, which the form, the blocks and the admin share."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from articles.document_schema import Document, empty_document
from articles.models import Article


@dataclass
class EditState:
    """What the edit page shows, and what was typed into it."""

    document: Document = field(default_factory=empty_document)  # what is shown
    version: int | None = None  # the version that `document` is based on; None for the newest
    problems: list[str] = field(default_factory=list)  # why the typed document could not be stored
    typed: Document = field(default_factory=empty_document)
    schedule: tuple[Any, Any] = (None, None)  # when to publish it and to take it offline, as typed
    left_out: int = 0  # texts without a word, which are not stored
    articles: dict[str, Article | None] = field(default_factory=dict)  # loaded articles, by the key in the address


def edit_state(request: HttpRequest) -> EditState:
    """The state of a request."""
    state: EditState = request.__dict__.setdefault("edit_state", EditState())
    return state
