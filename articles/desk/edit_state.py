"""What one request for the edit page shows, and what was typed into it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from articles.models import Article, Draft

Document = dict[str, Any]


@dataclass
class Sheet:
    """What the edit page shows in one request, and what was typed into it."""

    document: Document = field(default_factory=dict)
    version: int | None = None
    problems: list[str] = field(default_factory=list)
    recoverable: Draft | None = None
    typed: Document = field(default_factory=dict)
    articles: dict[str, Article | None] = field(default_factory=dict)


def sheet(request: HttpRequest) -> Sheet:
    """The sheet of a request."""
    found: Sheet = request.__dict__.setdefault("desk_sheet", Sheet())
    return found
