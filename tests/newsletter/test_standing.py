"""The rule by which acts of consent make a state: stops win, and only the person takes one back."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.models import ConsentAct
from newsletter.subscribers.standing import state

START = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
LIST = 7


def acts(history):
    """Acts such as "left import 2023", a day apart, on one list or about the address."""
    for number, text in enumerate(history.split(", ")):
        act, actor, *year = [*text.split(), "subscriber"][:2] + text.split()[2:]
        given = datetime(int(year[0]), 1, 1, tzinfo=UTC) if year else None
        about = {"newsletter_id": None if act in ADDRESS else LIST}
        recorded = START + timedelta(days=number)
        about["until"] = UNTIL if act == "paused" else None
        yield ConsentAct(act=act, actor=actor, given_at=given, recorded_at=recorded, way=f"{act} {number}", **about)


ADDRESS = {"bounced", "complained", "suppressed", "lifted", "erased"}
HISTORIES = {
    "asked": "pending",
    "asked, confirmed": "confirmed",
    "asked import": "pending",
    "asked, imported import": "confirmed",
    "confirmed, left": "unsubscribed",
    "confirmed, left, asked": "unsubscribed",
    "confirmed, left, imported import": "unsubscribed",
    "left import, imported import 2030": "unsubscribed",
    "imported import 2022, left import 2023": "unsubscribed",
    "confirmed, left import 2023": "confirmed",
    "confirmed, left import 2030": "unsubscribed",
    "confirmed, left import": "unsubscribed",
    "confirmed, left subscriber 2023": "unsubscribed",
    "left import, asked, confirmed": "confirmed",
    "paused": None,
    "confirmed, paused, resumed, changed": "confirmed",
    "confirmed, erased": None,
}


@pytest.mark.parametrize("history", HISTORIES)
def test_the_state_on_a_list_follows_from_the_acts(history):
    found = state(acts(history)).lists.get(LIST)
    assert (found and found.state) == HISTORIES[history]


SUPPRESSIONS = {
    "bounced server": "bounce",
    "bounced server, complained server": "complaint",
    "complained server, bounced server": "complaint",
    "suppressed staff, bounced import": "staff",
    "bounced server, lifted": "",
    "complained server, erased": "erased",
    "erased, lifted": "",
    "confirmed, bounced import 2023": "",
    "confirmed, complained import 2030": "complaint",
    "confirmed, bounced server 2023": "bounce",
}


@pytest.mark.parametrize("history", SUPPRESSIONS)
def test_a_suppression_gives_way_to_a_stronger_one_or_is_lifted(history):
    assert state(acts(history)).suppressed == SUPPRESSIONS[history]


PAUSES = {
    "confirmed, paused": True,
    "imported import, paused staff": True,
    "confirmed, paused, changed": True,
    "confirmed, paused, asked": True,
    "confirmed, paused, resumed": False,
    "confirmed, paused, left, confirmed": False,
    "confirmed, paused, confirmed": False,
    "confirmed, left, paused": False,
    "asked, paused, confirmed": False,
}


@pytest.mark.parametrize("history", PAUSES)
def test_a_pause_lasts_until_it_is_ended_or_its_list_is_left_or_confirmed_anew(history):
    found = state(acts(history)).lists[LIST]
    assert (found.paused_until == UNTIL) is PAUSES[history]


@pytest.mark.parametrize("changes", [["digest"], ["digest", "address"], ["each", "digest"]])
def test_the_last_rhythm_that_was_chosen_counts_and_a_change_of_the_address_is_none(changes):
    history = [*acts("confirmed" + ", changed" * len(changes) + ", left, confirmed")]
    for act, change in zip(history[1:], changes, strict=False):
        act.change = change
    assert state(history).lists[LIST].rhythm == "digest"
    assert state(history[:1]).lists[LIST].rhythm == "each"


def test_the_request_that_was_confirmed_is_the_evidence():
    found = state(acts("asked, asked, confirmed, left, asked, confirmed")).lists[LIST]
    assert (found.source, found.requested_at) == ("asked 4", START + timedelta(days=4))
    assert state(acts("asked, asked, confirmed")).lists[LIST].source == "asked 0"


def test_an_imported_consent_without_a_date_has_none():
    found = state(acts("imported import, left import")).lists[LIST]
    assert (found.requested_at, found.confirmed_at, found.unsubscribed_at) == (None, None, None)
