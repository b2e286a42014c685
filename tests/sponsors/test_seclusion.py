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
    r"(?<!\w)313(?!\w)",
    r"(?<!\w)211(?!\w)",
)
SEEN_BY = ("sponsorship manager", "sponsor", "stranger")


def _patterns(patterns, before=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern)


def _addresses(keys):
    """Every address of the site, with the keys of what is to stay hidden in it."""
    for pattern in sorted(set(_patterns(get_resolver().url_patterns))):
        path = re.sub(r"\(\?P<app_label>(\w+).*?\)", r"\1", pattern).replace("(?P<url>.*)", "anything")
        for key in keys if re.search(r"<(?:(?:int|path|slug):)?\w+>", path) else keys[:1]:
            yield "/" + re.sub(r"<(?:\w+:)?\w+>", str(key), path).replace("^", "").replace("$", "")


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
    return [1, draft.pk, draft.slug, season.pk, season.slug, category.slug]


@pytest.fixture
def signed_in(client):
    def sign_in(who):
        if who == "sponsorship manager":
            client.force_login(articles.user(who))
        return client

    return sign_in


@pytest.mark.parametrize("who", SEEN_BY)
def test_nothing_hidden_reaches_sales_sponsors_or_strangers(who, hidden, signed_in):
    sold = factories.running()
    client = signed_in(who)
    own = [sold.portal_path, sold.report_path] if who == "sponsor" else []
    told = {}
    for path in own or _addresses(hidden):
        response = client.get(path)
        text = (b"".join(response) if response.streaming else response.content).decode(errors="replace")
        if found := [secret for secret in SECRETS if re.search(secret, text)]:
            told[path] = found
    assert told == {}
