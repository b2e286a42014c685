"""The state of the edit page during one request, which the form, the blocks and the admin share."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from articles.document_schema import PAGE, Document, empty_document
from articles.models import Article


@dataclass
class EditState:
    """What the edit page shows, and what was typed into it."""

    document: Document = field(default_factory=empty_document)  # what is shown
    version: int | None = None  # the version that `document` is based on; None for the newest
    problems: list[str] = field(default_factory=list)  # why the typed document could not be stored
    typed: Document = field(default_factory=empty_document)
    schedule: tuple[Any, Any] = (None, None)  # when to publish it and to take it offline, as typed
    dated: datetime | None = None  # the date that readers are to be told from now on
    left_out: int = 0  # texts without a word, which are not stored
    articles: dict[str, Article | None] = field(default_factory=dict)  # loaded articles, by the key in the address


def edit_state(request: HttpRequest) -> EditState:
    """The state of a request."""
    state: EditState = request.__dict__.setdefault("edit_state", EditState())
    return state


def is_page(request: HttpRequest, article: Article | None = None) -> bool:
    """Whether what is edited, or begun, is a page of the site and no article."""
    if article is not None and article.pk:
        return article.is_page
    asked = request.POST.get("kind") or request.GET.get("kind") or edit_state(request).document.get("kind")
    return asked == PAGE
