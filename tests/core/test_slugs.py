"""Slugs come from words in any script, and get a number where they are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lib.slugs import free_slug, slug_of


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Best Wallet 2026!", "best-wallet-2026"), ("  Über/Unter ", "ueber-unter"), ("!", ""), ("six bridges", "six")],
)
def test_a_slug_is_made_of_the_words(text, slug):
    assert slug_of(text, limit=4 if slug == "six" else 100) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Größenwahn", "groessenwahn"), ("Gro\u0308ße", "groesse"), ("Łódź à la carte", "lodz-a-la-carte"),
     ("Привет мир", "privet-mir"), ("東京", "dongjing"), ("한국어", "hangugeo"), ("Moon🚀", "moon-rocket"), ("a—b", "a-b")],
)  # fmt: skip
def test_other_scripts_are_written_in_latin_letters(text, slug):
    assert slug_of(text) == slug


def test_what_has_no_letters_gets_the_word_that_stands_in_for_it():
    assert slug_of("…!", otherwise="article") == "article"


def test_a_slug_that_is_taken_gets_the_first_number_that_is_free():
    assert free_slug("six", {"seven"}.__contains__, limit=9) == "six"
    assert free_slug("six", {"six", "six-2", "six-4"}.__contains__, limit=9) == "six-3"


def test_the_number_has_room_within_the_limit():
    assert free_slug("bridges", {"bridges"}.__contains__, limit=7) == "bridg-2"
    assert free_slug("six-bridges", {"six-br"}.__contains__, limit=6) == "six-2"


@given(st.text("ab-", min_size=1, max_size=12), st.sets(st.text("ab-2", max_size=6)), st.integers(6, 12))
def test_what_comes_out_is_never_taken_nor_too_long(slug, taken, limit):
    found = free_slug(slug, taken.__contains__, limit=limit)
    assert found not in taken
    assert len(found) <= limit
