"""Every method has a ballot of its own: what can be said on it is taken in one spelling, all else is refused in words."""

import re

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import RateCount
from surveys import choices, keys, papers, seasons, verification
from surveys.choice_fields import choice_of
from surveys.choices import ChoiceRefused, Question, of_voter
from surveys.models import Ballot, PendingBallot
from tests.html import one_line
from tests.surveys.factories import body_of, close_and_release, draft_season, last_mail, link_in

NAMES = {"ada": "Ada", "bit": "Bit", "coin": "Coin"}
METHODS = ("plurality", "approval", "irv", "schulze", "score")


def question(method, **fields):
    return Question("wallet", method, NAMES, **{"scale": 5 if method == "score" else 0} | fields)


def answer(query, method, **fields):
    return choice_of(QueryDict(query), question(method, **fields))


@pytest.mark.parametrize(
    ("method", "query", "choice"),
    [
        ("plurality", "vote-wallet=bit", [["bit"]]),
        ("plurality", "vote-wallet=bit&vote-wallet=bit&vote-wallet=", [["bit"]]),
        ("plurality", "vote-wallet=none-of-them", [["none-of-them"]]),
        ("plurality", "vote-wallet=", None),
        ("approval", "vote-wallet=coin&vote-wallet=ada", [["ada", "coin"]]),
        ("irv", "vote-wallet.ada=3&vote-wallet.coin=1&vote-wallet.bit=", [["coin"], ["ada"]]),
        ("irv", "vote-wallet.none-of-them=2&vote-wallet.coin=1", [["coin"], ["none-of-them"]]),
        ("schulze", "vote-wallet.coin=2&vote-wallet.ada=2&vote-wallet.bit=1", [["bit"], ["ada", "coin"]]),
        ("score", "vote-wallet.coin=0&vote-wallet.ada=5", {"ada": 5, "coin": 0}),
        ("score", "vote-wallet.coin=&vote-wallet.ada=", None),
    ],
)
def test_fields_come_to_one_spelling(method, query, choice):
    assert answer(query, method, none=True) == choice


@pytest.mark.parametrize(
    ("method", "query", "says"),
    [
        ("plurality", "vote-wallet=bit&vote-wallet=ada", "one nominee only. You chose “Ada” and “Bit”"),
        ("plurality", "vote-wallet=none-of-them", "not one of the nominees"),
        ("plurality", "vote-wallet.ada=1", "voted on in another way"),
        ("approval", "vote-wallet=ada&vote-wallet=bit&vote-wallet=coin", "at most 2. You chose 3"),
        ("irv", "vote-wallet=ada", "voted on in another way"),
        ("irv", "vote-wallet.ada=1&vote-wallet.bit=1", "“Ada” and “Bit” share a place"),
        ("irv", "vote-wallet.ada=0", "Give “Ada” a place"),
        ("irv", "vote-wallet.ada=first", "Give “Ada” a place"),
        ("irv", "vote-wallet.ada=1&vote-wallet.bit=2&vote-wallet.coin=3", "Rank at most 2. You ranked 3"),
        ("irv", "vote-wallet.satoshi=1", "not one of the nominees"),
        ("schulze", f"vote-wallet.ada={'9' * 5000}", "Give “Ada” a place"),
        ("score", "vote-wallet.ada=6", "Give “Ada” from 0 to 5 points"),
        ("score", "vote-wallet.ada=-1", "Give “Ada” points from 0 to 5"),
        ("score", "vote-wallet.ada=٣", "Give “Ada” points from 0 to 5"),
        ("score", "vote-wallet.ad\0a=3", "not one of the nominees"),
    ],
)
def test_what_cannot_be_is_refused_in_words(method, query, says):
    with pytest.raises(ChoiceRefused, match=says):
        answer(query, method, most=2)


def test_none_of_them_stands_beside_no_nominee_that_is_ticked():
    with pytest.raises(ChoiceRefused, match="Choose one or the other"):
        answer("vote-wallet=ada&vote-wallet=none-of-them", "approval", none=True)


