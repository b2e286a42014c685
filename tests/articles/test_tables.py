"""Tables pasted as text: which mark parts the cells is told from the rows, not from the first line alone."""

import csv

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from articles.blocks import CsvField
from articles.tables import csv_of, rows_of

cell = st.text('ab1 ,;"é', max_size=6).map(str.strip)
row = st.tuples(cell, cell, cell).map(list).filter(any)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a;b\n1;2", [["a", "b"], ["1", "2"]]),
        ("a\tb\n1,5\t2;5", [["a", "b"], ["1,5", "2;5"]]),
        ("a;b,c", [["a;b", "c"]]),
        ("a;b,c\n1,2", [["a;b", "c"], ["1", "2"]]),
        ("Fee, yearly;Total\nOne;Two", [["Fee, yearly", "Total"], ["One", "Two"]]),
        ("Name;Share\nOurs;1,5\nTheirs;2,5", [["Name", "Share"], ["Ours", "1,5"], ["Theirs", "2,5"]]),
        ("1,5;2,5\n3,5;4,5", [["1,5", "2,5"], ["3,5", "4,5"]]),
        ('"a;b",c\n"d;e",f', [["a;b", "c"], ["d;e", "f"]]),
        ('a,"b;c"\nd,"e;f"', [["a", "b;c"], ["d", "e;f"]]),
        ("alone", [["alone"]]),
        ("", []),
    ],
)
def test_the_separator_is_the_one_that_parts_every_row_alike(text, cells):
    assert rows_of(text) == cells


@given(st.lists(row, min_size=1, max_size=5))
def test_a_stored_table_is_read_as_it_was_written(rows):
    assert rows_of(csv_of(rows)) == rows
    assert CsvField().clean(csv_of(rows)) == csv_of(rows)


def test_a_row_of_another_width_is_named():
    with pytest.raises(ValidationError, match="Row 3 has 1 cells"):
        CsvField().clean("a;b\n1;2\n3")


def test_a_cell_too_long_to_be_read_is_refused_in_words():
    before = csv.field_size_limit(1_000)  # of the process; importers raise it
    try:
        with pytest.raises(ValidationError, match="not a table we can read"):
            CsvField().clean(f"a,b\n{'x' * 2_000},2")
    finally:
        csv.field_size_limit(before)
