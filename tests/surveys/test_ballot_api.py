"""A program votes by the same rules as the form: checked alike, confirmed by mail, and refused in words at the field."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import OutgoingMail
from surveys import ballot_requests, keys, seasons
from surveys.models import Ballot, PendingBallot
from tests.surveys.factories import body_of, draft_season, last_mail, link_in

pytestmark = pytest.mark.django_db
PATH = "/api/v1/seasons/moon-2026/ballots/"


@pytest.fixture
def season():
    season = draft_season(categories=("wallet", "report"))
    season.categories.filter(slug="report").update(method="score", scale=5, takes_write_in=True)
    seasons.open_voting(season)
    return season


def send(client, data):
    return client.post(
        PATH, data if isinstance(data, bytes | str) else json.dumps(data), content_type="application/json"
    )


def test_a_vote_is_taken_and_confirmed_by_mail(client, season):
    choices = {"wallet": [["bit"]], "report": {"ada": 5, "write-in:Zed": 2}}
    answer = send(client, {"email": "ann@example.com", "choices": choices})
    assert (answer.status_code, answer.json()["message"]) == (202, "Check your inbox: the link is on its way.")
    client.post(link_in(body_of(last_mail())))
    assert Ballot.objects.get(category__slug="wallet").choice == [["bit"]]
    assert Ballot.objects.get(category__slug="report").choice["ada"] == 5


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"email": "ann@", "choices": {"wallet": [["bit"]]}}, {"email": ["This is not an e-mail address we can write to."]}),
        ({"email": "ann@example.com"}, {"choices": ["Choose a nominee in at least one category."]}),
        ({"choices": {"wallet": [["bit"]]}}, {"email": ["Enter your e-mail address: we send you a link to confirm your vote."]}),
        (
            {"email": "ann@example.com", "choices": {"wallet": [["nobody"]], "report": {"ada": 9}, "x": 1}},
            {
                "choices": {
                    "wallet": ["This is not one of the nominees. Choose from the list."],
                    "report": ["Give “Ada” from 0 to 5 points."],
                    "x": ["There is no such category in this season."],
                }
            },
        ),
        ([], None),
        ("nonsense", None),
        (b"\xff\xfe", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(client, season, data, errors):
    answer = send(client, data)
    assert answer.status_code == 400
    if errors:
        assert answer.json()["errors"].keys() == errors.keys()
        for name, said in errors.items():
            assert answer.json()["errors"][name] == said or name == "email"
    assert not PendingBallot.objects.exists()
    assert not OutgoingMail.objects.exists()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CHOICES = st.dictionaries(st.sampled_from(["wallet", "report"]) | st.text(), ANYTHING, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(email=ANYTHING, choices=CHOICES | ANYTHING)
def test_whatever_is_sent_is_refused_in_words(client, season, email, choices):
    answer = send(client, {"email": email, "choices": choices})
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not PendingBallot.objects.exists()


def test_a_closed_season_a_draft_and_a_missing_pepper_have_answers_of_their_own(client, season):
    vote = {"email": "ann@example.com", "choices": {"wallet": [["bit"]]}}
    keys.destroy_pepper(season)
    assert (send(client, vote).status_code, send(client, vote)["Retry-After"]) == (503, "600")
    keys.make_pepper(season)
    seasons.close_category(season.categories.get(slug="wallet"))
    assert send(client, vote).json()["errors"] == {"choices": {"wallet": ["Voting in “Wallet” is closed."]}}
    seasons.close(season)
    assert send(client, vote).status_code == 409
    draft_season("secret")
    assert client.post("/api/v1/seasons/secret/ballots/", "{}", content_type="application/json").status_code == 404


def test_the_limits_are_those_of_the_form(client, season):
    for number in range(ballot_requests.MAILS_PER_HOUR + 1):
        send(client, {"email": f"ann+{number}@example.com", "choices": {"wallet": [["bit"]]}})
    answer = send(client, {"email": "ann@example.com", "choices": {"wallet": [["bit"]]}})
    assert answer.status_code == 202
    assert OutgoingMail.objects.count() == ballot_requests.MAILS_PER_HOUR + 1


def test_a_season_tells_what_its_ballots_can_hold(client, season):
    found = {each["slug"]: each for each in client.get("/api/v1/seasons/moon-2026/").json()["categories"]}
    assert (found["report"]["method"], found["report"]["scale"], found["report"]["takes_write_in"]) == (
        "score",
        5,
        True,
    )


def test_a_body_that_no_ballot_has_is_refused_before_it_is_parsed(client, season):
    answer = send(client, "[" * (16 * 1024 + 1))
    assert (answer.status_code, answer.json()["message"]) == (413, "A ballot has at most 16 KB.")
    assert send(client, "[" * 16 * 1024).status_code == 400


def test_of_more_entries_than_there_are_categories_few_are_looked_at(client, season):
    answer = send(client, {"email": "ann@example.com", "choices": {f"c{number}": 1 for number in range(1000)}})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]["choices"]) == ["c0", "c1", "c2"]
    more = {"wallet": [["bit"]], "report": {"ada": 5}, "x": 1, "y": 1}
    assert list(send(client, {"email": "ann@example.com", "choices": more}).json()["errors"]["choices"]) == ["x"]
    assert not PendingBallot.objects.exists()
