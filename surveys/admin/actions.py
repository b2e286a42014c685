"""What the steward's pages share: something done to each chosen row, an article from results."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.models import User
from core.transitions import TransitionRefused
from surveys import article_draft
from surveys.models import AwardCategory


def do_each(request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object], done: str) -> None:
    """Do it to every row and say what came of it; a refusal stops none of the others."""
    for row in rows:
        try:
            act(row)
        except TransitionRefused as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, f"“{row}”: {done}")


def by(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def draft_article_from(request: HttpRequest, categories: list[AwardCategory]) -> HttpResponse | None:
    """Draft and go to the article, if this person may edit articles."""
    try:
        article = article_draft.draft_article(categories, by=by(request))
    except TransitionRefused as reason:
        messages.error(request, str(reason))
        return None
    messages.success(request, f"“{article}” is drafted.")
    if not request.user.has_perm("articles.change_article"):
        return None
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))
