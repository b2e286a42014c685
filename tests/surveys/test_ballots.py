"""A visitor votes without a cookie, confirms from a mail, and has one vote in each category."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import retention
from core.lib.signing import make_token
from core.models import OutgoingMail
from surveys import ballot_requests, ballots, keys, seasons, verification
from surveys.choices import ChoiceRefused
from surveys.models import Ballot, LedgerEntry, PendingBallot, Season
from tests.html import one_line
from tests.surveys.factories import body_of, close_and_release, draft_season, last_mail, link_in, open_season

pytestmark = pytest.mark.django_db


@pytest.fixture
def season():
    return open_season(categories=("wallet", "report"))


def vote(client, email="ann@example.com", *, path="/awards/moon-2026/vote/", wallet="ada", **data):
    return client.post(path, {"email": email, "vote-wallet": wallet, **data})


def confirm(client):
    return client.post(link_in(body_of(last_mail())))


def test_a_vote_counts_once_it_is_confirmed(client, season):
    page = vote(client)
    assert page.status_code == 200
    assert "Check your inbox" in page.content.decode()
    assert not Ballot.objects.exists()
    page = confirm(client)
    ballot = Ballot.objects.get()
    assert ballot.choice == [["ada"]]
    assert ballot.receipt in page.content.decode()
    assert not PendingBallot.objects.exists()
    assert not client.cookies


def test_opening_the_link_shows_the_choice_and_casts_nothing(client, season):
    vote(client, wallet="bit")
    page = client.get(link_in(body_of(last_mail())))
    assert "Bit" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert not Ballot.objects.exists()


def test_a_second_click_gives_the_same_receipt(client, season):
    vote(client)
    first, again = confirm(client), confirm(client)
    ballot = Ballot.objects.get()
    assert ballot.receipt in first.content.decode()
    assert ballot.receipt in again.content.decode()
    assert "Nothing was counted twice" in again.content.decode()
    assert ballot.receipt in client.get(link_in(body_of(last_mail()))).content.decode()


def test_one_ballot_can_answer_several_categories(client, season):
    vote(client, **{"vote-report": "coin"})
    confirm(client)
    assert {ballot.category.slug: ballot.choice for ballot in Ballot.objects.all()} == {
        "wallet": [["ada"]],
        "report": [["coin"]],
    }


def choices(category="wallet", **state):
    found = Ballot.objects.filter(category__slug=category, **state)
    return [ballot.choice[0][0] for ballot in found.order_by("choice")]


@pytest.mark.parametrize("again", ["Ann.Smith@example.com", "ann.smith+second@example.com", " ANN.SMITH@EXAMPLE.COM "])
def test_the_last_vote_counts_under_whichever_spelling(client, season, again):
    vote(client, "ann.smith@example.com")
    confirm(client)
    page = vote(client, again, wallet="bit")
    assert page.status_code == 200
    assert "takes the place of that one" in one_line(page.content)
    assert last_mail().recipient.lower() == again.strip().lower()
    assert "That vote stands unless you confirm this one" in body_of(last_mail())
    assert choices(state="cast") == ["ada"]
    assert "in “Wallet”. This vote takes the place" in one_line(client.get(link_in(body_of(last_mail()))).content)
    assert "It takes the place of your earlier vote in “Wallet”." in one_line(confirm(client).content)
    assert (choices(state="cast"), choices(state="superseded")) == (["bit"], ["ada"])


def test_gmail_has_one_mailbox_under_many_names(client, season):
    vote(client, "a.n.n@gmail.com")
    confirm(client)
    vote(client, "ann+x@googlemail.com", wallet="coin")
    confirm(client)
    assert choices(state="cast") == ["coin"]


def test_of_two_unconfirmed_ballots_the_last_confirmed_counts(client, season):
    vote(client, wallet="ada")
    first = link_in(body_of(last_mail()))
    vote(client, wallet="bit", **{"vote-report": "coin"})
    second = link_in(body_of(last_mail()))
    client.post(second)
    client.post(first)
    assert (choices(state="cast"), choices(state="superseded")) == (["ada"], ["bit"])
    assert choices("report", state="cast") == ["coin"]
    again = one_line(client.get(second).content)
    assert "Since then you voted again in “Wallet”. There, the later vote counts" in again


def test_a_ballot_that_nobody_replaced_is_not_stated_as_superseded(client, season):
    vote(client, wallet="ada")
    confirm(client)
    Ballot.objects.update(state="superseded", reason=ballots.VOTED_AGAIN)  # as whoever has only the database could
    seasons.close(season)
    assert not LedgerEntry.objects.filter(kind="superseded").exists()
    assert any("superseded" in problem for problem in verification.problems(season))


def test_a_superseded_receipt_says_so_at_once_and_so_does_the_ledger_from_the_close_on(client, season):
    for choice in ("ada", "bit", "coin"):
        vote(client, wallet=choice)
        confirm(client)
    superseded = [ballot.receipt for ballot in Ballot.objects.filter(state="superseded")]
    assert len(superseded) == 2
    for receipt in superseded:
        assert "its voter voted again" in client.get(f"/awards/receipt/{receipt}/").content.decode()
    assert list(verification.problems(season)) == []
    close_and_release(season)
    assert list(verification.problems(season)) == []
    said = LedgerEntry.objects.filter(kind="superseded").values_list("statement__superseded", flat=True)
    assert sorted(said) == sorted(superseded)
    tally = season.categories.get(slug="wallet").tally
    assert tally.reconciliation == {"confirmed": 3, "held": 0, "void": 0, "counted": 1, "superseded": 2}
    assert [row.name for row in tally.rows.all() if row.is_winner] == ["Coin"]


@pytest.mark.parametrize("state", ["void", "quarantined"])
def test_a_vote_that_is_void_or_held_is_not_replaced(client, season, state):
    vote(client, wallet="ada")
    confirm(client)
    Ballot.objects.update(state=state, reason="one person, many addresses")
    vote(client, wallet="bit")
    page = confirm(client)
    assert page.status_code == 409
    assert "An earlier vote stands" in page.content.decode()
    assert choices() == ["ada"]
    assert confirm(client).status_code == 410


def test_who_has_voted_in_one_category_can_still_vote_in_another(client, season):
    vote(client)
    confirm(client)
    vote(client, wallet="", **{"vote-report": "coin"})
    assert "already voted" not in body_of(last_mail())
    confirm(client)
    assert (choices(), choices("report")) == (["ada"], ["coin"])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"email": ""}, "Enter your e-mail address"),
        ({"email": "ann@"}, "This is not an e-mail address we can write to"),
        ({"email": "ann\x00@example.com"}, "contains a character that no e-mail address has"),
        ({"email": f"{'a' * 250}@example.com"}, "too long"),
        ({"email": "ann@example.com\nBcc: all@example.com"}, "not an e-mail address"),
        ({"vote-wallet": "satoshi"}, "This is not one of the nominees"),
        ({"vote-wallet": "overvote"}, "This is not one of the nominees"),
        ({"vote-wallet": ""}, "Choose a nominee in at least one category"),
    ],
)
def test_a_wrong_entry_is_refused_in_words_and_kept(client, season, data, says):
    typed = {"email": "ann@example.com", "vote-wallet": "bit", "vote-report": ""} | data
    page = client.post("/awards/moon-2026/vote/", typed)
    text = page.content.decode()
    assert page.status_code == 400
    assert says in text
    if data.keys() == {"email"}:
        assert 'value="bit" checked' in text
    elif "email" not in data:
        assert 'value="ann@example.com"' in text
    assert not PendingBallot.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_approval_ballots_name_several(client):
    season = draft_season(nominees=("ada", "bit", "coin"))
    season.categories.update(method="approval")
    seasons.open_voting(season)
    vote(client, wallet=["bit", "ada"])
    confirm(client)
    assert Ballot.objects.get().choice == [["ada", "bit"]]


def test_who_ticks_a_nominee_three_times_has_ticked_them_once(client):
    season = draft_season()
    season.categories.update(method="approval")
    seasons.open_voting(season)
    assert vote(client, wallet=["bit", "bit", "ada", "bit"]).status_code == 200
    assert keys.open_choices(PendingBallot.objects.get()) == {"wallet": [["ada", "bit"]]}
    assert '<dd dir="auto">Ada, Bit</dd>' in client.get(link_in(body_of(last_mail()))).content.decode()


def test_two_choices_where_one_is_asked_for_are_refused(client, season):
    assert vote(client, wallet=["bit", "bit"]).status_code == 200
    page = vote(client, "bob@example.com", wallet=["ada", "bit"])
    assert page.status_code == 400
    assert "Choose one nominee only" in page.content.decode()


@pytest.mark.parametrize(
    "choice", [[["ada", "bit"]], [["ada"], ["bit"]], [["nobody"]], [[]], {"ada": 1}, "ada", [["ada"], None]]
)
def test_no_way_in_takes_a_choice_that_cannot_be(season, choice):
    with pytest.raises(ChoiceRefused):
        ballot_requests.request_ballot(season=season, choices={"wallet": choice}, email="ann@example.com")
    assert not OutgoingMail.objects.exists()


def test_unknown_fields_cost_no_queries(client, season, django_assert_max_num_queries):
    vote(client, "warm@example.com")
    fields = {f"vote-unknown-{number}": "x" for number in range(900)}
    with django_assert_max_num_queries(17):
        vote(client, **fields)


def test_a_field_whose_name_no_database_takes_is_a_field_like_any_unknown_one(client, season):
    assert vote(client, **{"vote-\x00": "x"}).status_code == 200


def test_another_can_be_chosen_where_it_is_offered(client, season):
    assert vote(client, wallet="write-in").status_code == 400
    other = draft_season("open-list")
    other.categories.update(takes_write_in=True)
    seasons.open_voting(other)
    client.post("/awards/open-list/vote/", {"email": "ann@example.com", "vote-wallet": "write-in"})
    confirm(client)
    assert Ballot.objects.get().choice == [["write-in"]]


def test_an_unknown_season_and_a_draft_are_not_found(client):
    draft_season("secret")
    for path in ("/awards/nowhere/vote/", "/awards/secret/vote/", "/awards/secret/", "/awards/secret/wallet/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"email": "ann@example.com"}).status_code in (404, 405)


@pytest.mark.parametrize("token", ["x", "A" * 40, "%00", make_token("ballot", 9999, 1), make_token("preview", 1, 1)])
def test_a_malformed_or_foreign_link_is_not_found(client, season, token):
    for method in (client.get, client.post):
        assert method(f"/awards/ballot/{token}/").status_code == 404


def test_after_the_close_nothing_is_taken_or_confirmed(client, season):
    vote(client)
    seasons.close(season)
    late = confirm(client)
    assert late.status_code == 409
    assert "Voting is closed" in late.content.decode()
    assert client.get(link_in(body_of(last_mail()))).status_code == 409
    assert vote(client, "bob@example.com").status_code == 409
    assert not Ballot.objects.exists()


def test_the_database_clock_closes_not_the_state(client, season):
    vote(client)
    Season.objects.update(opens_at=timezone.now() - timedelta(days=2), closes_at=timezone.now() - timedelta(seconds=1))
    assert confirm(client).status_code == 409
    assert vote(client, "bob@example.com").status_code == 409


def test_a_closed_category_of_an_open_season_says_so(client, season):
    vote(client, wallet="ada", **{"vote-report": "bit"})
    seasons.close_category(season.categories.get(slug="wallet"))
    page = confirm(client)
    assert "“Wallet” has closed" in one_line(page.content)
    assert Ballot.objects.get().category.slug == "report"
    page = vote(client, "bob@example.com")
    assert page.status_code == 400
    assert "Voting in “Wallet” is closed" in page.content.decode()


def test_a_ballot_is_changed_behind_its_link_or_refused_in_words(client, season):
    vote(client, wallet="bit")
    link = link_in(body_of(last_mail()))
    page = client.get(link).content.decode()
    assert one_line(page).count("checked") == 2  # Bit, and no vote in the other category
    refused = client.post(link, {"changed": "1", "vote-wallet": "", "vote-report": ""})
    assert refused.status_code == 400
    assert "Choose a nominee in at least one category" in refused.content.decode()
    assert client.post(link, {"changed": "1", "vote-wallet": "", "vote-report": "coin"}).status_code == 200
    assert Ballot.objects.get().category.slug == "report"


def test_a_choice_can_be_taken_back(client, season):
    text = client.get("/awards/moon-2026/vote/").content.decode()
    assert text.count("No vote here") == 2
    assert vote(client, wallet="", **{"vote-report": "coin"}).status_code == 200
    assert keys.open_choices(PendingBallot.objects.get()) == {"report": [["coin"]]}


def test_nothing_but_the_page_behind_the_link_names_the_choice(client, season):
    vote(client, wallet="bit")
    assert "bit" not in body_of(last_mail()).lower().replace("ballot", "")


def test_without_the_pepper_voting_pauses_and_nobody_votes_twice(client, season, caplog):
    vote(client)
    link = link_in(body_of(last_mail()))
    keys.destroy_pepper(season)
    for answer in (vote(client, "bob@example.com"), client.post(link)):
        assert (answer.status_code, answer["Retry-After"]) == (503, "600")
    assert "pepper" in caplog.text
    assert PendingBallot.objects.count() == 1


def test_after_the_appeal_window_nobody_can_be_matched_to_a_ballot(client, season, time_machine):
    for voter in ("ann", "bob"):
        vote(client, f"{voter}@example.com")
        confirm(client)
    keys_before = {bytes(key) for key in Ballot.objects.values_list("voter_key", flat=True)}
    close_and_release(season)
    assert retention.purge_expired()["voter keys"] == 0
    link = link_in(body_of(last_mail()))
    Season.objects.update(released_at=timezone.now() - timedelta(days=31))
    assert retention.purge_expired()["voter keys"] == 2
    keys_after = {bytes(key) for key in Ballot.objects.values_list("voter_key", flat=True)}
    assert len(keys_after | keys_before) == 4
    assert not keys.has_pepper(season)
    assert client.get(link).status_code == 410
    assert list(verification.problems(season)) == []


def test_voting_and_confirming_cost_few_queries(client, season, django_assert_max_num_queries):
    vote(client, "warm@example.com")
    with django_assert_max_num_queries(16):
        vote(client)
    path = link_in(body_of(last_mail()))
    with django_assert_max_num_queries(14):
        client.post(path)
