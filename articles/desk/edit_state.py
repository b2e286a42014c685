"""What one request for the edit page shows, and what was typed into it: shared by the form, the blocks and the admin."""

from dataclasses import dataclass, field

from django.http import HttpRequest

from articles.document_schema import Document, empty_document
from articles.models import Article, Draft


@dataclass
class EditState:
    """The state of the edit page in one request."""

    document: Document = field(default_factory=empty_document)  # what is shown
    version: int | None = None  # which version of the article that was; None: the newest
    problems: list[str] = field(default_factory=list)  # why what was typed could not be stored
    typed: Document = field(default_factory=empty_document)
    recoverable: Draft | None = None  # unsaved work that is not shown
    articles: dict[str, Article | None] = field(default_factory=dict)  # what was loaded, by the key in the address


def edit_state(request: HttpRequest) -> EditState:
    """The state that belongs to a request."""
    state: EditState = request.__dict__.setdefault("edit_state", EditState())
    return state
