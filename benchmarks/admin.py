"""The admin of a large newsroom: every list sorted, filtered, searched and turned to its last page, every edit page.

Time and queries of each page, by a request in this process. Rounds go through all pages in turn, so that a busy moment
of the machine falls on many pages rather than on one.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import connection, reset_queries
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import cms.wsgi  # noqa: F401 - loads, and puts out of the garbage collector's sight, what the web server does
from articles.models import Article
from benchmarks import corpus, measuring, newsroom

ROUNDS = 20
SMALL = "group list"  # six rows: what any page of the admin takes on this machine, now
SEARCHES = {
    "article": ["badi", "article 777"],
    "imageasset": ["chart 36", "picture-5000"],
    "subscriber": ["reader50000", "@mail77.example"],
    "suppression": ["gone777"],
    "outgoingmail": ["reader4000"],
    "redirect": ["/blog/old-777"],
    "auditentry": ["article 77"],
}


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: the number of articles (100,000 unless told) and of subscribers (1,000,000)."""
    articles, subscribers = (*map(int, arguments), *(100_000, 1_000_000)[len(arguments) :])
    corpus.ensure_articles(articles)
    corpus.ensure_long_article(150)
    newsroom.ensure(subscribers=subscribers)
    client = Client(headers={"host": "localhost"})
    client.force_login(newsroom.administrator())
    pages = dict(_pages())
    taken: dict[str, list[float]] = defaultdict(list)
    queries: dict[str, int] = {}
    for number in range(ROUNDS + 1):
        for name, url in pages.items():
            reset_queries()  # the log has an end
            began = time.perf_counter()
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url, follow=True).status_code == 200, url
            if number:
                taken[name].append((time.perf_counter() - began) * 1000)
            queries[name] = len(captured)
    return _figures(taken, queries)


def _figures(taken: dict[str, list[float]], queries: dict[str, int]) -> dict[str, Any]:
    p95 = {name: round(sorted(each)[int(len(each) * 0.95)]) for name, each in taken.items()}
    for name in sorted(p95, key=p95.__getitem__):
        print(
            f"p50 {statistics.median(taken[name]):4.0f} ms   p95 {p95[name]:4} ms   {queries[name]:3} queries   {name}"
        )
    slowest, most = max(p95, key=p95.__getitem__), max(queries, key=queries.__getitem__)
    middles = {name: statistics.median(each) for name, each in taken.items()}
    figures = {
        "pages": len(p95),
        "small_list_p50_ms": round(middles[SMALL]),
        "p50_ms": round(max(middles.values())),
        "vs_small_list": round(max(middles.values()) / middles[SMALL], 1),
        "p95_ms": p95[slowest],
        "slowest": slowest,
        "queries": queries[most],
        "most_queries": most,
        "over_200_ms": sorted(name for name in p95 if p95[name] > 200),
        "over_12_queries": sorted(name for name in queries if queries[name] > 12),
    }
    measuring.table(figures)
    return figures


def _pages() -> Iterator[tuple[str, str]]:
    """The start page, and of every model what an administrator can reach: (what it is, its address)."""
    yield "start page", reverse("admin:index")
    request = RequestFactory().get("/")
    request.user = newsroom.administrator()
    for model, desk in admin.site._registry.items():
        if not desk.has_view_permission(request):
            continue
        name = model._meta.model_name
        base = f"admin:{model._meta.app_label}_{name}"
        for what, query in _lists(desk, request):
            yield f"{name} {what}", f"{reverse(f'{base}_changelist')}?{urlencode(query)}"
        if desk.has_add_permission(request):
            yield f"{name} add", reverse(f"{base}_add")
        if key := model._default_manager.order_by("pk").values_list("pk", flat=True).first():
            yield f"{name} edit", reverse(f"{base}_change", args=[key])
            yield f"{name} history", reverse(f"{base}_history", args=[key])
    long = Article.objects.get(slug="long-150")
    yield "article edit, 150 blocks", reverse("admin:articles_article_change", args=[long.pk])
    sent = newsroom.sent_to_all()
    yield "briefing to all, edit", reverse("admin:newsletter_briefing_change", args=[sent.pk])
    yield "briefing to all, progress", reverse("admin:newsletter_briefing_progress", args=[sent.pk])
    for label, model, field in newsroom.CHOOSERS:
        query = urlencode({"app_label": label, "model_name": model, "field_name": field, "term": "5"})
        yield f"choosing {field} of {model}", f"{reverse('admin:autocomplete')}?{query}"


def _lists(desk: admin.ModelAdmin, request: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """One model's list in every way it can be asked for."""
    yield "list", {}
    changelist = desk.get_changelist_instance(request)
    pages = changelist.paginator.num_pages
    for page in {min(pages, 2), pages} - {1}:
        yield f"list, page {page}", {"p": page}
    for number, column in enumerate(changelist.list_display):
        if column != "action_checkbox" and changelist.get_ordering_field(column) and _is_sortable(changelist, column):
            yield f"sorted by {column}", {"o": number}
            yield f"sorted back by {column}", {"o": f"-{number}"}
    for spec in changelist.filter_specs:
        choices = list(spec.choices(changelist))
        for choice in choices[1:3]:
            query = dict(part.split("=") for part in choice["query_string"].lstrip("?").split("&") if part)
            yield f"where {spec.title} is {choice['display']}", query
    for words in SEARCHES.get(desk.opts.model_name or "", ["5"] if changelist.search_fields else []):
        yield f"searched for {words}", {"q": words}


def _is_sortable(changelist: Any, column: str) -> bool:
    return changelist.sortable_by is None or column in changelist.sortable_by
