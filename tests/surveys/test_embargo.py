"""Before a release no page, list, feed or file tells a count: it is the same whatever the ballots say."""

import re
from itertools import zip_longest

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from core import pagecache
from core.models import User
from surveys import release, seasons
from surveys.models import AwardCategory, Ballot, Season
from tests.surveys.factories import cast, open_season

pytestmark = pytest.mark.django_db
READERS = [
    "/awards/", "/awards/moon-2026/", "/awards/moon-2026/wallet/", "/awards/moon-2026/wallet/ada/",
    "/awards/moon-2026/wallet/coin/", "/awards/moon-2026/wallet/coin/kit/", "/awards/moon-2026/wallet/coin/badge/",
    "/awards/moon-2026/wallet/coin/card-wide.png", "/awards/moon-2026/wallet/coin/badge.svg",
    "/awards/moon-2026/wallet/result.csv", "/awards/moon-2026/wallet/result.json", "/awards/moon-2026/turnout.csv",
    "/awards/moon-2026/vote/", "/awards/moon-2026/ledger/",
    "/awards/moon-2026/ledger.json", "/awards/moon-2026/ballots.csv", "/api/v1/seasons/", "/api/v1/seasons/moon-2026/",
    "/metrics", "/",
]  # fmt: skip
DESKS = {model: desk for model, desk in admin.site._registry.items() if model._meta.app_label == "surveys"}
LISTS = [reverse(f"admin:surveys_{model._meta.model_name}_changelist") for model in DESKS]
QUERIES = ["state__exact=cast", "q=ada", "_facets=True", "e=1&_popup=1", "all="]
LISTS += [f"{reverse('admin:surveys_ballot_changelist')}?{query}" for query in QUERIES]
GUESSES = [
    "choice__0__0=ada", "choice__0__0__exact=ada", "choice__contains=ada", "choice__regex=a", "choice__0__0__in=ada,bit",
    "category__nominees__slug=ada", "leaf_hash__gt=a", "_to_field=choice", "choice__year=2026", "o=5", "o=-9",
]  # fmt: skip


NOISE = re.compile(
    r"[0-9A-Za-z]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d\d:\d\d(?::\d\d[.\d]*)?|\d{15,}|tally/\d+|content_generation [\d.]+"
)


def of_the_season():
    """The steward's pages of the season and of its categories."""
    pages = {
        Season: ("overview", "nominations", "shortlist", "requests", "change"),
        AwardCategory: ("step", "change", "withdrawal"),
    }
    return [
        reverse(f"admin:surveys_{model._meta.model_name}_{name}", args=[row.pk])
        for model, names in pages.items()
        for row in model.objects.all()
        for name in names
    ]


# Figures of the machine, and of what was asked of it: each request changes those.
OF_REQUESTS = re.compile(
    r"^(?:# \w+ )?moonpress_(?:disk|heartbeat|request|answer|page|beacon|sign_in)\w*.*$", re.MULTILINE
)
TALLIED = re.compile(r"<div>[^<]* tallied: [^<]*<small></small></div>")  # the log: that it was counted, not what


def seen(client):
    """Every page with its headers, without what differs from one request to the next."""
    found = {}
    for path in [*READERS, *LISTS, *of_the_season(), "/admin/"]:
        page = client.get(path)
        text = f"{page.status_code} {page.headers.get('ETag')} {page.content.decode(errors='replace')}"
        found[path] = NOISE.sub("#", TALLIED.sub("", OF_REQUESTS.sub("", text) if path == "/metrics" else text))
    return found


def differences(before, after):
    lines = ((path, *(filter(None, each[path].splitlines()) for each in (before, after))) for path in before)
    return [(path, *pair) for path, one, two in lines for pair in zip_longest(one, two) if pair[0] != pair[1]]


def turn_every_ballot_to(nominee):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE surveys_ballot SET choice = jsonb_build_array(jsonb_build_array(%s::text))", [nominee])
        cursor.execute("SET LOCAL session_replication_role = origin")
    pagecache.bump()


@pytest.fixture(autouse=True)
def one_order_of_nominees(time_machine):
    """The order in which nominees stand goes by the clock; a test must not run over into the next."""
    time_machine.move_to(timezone.now(), tick=False)


@pytest.fixture
def sign_in(client):
    def run(role):
        user = User.objects.create_user(f"{role.split()[0]}@example.com")
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return run


def test_no_page_of_a_vote_that_goes_on_depends_on_what_was_chosen(sign_in):
    client, season = sign_in("administrator"), open_season()
    cast(season.categories.get(), [["ada"]], 25, sealed=True)
    cast(season.categories.get(), [["ada"]], 3)
    before = seen(client)
    turn_every_ballot_to("coin")
    assert differences(before, seen(client)) == []


def test_no_page_but_the_tallys_own_depends_on_the_count_before_its_release(sign_in):
    client, season = sign_in("awards steward"), open_season()
    category = season.categories.get()
    cast(category, [["ada"]], 25)
    seasons.close(season)
    release.tally(category)
    before = seen(client)
    turn_every_ballot_to("coin")
    release.tally(category)
    assert differences(before, seen(client)) == []
    release.release(category)
    assert seen(client)[category.get_absolute_url()] != before[category.get_absolute_url()]


@pytest.mark.parametrize("role", ["awards steward", "administrator"])
@pytest.mark.parametrize("guess", GUESSES)
def test_no_guess_at_a_choice_is_answered(sign_in, role, guess):
    client, season = sign_in(role), open_season()
    cast(season.categories.get(), [["ada"]], 3)
    path = reverse("admin:surveys_ballot_changelist")
    for extra in ("", "&_popup=1", "&_facets=True", "&p=1"):
        assert client.get(f"{path}?{guess}{extra}").headers.get("Location") == path


def test_neither_a_ballots_page_nor_its_history_nor_a_choice_while_typing_tells_a_choice(sign_in):
    client, season = sign_in("administrator"), open_season()
    cast(season.categories.get(), [["ada"]])
    key = Ballot.objects.get().pk
    for page in ("change", "history"):
        text = client.get(reverse(f"admin:surveys_ballot_{page}", args=[key])).content.decode()
        assert "ada" not in text.lower()
    for field in ("choice", "nonce", "unsealed"):
        query = {"app_label": "surveys", "model_name": "ballot", "field_name": field, "term": "ada"}
        assert client.get(reverse("admin:autocomplete"), query).status_code == 403
