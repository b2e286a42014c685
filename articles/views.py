"""The pages of articles that readers see: one article, lists, search, previews."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from articles import contexts, leads, search
from articles.article_page import PAGES, article_page
from articles.documents import document_of
from articles.filters import Filters, choices_of
from articles.models import Article, Author, Category, PreviewLink, Publication, Series, Tag
from articles.models.preview_links import PREVIEW
from articles.pagination import CardPaginator
from articles.preview import preview_page
from articles.readership import beacons
from articles.structured_data import absolute, list_data
from articles.suggestions import suggestions_for
from core.lib import clock
from core.lib.cachetags import LISTS, tagged, with_tags
from core.lib.signing import BadToken, read_token
from core.models import SiteProfile
from core.pagecache import of_articles, per_generation, public

PER_PAGE = 12


@require_safe
@public
@of_articles
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article."""
    page = article_page(slug)
    if page is None:
        raise Http404("There is no such article.")
    return with_tags(HttpResponse(page.html), *page.tags)


@require_safe
@public
@of_articles
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page of the site, such as About."""
    found = article_page(slug, rows=PAGES)
    if found is None:
        raise Http404("There is no such page.")
    return with_tags(HttpResponse(found.html), *found.tags)


@require_safe
@public
@of_articles
@tagged(LISTS)
def articles(request: HttpRequest) -> HttpResponse:
    """All articles, newest first."""
    return _listing(
        request,
        Publication.objects.live(),
        kind="all",
        heading="Articles",
        feed_url=reverse("articles:feed", args=["xml"]),
    )


@require_safe
@public
@of_articles
@tagged(LISTS)
def category_articles(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles of a category."""
    category: Any = get_object_or_404(Category.objects.annotate(pinned=leads.of_category()), slug=slug)
    pinned = category.pinned
    return _listing(
        request,
        category.publications.live().exclude(pk__in=pinned),
        kind="category",
        heading=category.name,
        intro=category.description,
        current=category.slug,
        pinned=pinned,
        feed_url=f"{category.get_absolute_url()}feed.xml",
    )


@require_safe
@public
@of_articles
@tagged(LISTS)
def series_articles(request: HttpRequest, slug: str) -> HttpResponse:
    """The parts of a series, from the first on."""
    series = get_object_or_404(Series, slug=slug)
    return _listing(
        request,
        series.publications.parts(),
        kind="series",
        heading=series.name,
        intro=series.description,
        feed_url=f"{series.get_absolute_url()}feed.xml",
    )


@require_safe
@public
@of_articles
@tagged(LISTS)
def tag_articles(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles with a tag."""
    tag = get_object_or_404(Tag, slug=slug)
    feed_url = f"{tag.get_absolute_url()}feed.xml"
    tagged_with = Publication.tags.through.objects.filter(tag=tag)
    found = tag.publications.live()
    return _listing(request, found, kind="tag", heading=tag.name, feed_url=feed_url, counted=tagged_with.count)


@require_safe
@public
@of_articles
@tagged(LISTS)
def author_articles(request: HttpRequest, slug: str) -> HttpResponse:
    """An author and their articles."""
    author = get_object_or_404(Author.objects.select_related("portrait"), slug=slug)
    (shown,) = contexts.authors_of([contexts.byline_row(author)])
    feed_url = f"{author.get_absolute_url()}feed.xml"
    found = author.publications.live()
    counted = author.bylines.count
    return _listing(
        request, found, kind="author", heading=author.name, author=shown, feed_url=feed_url, counted=counted
    )


@require_safe
@public
@of_articles
@tagged(LISTS)
def month_articles(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The articles of a month."""
    if not 1 <= month <= 12 or not 1 <= year <= 9998:
        raise Http404("There is no such month.")
    start = datetime(year, month, 1, tzinfo=clock.newsroom())
    found = Publication.objects.live().filter(published_at__gte=start, published_at__lt=_month_after(start))
    return _listing(request, found, kind="archive", heading=f"{start:%B %Y}")


@require_safe
@public
@of_articles
@tagged(LISTS)
def archive(request: HttpRequest) -> HttpResponse:
    """The months in which articles were published."""
    by_month = (
        Publication.objects.order_by().annotate(date=TruncMonth("published_at", tzinfo=clock.newsroom())).values("date")
    )
    shown = list(by_month.annotate(number=Count("pk")).order_by("-date"))
    return render(request, "articles/archive.html", {"months": shown})


@require_safe
@public
@of_articles
@tagged(LISTS)
def article_search(request: HttpRequest) -> HttpResponse:
    """Full-text search with filters, best matches first, each with an excerpt."""
    words = search.cleaned_query(request.GET.get("q", ""))
    filters = Filters.of(request.GET)
    found = search.search(words, filters)
    page = _page(request, Paginator(found.keys, PER_PAGE))
    page.object_list = search.with_excerpts(page.object_list, words)
    site_pages = search.pages_with(words, filters) if page.number == 1 else []
    parameters = request.GET.copy()
    parameters.pop("page", None)
    context = {
        "query": words,
        "filters": filters,
        "choices": choices_of(filters, found.per_category, found.per_year),
        "found": found,
        "page": page,
        "site_pages": site_pages,
        "page_query": f"{parameters.urlencode()}&" if parameters else "",
        "suggestions": None if found.keys or site_pages else suggestions_for(words, filters),
    }
    return render(request, "articles/search.html", context)


@require_safe
@never_cache
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """A draft as readers would see it, for anybody with the signed link."""
    try:
        (pk,) = read_token(PREVIEW, token)
    except (BadToken, ValueError):
        raise Http404("There is no such preview.") from None
    link = get_object_or_404(PreviewLink, pk=pk)
    if not link.is_open:
        over = {
            "heading": "This preview link no longer works",
            "text": "Ask the person who sent it to you for a new one.",
        }
        return _unkept(render(request, "components/plain_page.html", over, status=410))
    found = get_object_or_404(Article.objects.select_related("category", "series", "cta"), pk=link.article_id)
    return _unkept(HttpResponse(preview_page(document_of(found), found)))


@csrf_exempt
@require_POST
def beacon(request: HttpRequest) -> HttpResponse:
    """Take a beacon where no gateway stands before Django."""
    beacons.take(request.META, request.read(beacons.SIZE_LIMIT + 1))
    return HttpResponse(status=204)


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _month_after(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


@per_generation
def _categories() -> list[Category]:
    return list(Category.objects.all())


def _page(request: HttpRequest, paginator: "Paginator[Any]") -> Page[Any]:
    try:
        return paginator.page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404("There is no such page.") from error


def _listing(
    request: HttpRequest,
    found: Any,
    *,
    kind: str,
    heading: str,
    current: str = "",
    counted: Callable[[], int] | None = None,
    pinned: Sequence[int] = (),
    **context: Any,
) -> HttpResponse:
    """A page of cards; the first one begins with what is pinned."""
    page = _page(request, CardPaginator(found, PER_PAGE, counted=counted))
    page.object_list = contexts.cards(page.object_list)
    leading = contexts.cards_of(pinned) if pinned and page.number == 1 else []
    context |= {
        "lead": leading[0] if leading else None,
        "pinned": leading[1:],
        "kind": kind,
        "heading": heading,
        "page": page,
        "categories": [
            {"name": category.name, "url": category.url, "current": category.slug == current}
            for category in _categories()
        ],
        "canonical": absolute(request.path if page.number == 1 else f"{request.path}?page={page.number}"),
        "structured_data": list_data(heading, request.path, SiteProfile.current(), author=context.get("author")),
    }
    return render(request, "articles/index.html", context)
