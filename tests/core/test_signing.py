"""Tokens carry what was signed, for one purpose, until their time."""

import hmac
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from core.lib import signing
from core.lib.signing import BadToken, ExpiredToken, make_token, read_token, signer

whole_numbers = st.lists(st.integers(0, 2**70), max_size=4)


@given(whole_numbers)
def test_a_token_carries_its_values(values):
    assert read_token("test", make_token("test", *values)) == tuple(values)


@given(whole_numbers)
def test_what_signs_for_many_makes_the_same_tokens(values):
    assert signer("test")(*values).decode() == make_token("test", *values)


@given(whole_numbers, st.integers(0, 200))
def test_no_character_of_a_token_can_be_changed(values, position):
    token = make_token("test", *values)
    position %= len(token)
    swapped = "A" if token[position] != "A" else "B"
    with pytest.raises(BadToken):
        read_token("test", token[:position] + swapped + token[position + 1 :])


@pytest.mark.parametrize("token", ["", "A", "====", "ä", "a b", "AAAA" * 9, make_token("other", 7)])
def test_anything_else_is_a_bad_token(token):
    with pytest.raises(BadToken):
        read_token("test", token)


def test_an_expired_token_still_says_whose_it_was():
    with time_machine.travel("2026-01-01", tick=False):
        token = make_token("test", 7, expires_in=timedelta(hours=1))
        assert read_token("test", token) == (7,)
    with time_machine.travel("2026-01-01 01:00:01", tick=False), pytest.raises(ExpiredToken) as expired:
        read_token("test", token)
    assert expired.value.values == (7,)


def test_a_token_outlives_a_change_of_key_that_names_the_old_one(settings):
    token = make_token("test", 7)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]
    assert read_token("test", token) == (7,)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadToken):
        read_token("test", token)


def test_a_token_for_a_billion_subscribers_stays_short():
    assert len(make_token("unsubscribe", 1_000_000_000)) <= 24


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), st.binary())
def test_its_mac_is_the_hmac_of_the_standard(secret, purpose, payload):
    expected = hmac.digest(signing._key(secret, purpose), payload, "sha256")[: signing.MAC_BYTES]
    assert signing._signer(secret, purpose).mac(payload) == expected
