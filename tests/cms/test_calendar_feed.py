"""The calendar for other programs: a secret link for each person, and what RFC 5545 asks of what it shows."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar

from articles import publishing, rescheduling
from core.models import AuditEntry, CalendarLink
from tests.articles import factories
from tests.newsletter import factories as mailing
from tests.sponsors import factories as selling

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 29, 7, 30, tzinfo=UTC)  # 09:30 CEST, on the day on which Berlin's clocks are set forward


@pytest.fixture(autouse=True)
def march_in_berlin(settings, time_machine):
    settings.TIME_ZONE = "Europe/Berlin"
    settings.SITE_URL = "https://news.example"
    time_machine.move_to(NOW)


@pytest.fixture
def editor(client):
    user = factories.user("editor")
    client.force_login(user)
    return user


def made(client):
    """The path of a new link, as its page shows it."""
    client.post("/admin/calendar/link/")
    return shown(client)


def shown(client):
    address = client.get("/admin/calendar/link/").context["address"]
    assert address.startswith("https://news.example/") or not address
    return urlsplit(address).path


def read(client, path):
    client.logout()
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return answer.content


def scheduled(title="Due"):
    article = factories.article(title=title)
    publishing.schedule(article, at=DUE)
    return article


def test_a_link_shows_the_calendar_to_whoever_has_it_and_is_kept_by_nobody(editor, client):
    scheduled("Six bridges")
    path = made(client)
    answer = client.get(path)
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert b"Six bridges" in read(client, path)


def test_its_owner_sees_the_link_again_until_it_is_revoked(editor, client):
    path = made(client)
    assert shown(client) == path
    client.post("/admin/calendar/link/", {"revoke": "1"})
    assert shown(client) == ""
    assert client.get(path).status_code == 404
    again = made(client)
    assert again != path
    assert client.get(path).status_code == 404
    assert client.get(again).status_code == 200
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["made a calendar link", "revoked the calendar link", "made a calendar link"]


def test_a_new_link_ends_the_old_one(editor, client):
    old, new = made(client), made(client)
    assert [client.get(path).status_code for path in (old, new)] == [404, 200]


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_link_ends_with_its_account(change, editor, client):
    path = made(client)
    type(editor).objects.filter(pk=editor.pk).update(**change)
    client.logout()
    assert client.get(path).status_code == 404


def test_a_link_shows_what_the_role_may_see_on_the_day_it_is_read(editor, client):
    scheduled("Six bridges")
    mailing.briefing(mailing.newsletter(), subject="The weekly one", issue_date=DUE.date())
    selling.confirmed(company="Northwind Custody")
    path = made(client)
    text = read(client, path)
    assert b"Six bridges" in text
    assert b"The weekly one" in text
    assert b"Northwind" not in text
    editor.groups.clear()
    assert not {b"Six bridges", b"The weekly one"} & set(read(client, path).split())


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "a" * 3000, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00"])
def test_a_made_up_link_is_nothing(token, client):
    assert client.get(f"/accounts/calendar/{token}.ics").status_code == 404


def test_another_s_link_cannot_be_made_from_one_s_own(editor, client):
    path = made(client)
    CalendarLink.objects.update(serial=CalendarLink.objects.get().serial + 1)
    assert client.get(path).status_code == 404


def test_lines_are_folded_and_texts_escaped_as_the_standard_asks(editor, client):
    title = "Ether; Bitcoin, “Mönd” \\ and 🌒 " + "a very long title " * 8
    scheduled(title)
    text = read(client, made(client))
    assert text.endswith(b"END:VCALENDAR\r\n")
    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert all(line.decode() for line in lines[:-1])  # no character is split
    unfolded = text.replace(b"\r\n ", b"").decode()
    assert "Ether\\; Bitcoin\\, “Mönd” \\\\ and 🌒" in unfolded
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(event["summary"]) == f"Article: {title.strip()} (goes live)"


def test_moments_are_in_utc_and_days_are_days(editor, client):
    scheduled()
    mailing.briefing(mailing.newsletter(), subject="The weekly one", issue_date=DUE.date())
    lines = read(client, made(client)).decode().split("\r\n")
    assert "DTSTART:20260329T073000Z" in lines
    assert "DTSTART;VALUE=DATE:20260329" in lines
    assert sum(line.startswith("DTSTAMP:") for line in lines) == 2


def test_an_entry_keeps_its_name_when_it_moves(editor, client):
    article = scheduled()
    path = made(client)

    def entry():
        (event,) = Calendar.from_ical(read(client, path)).walk("VEVENT")
        return str(event["uid"]), event["dtstart"].dt

    before = entry()
    rescheduling.reschedule(article, at=DUE + timedelta(days=1), expected=DUE)
    assert entry() == (before[0], before[1] + timedelta(days=1))
    assert before[0].endswith("@news.example")


def test_it_reaches_over_a_year_and_no_further(editor, client):
    far = scheduled("Far away")
    rescheduling.reschedule(far, at=NOW + timedelta(days=500), expected=DUE)
    path = made(client)
    assert b"Far away" not in read(client, path)
