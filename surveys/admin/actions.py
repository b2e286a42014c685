"""What the steward's pages share: something done to each chosen row, the log of a row, an article from results."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join

from core import audit
from core.lib import clock
from core.models import AuditEntry, User
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


def trail_of(*rows: Any) -> str:
    """What the audit log has of rows, the newest first."""
    entries = AuditEntry.objects.filter(subject_key__in=[audit.key_of(row) for row in rows]).order_by("-at", "-pk")
    lines = ((clock.in_words(each.at), each.by_name, each.action, each.subject, each.detail) for each in entries[:50])
    return format_html_join("", "<div>{}: {} {}: “{}” <small>{}</small></div>", lines) or "nothing yet"


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
