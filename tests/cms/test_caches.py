"""What any cache may keep is the same for everyone, whatever a request's headers say."""

import re
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from core.pagecache import PageCache
from surveys.models import Ballot, Season
from surveys.questionnaires import publishing
from tests.articles import factories as writing
from tests.newsletter import factories as mailing
from tests.sponsors import factories as selling
from tests.surveys import factories as voting
from tests.surveys.questionnaires import factories as asking

pytestmark = pytest.mark.django_db(transaction=True)  # as the page cache reads the content generation

# Every address that is the same for all, with what it takes to ask for one
PUBLIC = {
    "home": {},
    "articles:articles": {},
    "articles:article-search": {},
    "articles:archive": {},
    "articles:month-articles": {"year": timezone.now().year, "month": timezone.now().month},
    "articles:category-articles": {"slug": "research"},
    "articles:series-articles": {"slug": "fees"},
    "articles:tag-articles": {"slug": "bitcoin"},
    "articles:author-articles": {"slug": "ana"},
    "articles:feed-of": {"kind": "tag", "slug": "bitcoin", "form": "json"},
    "articles:feed": {"form": "atom"},
    "articles:sitemap-index": {},
    "articles:sitemap": {"name": "pages"},
    "articles:news-sitemap": {},
    "articles:robots": {},
    "articles:llms": {},
    "articles:article": {"slug": "bridges"},
    "page": {"slug": "about"},
    "newsletter:signup": {},
    "newsletter:archive": {},
    "newsletter:archive-feed": {},
    "newsletter:archive-detail": {"slug": "issue-1"},
    "surveys:index": {},
    "surveys:receipt-show": {},
    "surveys:season-show": {"season": "moon-2025"},
    "surveys:vote": {"season": "moon-2026"},
    "surveys:remind": {"season": "moon-2026"},
    "surveys:nominate": {"season": "moon-2027"},
    "surveys:ledger-show": {"season": "moon-2025"},
    "surveys:ledger-json": {"season": "moon-2025"},
    "surveys:review-json": {"season": "moon-2025"},
    "surveys:ballots-csv": {"season": "moon-2025"},
    "surveys:verifier": {"season": "moon-2025"},
    "surveys:category-show": {"season": "moon-2025", "category": "wallet"},
    "surveys:nominee-show": {"season": "moon-2025", "category": "wallet", "nominee": "ada"},
    "surveys:turnout-csv": {"season": "moon-2025"},
    "surveys:result-csv": {"season": "moon-2025", "category": "wallet"},
    "surveys:result-json": {"season": "moon-2025", "category": "wallet"},
    "surveys:kit": {"season": "moon-2026", "category": "wallet", "nominee": "ada"},
    "surveys:badge": {"season": "moon-2025", "category": "wallet", "nominee": "ada"},
    "surveys:badge-svg": {"season": "moon-2025", "category": "wallet", "nominee": "ada"},
    "surveys:badge-png": {"season": "moon-2025", "category": "wallet", "nominee": "ada"},
    "surveys:nominee-card": {"season": "moon-2025", "category": "wallet", "nominee": "ada", "size": "square"},
    "sponsors:media-kit": {},
    "sponsors:book": {"tier": "gold"},
    "surveys:survey-index": {},
    "surveys:survey-show": {"slug": "readers"},
    "surveys:survey-frame": {"slug": "readers"},
    "surveys:survey-results": {"slug": "readers"},
    "surveys:survey-results-json": {"slug": "readers"},
    "surveys:survey-results-csv": {"slug": "readers"},
    "surveys:survey-results-card": {"slug": "readers"},
    "sponsors:sample": {"slug": "slot-in-web-home"},
    "sponsors:disclosure-log": {},
    "sponsors:disclosure-json": {},
    "sponsors:disclosure-check": {},
    "sponsors:disclosure-program": {},
    "sponsors:disclosure-feed": {},
    "api-articles": {},
    "api-article": {"slug": "bridges"},
    "api-categories": {},
    "api-category": {"slug": "research"},
    "api-tags": {},
    "api-tag": {"slug": "bitcoin"},
    "api-authors": {},
    "api-author": {"slug": "ana"},
    "api-pages": {},
    "api-page": {"slug": "about"},
    "api-ledger": {"slug": "moon-2025"},
    "api-receipt": {},
    "api-seasons": {},
    "api-season": {"season": "moon-2025"},
    "api-surveys": {},
    "api-survey": {"slug": "readers"},
    "api-survey-results": {"slug": "readers"},
    "api-briefings": {},
    "api-briefing": {"slug": "issue-1"},
    "package-list": {},
    "api-package-days": {"tier": "gold"},
}
# What answers one person, takes what is sent, or is no page of readers
NOT_KEPT = {
    "articles:article-preview", "articles:beacon", "newsletter:subscribe", "newsletter:embed",
    "newsletter:confirm", "newsletter:confirm-again",
    "newsletter:unsubscribe", "newsletter:unsubscribe-short", "newsletter:stay", "newsletter:preferences", "newsletter:data-link",
    "newsletter:address-change", "newsletter:address-confirm",
    "newsletter:data", "newsletter:data-export", "newsletter:data-erase", "newsletter:click", "newsletter:open",
    "newsletter:report-take",
    "surveys:ballot-proof", "surveys:ballot-confirm", "surveys:reminder-confirm", "surveys:reminder-stop", "sponsors:requested", "sponsors:keep", "sponsors:wait", "sponsors:portal", "sponsors:billing", "sponsors:invoice", "sponsors:checkout", "sponsors:stripe", "sponsors:report", "sponsors:click",
    "sponsors:ask", "sponsors:offer", "sponsors:days", "sponsors:renew", "sponsors:account", "sponsors:ask-for-account",
    "sponsors:look",
    "surveys:survey-begin", "surveys:survey-sitting", "surveys:survey-page", "surveys:survey-later", "surveys:survey-letter",
    "api-package-bookings", "api-nominations", "api-subscriptions", "api-ballots", "api-survey-responses", "api-schema", "api-docs", "media", "healthz", "readyz", "metrics",
}  # fmt: skip
# What is bumped without articles
BESIDE = re.compile(
    "newsletter_(briefing|archiveentry|delivery|subjecttest)|surveys_(ledgerentry|treehead|unsealedballot)"
)
LISTS = [
    "api-articles",
    "api-categories",
    "api-tags",
    "api-authors",
    "api-pages",
    "api-seasons",
    "api-surveys",
    "api-briefings",
    "package-list",
]
HEADERS = [
    ("HTTP_HOST", "localhost:1234"),
    ("HTTP_HOST", "127.0.0.1:9"),
    ("HTTP_HOST", "LOCALHOST."),
    ("SERVER_NAME", "inside.example"),
    ("SERVER_PORT", "4321"),
    ("wsgi.url_scheme", "https"),
    ("REMOTE_ADDR", "198.51.100.7"),
    ("HTTP_X_FORWARDED_HOST", "evil.example"),
    ("HTTP_X_FORWARDED_PORT", "4321"),
    ("HTTP_X_FORWARDED_PROTO", "https"),
    ("HTTP_X_FORWARDED_FOR", "198.51.100.7"),
    ("HTTP_X_FORWARDED_PREFIX", "/evil"),
    ("HTTP_FORWARDED", "host=evil.example;proto=https"),
    ("HTTP_X_ORIGINAL_URL", "/evil"),
    ("HTTP_X_HTTP_METHOD_OVERRIDE", "POST"),
    ("HTTP_X_REQUESTED_WITH", "XMLHttpRequest"),
    ("HTTP_ACCEPT", "application/json"),
    ("HTTP_ACCEPT", "text/html"),
    ("HTTP_ACCEPT_LANGUAGE", "de"),
    ("HTTP_USER_AGENT", "Mozilla/5.0 (iPhone)"),
    ("HTTP_USER_AGENT", "Googlebot"),
    ("HTTP_REFERER", "https://evil.example/"),
    ("HTTP_ORIGIN", "https://evil.example"),
    ("HTTP_COOKIE", "csrftoken=abc; theme=dark; messages=x"),
    ("HTTP_COOKIE", "sessionid=nobody"),
    ("HTTP_COOKIE", "sessionid=abcdefghijklmnopqrstuvwxyz012345"),
    ("HTTP_SAVE_DATA", "on"),
    ("HTTP_SEC_CH_UA_MOBILE", "?1"),
    ("HTTP_SEC_FETCH_SITE", "cross-site"),
    ("HTTP_RANGE", "bytes=0-9"),
    ("HTTP_IF_MODIFIED_SINCE", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("QUERY_STRING", "utm_source=evil&host=evil.example"),
]


# Several at once: what a set does not change, none of them does.
TOGETHER = [dict(HEADERS[start::8]) for start in range(8)]


def names_of_addresses(resolver=None, within=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin" and str(pattern.pattern) != "accounts/":
                yield from names_of_addresses(pattern, within=f"{pattern.namespace}:" if pattern.namespace else within)
        elif pattern.name and not str(pattern.pattern).startswith("admin/"):
            yield within + pattern.name


def ask(path, **environ):
    """One request through the stack that granian serves, with nothing kept from an earlier one."""
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_HOST": "localhost", **environ}
    setup_testing_defaults(environ)
    answer = {}
    body = PageCache(WSGIHandler())(
        environ, lambda status, headers, exc=None: answer.update(status=status, headers=headers)
    )
    kept = sorted(pair for pair in answer["headers"] if pair[0].lower() != "date")
    return answer["status"], kept, b"".join(body)


def may_be_kept(answer):
    return "public" in dict(answer[1]).get("Cache-Control", "")


def shown(answer):
    """Headers and body, without what the page cache adds to pages asked for without a session."""
    status, headers, body = answer
    added = {("Vary", "Accept-Encoding")}
    return status, {pair for pair in headers if pair not in added and pair[0] != "ETag"}, body


@pytest.fixture
def site(settings):
    """A site that has something to show at each of these addresses, behind a proxy of ours."""
    settings.BEHIND_PROXY, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    writing.category(), writing.author(), writing.tag()
    writing.series("fees")
    writing.publication(slug="bridges", category="research", authors=["ana"], tags=["bitcoin"], series="fees", part=1)
    writing.publication(slug="about", kind="page")
    writing.many(25)
    mailing.sent(mailing.newsletter(), opened=1, clicked=0)
    selling.running()
    selling.package({selling.kind("web:home"): 1}, version=9)
    voting.released_season()
    voting.open_season()
    voting.draft_season("moon-2027", state=Season.State.NOMINATING)
    publishing.publish(asking.opened(min_cell=1), ["q1"], by=None)


def path_of(name):
    given = (
        {"receipt": Ballot.objects.first().receipt} if name in ("surveys:receipt-show", "api-receipt") else PUBLIC[name]
    )
    return reverse(name, kwargs={"slug": given["season"]} if name == "api-season" else given)


def test_every_address_is_known_to_be_the_same_for_all_or_not():
    by_key = {name for name in names_of_addresses() if name.startswith("api-desk-")}
    assert set(names_of_addresses()) == set(PUBLIC) | NOT_KEPT | by_key


def test_no_header_changes_what_is_kept_for_all(site):
    for name in PUBLIC:
        path = path_of(name)
        first = ask(path)
        assert (first[0], may_be_kept(first)) == ("200 OK", True), path
        assert b"://localhost/" not in first[2] or settings.SITE_URL == "http://localhost"
        for headers in TOGETHER:
            if shown(ask(path, **headers)) != shown(first):
                for header, value in headers.items():
                    other = ask(path, **{header: value})
                    if may_be_kept(other):
                        assert shown(other) == shown(first), (path, header, value)


def test_articles_show_nothing_of_what_does_not_make_their_pages_anew(site):
    marked = {name for name in PUBLIC if getattr(resolve(path_of(name)).func, "is_of_articles", False)}
    assert {"home", "articles:articles", "articles:feed", "articles:article", "page"} <= marked
    awards = [
        {"type": "award_results", "season": season, "category": "wallet"} for season in ("moon-2025", "moon-2026")
    ]
    writing.publication(*awards, {"type": "signup", "newsletter": "weekly"}, slug="of-awards")
    for path in [*map(path_of, marked), reverse("articles:article", args=["of-awards"])]:
        with CaptureQueriesContext(connection) as queries:
            assert ask(path)[0] == "200 OK"
        assert not BESIDE.search(" ".join(query["sql"] or "" for query in queries)), path


def test_lists_of_the_api_are_kept_as_pages_are(site):
    for name in LISTS:
        status, headers, _ = ask(path_of(name))
        found = dict(headers)
        assert (status, found["Vary"], "s-maxage" in found["Cache-Control"]) == ("200 OK", "Accept-Encoding", True)
        assert ask(path_of(name), HTTP_IF_NONE_MATCH=found["ETag"])[0] == "304 Not Modified"


def test_links_between_pages_of_a_list_are_at_our_own_address(site, client):
    first = client.get("/api/v1/articles/?category=research&utm_source=x", HTTP_HOST="localhost:1234").json()
    assert (first["next"], first["previous"]) == (None, None)
    first = client.get("/api/v1/articles/?utm_source=x", HTTP_HOST="localhost:1234").json()
    assert first["next"] == f"{settings.SITE_URL}/api/v1/articles/?page=2"
    second = client.get("/api/v1/articles/?page=2", HTTP_HOST="localhost:1234").json()
    assert (second["next"], second["previous"]) == (None, f"{settings.SITE_URL}/api/v1/articles/")


def test_briefings_are_found_by_their_day(site, client):
    day = timezone.now().date()
    assert client.get(f"/api/v1/briefings/?issue_date__gte={day}").json()["count"] == 0
    assert client.get(f"/api/v1/briefings/?issue_date__lte={day}&newsletter__slug=weekly").json()["count"] == 1
