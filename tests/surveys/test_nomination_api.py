"""Programs nominate by the form's rules, and what they send again is counted once."""

import pytest

from surveys import seasons
from surveys.models import Nomination, Season
from tests.surveys.factories import draft_season

pytestmark = pytest.mark.django_db
SENT = {"category": "wallet", "name": "Alpha Wallet", "reason": "It is quick."}


@pytest.fixture
def season():
    season = draft_season(nominees=())
    seasons.open_nominations(season)
    return season


@pytest.fixture
def nominate(client):
    def send(sent, key="", *, slug="moon-2026"):
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/api/v1/seasons/{slug}/nominations/"
        return client.post(path, sent, content_type="application/json", headers=headers)

    return send


def test_a_nomination_is_taken_and_once_by_a_key(season, nominate):
    first, again = nominate(SENT, "one"), nominate(SENT, "one")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again["Idempotent-Replayed"] == "true"
    row = Nomination.objects.get()
    assert (row.name, row.category.slug, row.reason) == ("Alpha Wallet", "wallet", "It is quick.")
    assert nominate({**SENT, "name": "Other"}, "one").status_code == 422
    assert nominate(SENT).status_code == nominate(SENT, "two").status_code == 202
    assert Nomination.objects.count() == 3


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"category": "none"}, "category"),
        ({"answer_to": "nobody"}, "answer_to"),
        ({"url": "x y"}, "url"),
    ],
)
def test_what_cannot_be_taken_is_said_by_field_and_leaves_nothing(season, nominate, typed, field):
    answer = nominate({**SENT, **typed}, "one")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [*answer.json()["errors"]] == [field]
    assert not Nomination.objects.exists()


def test_out_of_time_and_of_place_nothing_is_taken(season, nominate):
    assert nominate(SENT, slug="none").status_code == 404
    Season.objects.update(state=Season.State.SHORTLISTING)
    closed = nominate(SENT, "one")
    assert (closed.status_code, closed.json()["detail"]) == (409, "Nominations are closed.")
    Season.objects.update(state=Season.State.NOMINATING)
    assert nominate(SENT, "one").status_code == 202, "a refusal for now is not kept"
    assert not Nomination.objects.exclude(name="Alpha Wallet").exists()


def test_one_network_nominates_so_many_times_an_hour(season, client):
    sent = {"content_type": "application/json", "REMOTE_ADDR": "93.184.216.34"}
    path = "/api/v1/seasons/moon-2026/nominations/"
    codes = [client.post(path, {**SENT, "name": f"Wallet {number}"}, **sent).status_code for number in range(40)]
    assert codes[0] == 202
    assert codes[-1] == 429
    assert Nomination.objects.count() == codes.count(202)
