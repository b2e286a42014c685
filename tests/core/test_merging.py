"""Two versions put together: what each side changed since the version that both began with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lib.merging import Side, canonical, fields, items, pairs


def alike(one, other):
    return 1.0 if one[:1] == other[:1] else 0.0


def merged(base, theirs, mine):
    parts = items("line", base, theirs, mine, alike)
    return [value for part in parts for value in part.taken(part.default)]


@pytest.mark.parametrize(
    ("theirs", "mine", "both"),
    [
        (["a", "b", "c"], ["a", "b2", "c"], ["a", "b2", "c"]),
        (["a1", "b", "c"], ["a", "b2", "c"], ["a1", "b2", "c"]),
        (["x", "a", "b", "c"], ["a", "b", "c", "y"], ["x", "a", "b", "c", "y"]),
        (["b", "c"], ["a", "b", "c2"], ["b", "c2"]),
        (["a", "b1", "c"], ["a", "b2", "c"], ["a", "b1", "b2", "c"]),
        (["a", "c"], ["a", "b2", "c"], ["a", "b2", "c"]),  # removed on one side, changed on the other
        (["a", "n", "b", "c"], ["a", "n", "b", "c"], ["a", "n", "b", "c"]),
        (["c", "a", "b"], ["a", "b", "c"], ["c", "a", "b"]),
    ],
)
def test_what_one_side_changed_is_taken_and_of_what_both_changed_nothing_is_left_out(theirs, mine, both):
    assert merged(["a", "b", "c"], theirs, mine) == both


LINES = st.lists(st.text("abc", min_size=1, max_size=2), max_size=7)


@given(LINES, LINES)
def test_where_one_side_changed_nothing_the_other_is_the_result(base, changed):
    assert merged(base, base, changed) == changed
    assert merged(base, changed, base) == changed
    assert merged(base, changed, changed) == changed


@given(LINES, LINES, LINES)
def test_every_line_of_both_sides_is_there_to_be_chosen(base, theirs, mine):
    parts = items("line", base, theirs, mine, alike)
    assert [part.theirs for part in parts if part.theirs is not None] == theirs
    assert sorted(part.mine for part in parts if part.mine is not None) == sorted(mine)
    assert len({part.name for part in parts}) == len(parts)


@given(LINES, LINES)
def test_pairs_name_each_place_once_and_in_order(before, after):
    found = list(pairs(before, after, alike))
    assert [old for old, _ in found if old is not None] == list(range(len(before)))
    assert [new for _, new in found if new is not None] == list(range(len(after)))


def test_a_field_that_both_changed_has_to_be_chosen_and_the_order_of_keys_is_no_change():
    base = {"title": "One", "cover": {"src": "a", "alt": "b"}, "seo": ""}
    theirs = {"title": "Two", "cover": {"alt": "b", "src": "a"}, "seo": None}
    title, cover, seo = fields(base, theirs, {**base, "title": "Three"}, ["title", "cover", "seo"])
    assert (title.changed_by, title.default, title.sides) == (Side.BOTH, None, [Side.THEIRS, Side.MINE])
    assert (cover.changed_by, seo.changed_by) == (None, None)
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})


def test_without_the_version_that_both_began_with_everything_that_differs_is_asked():
    assert fields(None, {"title": "A"}, {"title": "B"}, ["title"])[0].default is None
    assert merged(None, ["a", "b1"], ["a", "b2"]) == ["a", "b1", "b2"]