@pytest.mark.parametrize(
    ("method", "choice"),
    [
        ("irv", [["ada"], ["bit"], ["ada"]]),
        ("schulze", [["ada"], ["ada", "bit"]]),
        ("score", {"ada": 2.5}),
        ("score", {"ada": True}),
        ("score", {"ada": "5"}),
        ("score", {}),
        ("score", [["ada"]]),
        ("irv", [[], []]),
        ("irv", "ada"),
        ("irv", None),
        ("irv", [[["ada"]]]),
        ("irv", [[None]]),
    ],
)
def test_no_way_in_takes_what_no_ballot_can_hold(method, choice):
    with pytest.raises(ChoiceRefused):
        of_voter(choice, question(method))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*NAMES, "write-in", "write-in:\u202eX", "overvote"]) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*NAMES]) | st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@given(choice=ANYTHING, write_in=st.booleans(), none=st.booleans())
def test_whatever_comes_in_is_refused_or_is_in_its_one_spelling(method, choice, write_in, none):
    asked = question(method, write_in=write_in, none=none)
    try:
        found = of_voter(choice, asked)
    except ChoiceRefused:
        return
    assert of_voter(found, asked) == found
    named = list(choices.keys_in(found))
    assert len(named) == len(set(named)) > 0
    assert "" not in named


@pytest.mark.parametrize("method", METHODS)
@given(query=st.lists(st.tuples(st.sampled_from(["", ".ada", ".bit", ".write-in", ".write-in.name", ".x"]), st.text())))
def test_whatever_a_form_sends_is_refused_or_can_be_shown_and_sent_again(method, query):
    data = QueryDict(mutable=True)
    for suffix, value in query:
        data.appendlist(f"vote-wallet{suffix}", value)
    asked = question(method, write_in=True)
    try:
        found = choice_of(data, asked)
    except ChoiceRefused:
        return
    if found is not None:
        assert of_voter(found, asked) == found


# The whole way


SENT = {
    "plurality": {"vote-wallet": "bit"},
    "approval": {"vote-wallet": ["bit", "ada"]},
    "irv": {"vote-wallet.bit": "1", "vote-wallet.ada": "2"},
    "schulze": {"vote-wallet.bit": "1", "vote-wallet.ada": "1", "vote-wallet.coin": "2"},
    "score": {"vote-wallet.bit": "5", "vote-wallet.ada": "0"},
}
HELD = {
    "plurality": ([["bit"]], ["Bit"]),
    "approval": ([["ada", "bit"]], ["Ada, Bit"]),
    "irv": ([["bit"], ["ada"]], ["1. Bit", "2. Ada"]),
    "schulze": ([["ada", "bit"], ["coin"]], ["1. Ada, Bit", "2. Coin"]),
    "score": ({"bit": 5, "ada": 0}, ["Bit: 5", "Ada: 0"]),
}


def season_of(method, **fields):
    season = draft_season()
    season.categories.update(method=method, **{"scale": 5 if method == "score" else None} | fields)
    seasons.open_voting(season)
    return season


def vote(client, **data):
    return client.post("/awards/moon-2026/vote/", {"email": "ann@example.com", **data})


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
def test_a_ballot_of_each_method_is_sent_shown_confirmed_replaced_and_counted(client, method):
    season, (held, words) = season_of(method), HELD[method]
    first = {name: value for name, value in SENT[method].items() if "ada" not in name}
    assert vote(client, **first).status_code == 200
    client.post(link_in(body_of(last_mail())))
    assert vote(client, **SENT[method]).status_code == 200
    link = link_in(body_of(last_mail()))
    shown = one_line(client.get(link).content)
    for line in words:
        assert f'<dd dir="auto">{line}</dd>' in shown
    assert "This vote takes the place of that one" in shown
    assert client.post(link, {"changed": "1"} | SENT[method]).status_code == 200
    assert Ballot.objects.get(state="cast").choice == held
    assert Ballot.objects.filter(state="superseded").count() == 1
    close_and_release(season)
    assert list(verification.problems(season)) == []
    assert [row.name for row in season.categories.get().tally.rows.filter(is_winner=True)][:1] in (["Bit"], ["Ada"])
    receipt = one_line(client.get(f"/awards/receipt/{Ballot.objects.get(state='cast').receipt}/").content)
    for line in words:
        assert line in receipt


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "data", "kept"),
    [
        ("irv", {"vote-wallet.ada": "1", "vote-wallet.bit": "1"}, "<option selected>1</option>"),
        ("score", {"vote-wallet.ada": "5", "vote-wallet.satoshi": "1"}, "<option selected>5</option>"),
        ("approval", {"vote-wallet": ["ada", "nobody"]}, 'value="ada" checked'),
    ],
)
def test_a_refused_ballot_says_why_at_its_category_keeps_what_was_entered_and_stores_nothing(
    client, method, data, kept
):
    season_of(method)
    page = vote(client, **data)
    text = one_line(page.content)
    assert page.status_code == 400
    assert 'aria-describedby="vote-wallet-error"' in text
    assert text.count('id="vote-wallet-error"') == 1
    assert kept in text
    assert not PendingBallot.objects.exists()


@pytest.mark.django_db
def test_none_of_them_is_another_answer_than_no_answer(client):
    season = season_of("plurality", offers_none=True)
    assert vote(client, **{"vote-wallet": ""}).status_code == 400
    assert vote(client, **{"vote-wallet": "none-of-them"}).status_code == 200
    assert keys.open_choices(PendingBallot.objects.get()) == {"wallet": [["none-of-them"]]}
    link = link_in(body_of(last_mail()))
    assert "None of them" in client.get(link).content.decode()
    client.post(link)
    assert papers.sealed(season)["categories"][0]["none"] is True
    close_and_release(season)
    assert list(verification.problems(season)) == []
    rows = {row.slug: (row.rank, row.count, row.is_winner) for row in season.categories.get().tally.rows.all()}
    assert rows["none-of-them"] == (1, 1, True)
    assert rows["write-in"] == (None, 0, False)
    assert "None of them" in client.get("/awards/moon-2026/wallet/").content.decode()


HOSTILE = [
    "ada",
    "bit",
    "write-in",
    "none-of-them",
    "overvote",
    "satoshi",
    "1",
    "2",
    "5",
    "-1",
    "1e3",
    "\u0661",
    "\0",
    "ad\0a",
]
HOSTILE += [
    "\u202eada",
    "ada\u200f",
    "x" * 5000,
    "9" * 5000,
    "<b>",
    "'; --",
    "%00",
    "[object Object]",
    "write-in:Zed",
    " 1 ",
]
FIELDS = [
    f"vote-{method}{suffix}"
    for method in METHODS
    for suffix in ("", ".ada", ".bit", ".write-in", ".write-in.name", ".\0")
]
VALUES = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(st.tuples(st.sampled_from([*FIELDS, "vote-", "vote-nowhere"]), VALUES), max_size=8))
def test_whatever_a_form_sends_over_the_wire_is_taken_whole_or_refused_in_words_at_its_field(
    client, every_method, fields
):
    data = QueryDict(mutable=True)
    for name, value in [*fields, ("email", "ann@example.com")]:
        data.appendlist(name, value)
    RateCount.objects.all().delete()
    before = PendingBallot.objects.count()
    page = client.post("/awards/moon-2026/vote/", data.urlencode(), content_type="application/x-www-form-urlencoded")
    text = page.content.decode()
    if page.status_code == 200:
        assert PendingBallot.objects.count() == before + 1
        link = link_in(body_of(last_mail()))
        assert client.get(link).status_code == 200
        assert client.post(link).status_code == 200
    else:
        assert page.status_code == 400
        assert 'class="alert alert-danger"' in text
        assert "Choose a nominee in at least one category" in text or 'class="invalid-feedback"' in text
        assert PendingBallot.objects.count() == before
    assert verification_of_what_is_cast()


@pytest.fixture
def every_method():
    season = draft_season(categories=METHODS)
    for category in season.categories.all():
        offers = {"takes_write_in": True, "offers_none": category.slug != "score"}
        season.categories.filter(pk=category.pk).update(
            method=category.slug, scale=5 if category.slug == "score" else None, **offers
        )
    seasons.open_voting(season)
    return season


def verification_of_what_is_cast():
    """Every ballot names what its paper has, once."""
    known = {*NAMES, "write-in", "none-of-them"}
    for ballot in Ballot.objects.all():
        named = list(choices.keys_in(ballot.choice))
        assert len(named) == len(set(named)) > 0
        assert all(name in known or re.fullmatch("write-in:[0-9a-f]{32}", name) for name in named)
    return True
