"""Dates are read in every way in which exports write them, and never guessed."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.posts import ConversionNotes, PostRefused
from articles.importing.values import moment, moment_or_none


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2022-07-08T10:11:12.000Z", "2022-07-08T10:11:12"),
        ("2022-07-08 10:11:12 +0200", "2022-07-08T08:11:12"),
        ("2022-07-08 10:11:12 UTC", "2022-07-08T10:11:12"),
        ("2022-07-08-10-30", "2022-07-08T10:30:00"),
        ("2022/07/08 10:11", "2022-07-08T10:11:00"),
        ("2022.07.08", "2022-07-08T00:00:00"),
        ("20220708", "2022-07-08T00:00:00"),
        ("Fri Jul 08 2022 10:11:12 GMT+0100 (Central European Time)", "2022-07-08T09:11:12"),
        ("Fri, 08 Jul 2022 10:11:12 EST", "2022-07-08T15:11:12"),
        ("July 8, 2022 at 3:04 PM", "2022-07-08T15:04:00"),
        ("8 July, 2022", "2022-07-08T00:00:00"),
        ("08-Jul-2022", "2022-07-08T00:00:00"),
        ("July 2022", "2022-07-01T00:00:00"),
        ("2022-07", "2022-07-01T00:00:00"),
        ("08.07.2022 10:11", "2022-07-08T10:11:00"),
        ("31/01/2022", "2022-01-31T00:00:00"),
        ("01/31/2022, 3:04 p.m.", "2022-01-31T15:04:00"),
        ("07/07/2022", "2022-07-07T00:00:00"),
        (date(2022, 7, 8), "2022-07-08T00:00:00"),
        (1657275072, "2022-07-08T10:11:12"),
        ("1657275072000", "2022-07-08T10:11:12"),
    ],
)
def test_a_date_is_read_however_it_is_written(value, expected):
    assert moment(value) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "03/04/2025", "03-04-2025", "1 2 2025", "31.12.24", "2025", "May 2", "10:00", "Jan 2 3 2024", "someday",
        "2024-02-30", "May 32 2024", "Wed, 01 May 2024 08:00 CET", "1024-05-01", "9" * 40, float("nan"), float("inf"),
        time(10), datetime(1, 1, 1),
    ],
)  # fmt: skip
def test_a_date_that_is_ambiguous_incomplete_or_none_is_refused(value):
    with pytest.raises(PostRefused):
        moment(value)


@pytest.mark.parametrize("value", [None, "", " ", 0, "null", "0000-00-00 00:00:00"])
def test_an_empty_date_is_no_date(value):
    assert moment(value) is None


@given(st.text("0123456789 /.-:,TZ+ampJulyrdth()") | st.integers() | st.floats() | st.dates() | st.datetimes())
def test_any_value_is_read_or_reported(value):
    found = moment_or_none(value, ConversionNotes())
    assert found is None or found.tzinfo is UTC
