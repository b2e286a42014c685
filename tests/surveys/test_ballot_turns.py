"""Votes that come together are answered in turns as they would be one by one, byte for byte."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from core.lib.prepared_answers import FORM
from core.models import OutgoingMail
from surveys import ballot_turns, keys
from surveys.forms import VoteForm, plain_vote
from surveys.models import Ballot, PendingBallot, Season
from tests.surveys.factories import body_of, last_mail, link_in, open_season

pytestmark = pytest.mark.django_db
VOTE = "/awards/moon-2026/vote/"
VOLATILE = {"Expires", "Date"}


@pytest.fixture
def season():
    return open_season(categories=("wallet", "report"))


def environ(path, fields=None, **extra):
    request = RequestFactory().post(path, urlencode(fields or {}), content_type=FORM, **extra)
    assert isinstance(request, WSGIRequest)
    return request.environ


def form(email="ann@example.com", **fields):
    return {"email": email, "website": "", "vote-wallet": "ada", "vote-report": ""} | fields


def whole(answer):
    """Status, headers and body of an answer, whichever way it came."""
    if hasattr(answer, "items"):
        headers = {name.lower(): value for name, value in answer.items() if name not in VOLATILE}
        return answer.status_code, headers, answer.content.decode()
    headers = {name.decode(): value.decode() for name, value in answer.headers if name.decode() != "expires"}
    return answer.status, headers, answer.body.decode()


def test_the_answer_to_a_vote_is_the_view_s(client, season):
    (ready,) = ballot_turns.votes([environ(VOTE, form("o'ann@example.com"))])
    assert whole(ready) == whole(client.post(VOTE, form("o'ann@example.com")))
    assert "o&#x27;ann@example.com" in ready.body.decode()


def test_the_answers_to_confirmations_are_the_view_s(client, season):
    def ask(email):
        client.post(VOTE, form(email, **{"vote-report": "bit"}))
        return link_in(body_of(last_mail()))

    for email in ("ann@example.com", "ann+again@example.com"):  # the second supersedes the first
        in_turn, by_the_view = ask(email), ask(email.replace("ann", "bob"))
        for _ in range(2):
            (ready,) = ballot_turns.confirmations([environ(in_turn)])
            page = client.post(by_the_view)
            receipts = [ballot.receipt for ballot in Ballot.objects.order_by("pk")]
            status, headers, body = whole(ready)
            other = whole(page)
            shown = [[text.replace(each, "#") for each in receipts if each in text] for text in (body, other[2])]
            assert [len(each) for each in shown] == [2, 2]
            for receipt in receipts:
                body, other = body.replace(receipt, "#"), (*other[:2], other[2].replace(receipt, "#"))

            assert (status, headers, body) == other
    assert sorted(Ballot.objects.values_list("state", flat=True)) == ["cast"] * 4 + ["superseded"] * 4


def test_of_many_votes_each_gets_its_own_answer(season):
    voters = [f"voter{number}@example.com" for number in range(20)]
    forms = [environ(VOTE, form(email)) for email in voters]
    forms[7] = environ(VOTE, form("voter7@", **{"vote-wallet": "bit"}))
    answers = ballot_turns.votes(forms)
    assert [email for email, ready in zip(voters, answers, strict=True) if ready is None] == ["voter7@example.com"]
    assert all(email in ready.body.decode() for email, ready in zip(voters, answers, strict=True) if ready)
    assert OutgoingMail.objects.count() == PendingBallot.objects.count() == 19
    assert len(set(OutgoingMail.objects.values_list("about", flat=True))) == 19


def links(season, *emails):
    ballot_turns.votes([environ(VOTE, form(email, **{"vote-wallet": choice})) for email, choice in emails])
    return [link_in(body_of(mail)) for mail in OutgoingMail.objects.order_by("id")]


def test_who_clicks_twice_at_once_is_counted_once_and_shown_one_receipt(season):
    (link,) = links(season, ("ann@example.com", "ada"))
    first, second, third = ballot_turns.confirmations([environ(link)] * 3)
    receipt = Ballot.objects.get().receipt
    assert "Your vote is cast" in first.body.decode()
    for again in (second, third):
        assert "Nothing was counted twice" in again.body.decode()
        assert receipt in again.body.decode()


def test_of_two_links_of_a_voter_in_one_turn_the_later_supersedes(season):
    one, other = links(season, ("ann@example.com", "ada"), ("ANN@example.com", "bit"))
    answers = ballot_turns.confirmations([environ(other), environ(one)])
    assert all("Your vote is cast" in ready.body.decode() for ready in answers)
    states = {ballot.choice[0][0]: ballot.state for ballot in Ballot.objects.all()}
    assert states == {"ada": "cast", "bit": "superseded"}


@pytest.mark.parametrize(
    ("fields", "extra"),
    [
        (form("ann@"), {}),
        (form(website="x"), {}),
        (form(subscribe="on"), {}),
        (form(**{"vote-wallet": "satoshi"}), {}),
        (form(**{"vote-wallet": ""}), {}),
        (form(), {"HTTP_SEC_FETCH_SITE": "cross-site"}),
        (form(), {"HTTP_ORIGIN": "https://elsewhere.example"}),
        (form(), {"HTTP_HOST": "elsewhere.example"}),
        (form(), {"HTTP_COOKIE": "sessionid=x"}),
        (form(), {"HTTP_AUTHORIZATION": "Basic eDp5"}),
        (form(), {"QUERY_STRING": "x=1"}),
    ],
)
def test_what_is_not_plain_goes_to_the_view_and_leaves_nothing(season, fields, extra):
    assert ballot_turns.votes([environ(VOTE, fields, **extra)]) == [None]
    assert not OutgoingMail.objects.exists()
    assert not PendingBallot.objects.exists()


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_ORIGIN": "http://["},
        {"CONTENT_TYPE": f"{FORM}; charset=latin-1"},
        {"HTTP_HOST": "moon.example:99999"},
        {"wsgi.input": None},
    ],
)
def test_a_request_that_cannot_be_read_costs_nobody_else_their_turn(season, extra):
    asked = ballot_turns.votes([environ(VOTE, form()), environ(VOTE, form()) | extra])
    assert [ready is not None for ready in asked] == [True, False]
    link, other = links(season, ("bob@example.com", "ada"), ("cleo@example.com", "ada"))[1:]
    confirmed = ballot_turns.confirmations([environ(other) | extra, environ(link)])
    assert [ready is not None for ready in confirmed] == [False, True]


def test_a_form_from_an_origin_that_cannot_be_parsed_is_refused_in_words(client, season):
    answer = client.post(VOTE, form(), HTTP_ORIGIN="http://[")
    assert (answer.status_code, answer.content) == (403, b"This form can only be sent from our own pages.")


def test_what_has_closed_since_the_season_was_read_is_refused_in_its_turn(client, season):
    before, after = environ(VOTE, form()), environ(VOTE, form("bob@example.com"))
    (link,) = links(season, ("ann@example.com", "ada"))
    now = timezone.now()
    opened = now - timedelta(days=2)
    Season.objects.update(opens_at=opened, opened_at=opened, closes_at=now - timedelta(seconds=1))
    answers = ballot_turns.votes([before, after])
    assert [whole(ready) for ready in answers] == [whole(client.post(VOTE, form()))] * 2
    assert "is closed, so no vote was taken" in answers[0].body.decode()
    assert ballot_turns.confirmations([environ(link)]) == [None]
    assert not Ballot.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        form(),
        form(" Ann@Example.com "),
        form(**{"vote-report": "bit"}),
        form(**{"vote-wallet": " ada"}),
        form(**{"vote-wallet.ada": "1"}),
        form("ann@"),
        form("a\0@example.com"),
        form(f"{'a' * 250}@example.com"),
        form(**{"vote-wallet": ""}),
    ],
)
def test_a_plain_vote_is_read_as_its_form_reads_it(season, fields):
    sent = QueryDict(urlencode(fields))
    categories = list(season.categories.prefetch_related("nominees"))
    read = VoteForm(season, categories, sent)
    asked = read.asked(ip="") if read.is_valid() else None
    assert plain_vote(season, categories, sent, ip="") == asked


def test_made_up_seasons_are_kept_nowhere(season, django_assert_num_queries):
    ballot_turns.votes([environ(VOTE, form())])
    made_up = [environ(f"/awards/made-up-{number}/vote/", form()) for number in range(3)]
    with django_assert_num_queries(0):
        assert ballot_turns.votes(made_up) == [None] * 3


@pytest.mark.parametrize("fields", [{"changed": "1", "vote-wallet": "bit"}, {"email": "ann@example.com"}])
def test_a_ballot_that_is_changed_goes_to_the_view(season, fields):
    (link,) = links(season, ("ann@example.com", "ada"))
    assert ballot_turns.confirmations([environ(link, fields)]) == [None]
    assert ballot_turns.confirmations([environ("/awards/ballot/AAAA/"), environ(link)])[0] is None
    assert Ballot.objects.count() == 1


def test_without_the_pepper_all_go_to_the_view(season):
    (link,) = links(season, ("ann@example.com", "ada"))
    keys.destroy_pepper(season)
    assert ballot_turns.votes([environ(VOTE, form())]) == [None]
    assert ballot_turns.confirmations([environ(link)]) == [None]
