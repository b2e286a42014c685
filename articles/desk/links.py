"""Links at the desk: our own articles that match what was typed, and what a pasted address is."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles.embeds import embed_of
from articles.models import Article
from core.lib.links import LONGEST, direct
from core.lib.text import storable

FOUND = 8


@require_safe
@never_cache
def articles_view(request: HttpRequest) -> JsonResponse:
    """Articles by words of their titles, those that readers can see first, then the newest."""
    _may_look(request)
    words = storable(request.GET.get("term", "")[:100]).split()
    matching = Q(*(Q(title__icontains=word) | Q(slug__icontains=word) for word in words))
    rows = Article.objects.filter(matching).select_related("publication") if words else Article.objects.none()
    newest = rows.order_by(F("publication__published_at").desc(nulls_last=True), "-changed_at")[:FOUND]
    return JsonResponse({"results": [_result(article) for article in newest]})


def _result(article: Article) -> dict[str, Any]:
    shown = getattr(article, "publication", None)
    note = f"{shown.published_at:%-d %B %Y}" if shown else f"{article.get_state_display()}, not published"
    return {"title": article.title, "address": (shown or article).get_absolute_url(), "note": note}


@require_safe
@never_cache
def address_view(request: HttpRequest) -> JsonResponse:
    """An address without redirectors and trackers, and the name of the site if it is of a player that can be embedded."""
    _may_look(request)
    address = direct(storable(request.GET.get("address", "")[:LONGEST]))
    embed = embed_of(address)
    return JsonResponse({"address": address, "player": embed.provider if embed else ""})


def _may_look(request: HttpRequest) -> None:
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied
