"""Times in zones: what clocks show in daylight saving's two nights, what a form makes of it, and whose zone a page has."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core.lib import clock
from core.lib.moments import MomentField

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def in_berlin():
    with timezone.override(BERLIN):
        yield


class Form(forms.Form):
    at = MomentField()


def typed(text, turn="", initial=None):
    return Form({"at": text, "at_turn": turn}, initial={"at": initial})


@pytest.mark.parametrize(
    ("local", "found"),
    [
        (datetime(2026, 7, 1, 12), ["2026-07-01T10:00"]),
        (datetime(2026, 3, 29, 1, 59, 59), ["2026-03-29T00:59"]),
        (datetime(2026, 3, 29, 2), []),
        (datetime(2026, 3, 29, 2, 59, 59), []),
        (datetime(2026, 3, 29, 3), ["2026-03-29T01:00"]),
        (datetime(2026, 10, 25, 1, 59), ["2026-10-24T23:59"]),
        (datetime(2026, 10, 25, 2), ["2026-10-25T00:00", "2026-10-25T01:00"]),
        (datetime(2026, 10, 25, 3), ["2026-10-25T02:00"]),
        (datetime(1, 1, 1), []),
    ],
)
def test_a_clock_shows_a_time_once_never_or_twice(local, found):
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in clock.moments_of(local, BERLIN)] == found


@given(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)), st.sampled_from(clock.names()))
def test_what_a_clock_shows_leads_back_to_the_moment(moment, name):
    local = moment.astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0)
    assert moment in clock.moments_of(local, ZoneInfo(name))


def test_a_time_is_entered_in_the_current_zone_and_kept_in_utc(in_berlin):
    form = typed("2026-05-03T14:00")
    assert form.is_valid()
    assert form.cleaned_data["at"].isoformat() == "2026-05-03T12:00:00+00:00"
    assert "Europe/Berlin</span>" in str(form["at"])
    assert 'value="2026-05-03T14:00"' in str(form["at"])


def test_a_time_that_clocks_skip_is_refused_with_what_to_do(in_berlin):
    assert typed("2026-03-29T02:30").errors["at"] == [
        (
            "On 29 March 2026 clocks in Europe/Berlin are set forward and never show 02:30: "
            "choose 03:30 or later, or a time before the change."
        )
    ]


def test_a_time_that_clocks_show_twice_is_asked_about(in_berlin):
    asked = typed("2026-10-25T02:30")
    assert asked.errors["at"][0].endswith("Choose which of the two you mean.")
    assert "the first, 02:30 CEST" in " ".join(str(asked["at"]).split())
    answered = [typed("2026-10-25T02:30", turn=turn) for turn in ("0", "1")]
    assert [form.is_valid() and f"{form.cleaned_data['at']:%H:%M}" for form in answered] == ["00:30", "01:30"]


def test_a_form_that_is_saved_as_it_came_changes_no_moment(in_berlin):
    second = datetime(2026, 10, 25, 1, 30, 15, tzinfo=UTC)
    shown = str(Form(initial={"at": second})["at"])
    assert 'value="2026-10-25T02:30:15"' in shown
    assert 'step="1"' in shown
    assert '<option value="1" selected>' in shown
    assert not typed("2026-10-25T02:30:15", turn="1", initial=second).has_changed()
    assert typed("2026-10-25T02:30:15", turn="0", initial=second).has_changed()


@pytest.mark.parametrize(
    "text", ["soon", "2026-05-03", "2026-13-01T10:00", "2026-05-03T14:00+02:00", "0000-01-01T00:00"]
)
def test_what_is_no_date_and_time_is_refused(text, in_berlin):
    assert typed(text).errors["at"] == ["Write a date and a time, such as 2026-05-03 14:00."]


def test_the_ends_of_the_calendar_are_refused(in_berlin):
    assert typed("0001-01-01T00:00").errors["at"] == ["That year is out of range."]


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "3 May 2026, 14:00 CEST"),
        ("America/Sao_Paulo", "3 May 2026, 09:00 UTC-03"),
        ("UTC", "3 May 2026, 12:00 UTC"),
    ],
)
def test_a_time_is_written_with_its_zone(zone, words):
    assert clock.in_words(datetime(2026, 5, 3, 12, tzinfo=UTC), zone=ZoneInfo(zone)) == words


def test_without_the_request_of_a_staff_page_a_template_has_the_newsroom_s_zone(settings, in_berlin):
    settings.TIME_ZONE = "Asia/Tokyo"
    template = Template("{% load moments %}{% moment at %} {% moment_words at 'j F' %}")
    assert template.render(Context({"at": datetime(2026, 5, 3, 22, tzinfo=UTC)})) == (
        '<time datetime="2026-05-04T07:00:00+09:00">4 May 2026, 07:00 JST</time> 4 May'
    )


def test_a_zone_that_the_database_of_zones_lost_is_the_newsroom_s(settings):
    assert clock.zone_named("Mars/Olympus").key == clock.zone_named("").key == settings.TIME_ZONE
