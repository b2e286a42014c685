"""Sales and sponsors see what readers see: no draft, no count of an award before its release, no subscriber's address."""

import re
from datetime import timedelta

import pytest
from django.urls import get_resolver
from django.utils import timezone

from articles.publishing import schedule, submit
from surveys import release, seasons
from tests.articles import factories as articles
from tests.newsletter import factories as newsletter
from tests.sponsors import factories
from tests.surveys import factories as awards

pytestmark = pytest.mark.django_db

SECRETS = (
    "Secret draft",
    "Secret in review",
    "Secret scheduled",
    "hidden.reader@example.com",
    r"""(?<![\w/"=])313(?![\w/"])""",  # and no row's key, which has some number by chance
    r"""(?<![\w/"=])211(?![\w/"])""",
)
SEEN_BY = ("sponsorship manager", "sponsor")


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
    newsletter.subscriber("hidden.reader@example.com")
    season = awards.open_season()
    category = season.categories.get()
    awards.cast(category, [["ada"]], 313)
    awards.cast(category, [["bit"]], 211)
    seasons.close(season)
    release.tally(category)
    of_draft, of_season = (draft.pk, draft.slug), (season.pk, season.slug)
    keys = {"articles/": of_draft, "blog/": of_draft, "awardcategory/": (category.pk, category.slug)}
    return keys | {"surveys/": of_season, "awards/": of_season, "seasons/": of_season}


@pytest.fixture
def signed_in(client):
    def sign_in(who):
        if who == "sponsorship manager":
            client.force_login(articles.user(who))
        return client

    return sign_in


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
def test_nothing_hidden_reaches_sales_or_sponsors(who, hidden, signed_in):
    sold = factories.running()
    client = signed_in(who)
    own = [sold.portal_path, sold.report_path] if who == "sponsor" else []
    assert _told(client, own or _addresses(hidden)) == {}


def test_the_walk_finds_what_an_editor_sees(hidden, client):
    client.force_login(articles.user("editor"))
    desk = [path for path in _addresses(hidden) if path.startswith("/admin/articles/article/")]
    assert len(_told(client, desk)) > 3
