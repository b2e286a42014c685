"""Sales and sponsors see what readers see: no draft, no count of an award before its release, no subscriber's address."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import get_resolver
from django.utils import timezone

from articles.publishing import schedule, submit
from core import calendar_feed
from sponsors import members
from surveys import release, seasons
from surveys.models import Nomination, Tally
from tests.articles import factories as articles
from tests.core.programs import program
from tests.newsletter import factories as newsletter
from tests.sponsors import factories
from tests.surveys import factories as awards

pytestmark = pytest.mark.django_db

SECRETS = (
    "Secret draft",
    "Secret in review",
    "Secret scheduled",
    "Secret briefing",
    "Secret nominee",
    "hidden.reader@example.com",
    r"""(?<![\w/"=])313(?![\w/"])""",  # and no row's key, which has some number by chance
    r"""(?<![\w/"=])211(?![\w/"])""",
)
# Everybody who sells or buys, by each way that leads in.
SEEN_BY = (
    "sponsorship manager",
    "program of the sponsorship manager",
    "calendar of the sponsorship manager",
    "member of a sponsor",
    "holder of a sponsor's links",
    "somebody who may buy",
)
SIGNED_IN = ("sponsorship manager", "member of a sponsor")
# What is looked for where lists can be searched.
ASKED = ("/admin/autocomplete/?app_label=sponsors&model_name=booking&field_name=sponsor&term=Secret",)
ASKED += ("/blog/search/?q=Secret", "/newsletter/archive/?q=Secret", "/api/v1/articles/?search=Secret")


def _patterns(patterns, before=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern)


def _addresses(keys):
    """Every address of the site, each with the key of what is to stay hidden there."""
    for pattern in sorted(set(_patterns(get_resolver().url_patterns))):
        path = re.sub(r"\(\?P<app_label>(\w+).*?\)", r"\1", pattern).replace("(?P<url>.*)", "anything")
        part = next((name for name in keys if name in path), "")
        number, slug = keys.get(part, (1, "author"))
        path = path.replace("<slug:category>", "wallet").replace("<slug:nominee>", "ada")
        path = re.sub(r"<(?:int|path):\w+>", str(number), path)
        yield "/" + re.sub(r"<(?:\w+:)?\w+>", slug, path).replace("^", "").replace("$", "")


@pytest.fixture
def hidden():
    draft = articles.article(title="Secret draft")
    submit(articles.article(title="Secret in review"))
    schedule(articles.article(title="Secret scheduled"), at=timezone.now() + timedelta(days=3))
    weekly = newsletter.newsletter()
    newsletter.subscription(weekly, "hidden.reader@example.com")
    newsletter.sign_up("hidden.reader@example.com")  # who is mailed
    briefing = newsletter.briefing(weekly, subject="Secret briefing")
    season = awards.open_season()
    category = season.categories.get()
    awards.cast(category, [["ada"]], 313)
    awards.cast(category, [["bit"]], 211)
    Nomination.objects.create(category=category, name="Secret nominee", reason="By a reader.")
    seasons.close(season)
    release.tally(category)
    of_draft, of_season = (draft.pk, draft.slug), (season.pk, season.slug)
    keys = {
        "tally/": (Tally.objects.get().pk, "tally"),
        "articles/": of_draft,
        "blog/": of_draft,
        "awardcategory/": (category.pk, category.slug),
    }
    keys |= {"briefing/": (briefing.pk, briefing.slug), "briefings/": (briefing.pk, briefing.slug)}
    return keys | {"surveys/": of_season, "awards/": of_season, "seasons/": of_season}


def _visit(who, client, keys):
    """The client of one of these, and the addresses that they can ask for."""
    sold = factories.running()
    every = [*_addresses(keys), *ASKED]
    every += [f"{path}?q=Secret" for path in every if re.fullmatch(r"/admin/\w+/\w+/", path)]
    if who == "program of the sponsorship manager":
        return program("sponsorship manager").client, [path for path in every if path.startswith("/api/")]
    if who == "calendar of the sponsorship manager":
        seller = articles.user("sponsorship manager")
        calendar_feed.make_link(seller)
        return client, [urlsplit(calendar_feed.link_of(seller)).path]
    if who == "sponsorship manager":
        client.force_login(articles.user(who))
    elif who == "member of a sponsor":
        client.force_login(members.add(sold.sponsor, email="ana@northwind.example", by=None).user)
    elif who == "holder of a sponsor's links":
        ways = ("keep", "portal", "billing", "checkout", "days", "report", "account", "renewal")
        own = [getattr(sold, f"{way}_path") for way in ways]
        own += [f"{sold.report_path}?as={form}" for form in ("csv", "pdf", "py")]
        every = [*own, sold.creatives.get().latest.look_path]  # elsewhere they are as somebody who may buy
    return client, every


def _told(client, paths):
    """Which of the addresses tell which secret."""
    told = {}
    for path in paths:
        response = client.get(path)
        text = (b"".join(response) if response.streaming else response.content).decode(errors="replace")
        if found := [secret for secret in SECRETS if re.search(secret, text)]:
            told[path] = found
    return told


@pytest.mark.parametrize("who", SEEN_BY)
def test_nothing_hidden_reaches_sales_or_sponsors(who, hidden, client, settings):
    visitor, paths = _visit(who, client, hidden)
    assert _told(visitor, paths) == {}
    if who not in SIGNED_IN:
        assert {*visitor.cookies} <= {settings.CSRF_COOKIE_NAME}, "nothing tells them from anybody who may buy"


def test_the_walk_finds_what_an_editor_sees(hidden, client):
    client.force_login(articles.user("editor"))
    found = _told(
        client,
        [path for path in _addresses(hidden) if re.match("/admin/(articles/article|newsletter/briefing)/", path)],
    )
    assert len(found) > 6
    told = {secret for secrets in found.values() for secret in secrets}
    assert told >= {"Secret draft", "Secret in review", "Secret scheduled", "Secret briefing"}


def test_the_walk_finds_what_those_see_who_count_and_who_write_to_readers(hidden, client):
    of_roles = {
        "newsletter manager": ("/admin/newsletter/", "hidden.reader@example.com"),
        "awards steward": ("/admin/surveys/", SECRETS[-1]),
    }
    for role, (desk, secret) in of_roles.items():
        client.force_login(articles.user(role))
        paths = (path for path in _addresses(hidden) if path.startswith(desk))
        assert any(secret in _told(client, [path]).get(path, ()) for path in paths), role
