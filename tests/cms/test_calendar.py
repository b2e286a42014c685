"""The newsroom's calendar: who sees what of which part, what may be moved by whom, and what clocks do to it."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles import publishing, rescheduling
from articles.models import Article, AuditEntry
from core.lib import clock
from core.lib.calendar import Span, sources_for
from core.lib.roles import ROLES
from core.models import User
from core.transitions import TransitionRefused
from newsletter.models import Briefing
from newsletter.sending import approval, freeze
from tests.articles import factories
from tests.newsletter import factories as mailing
from tests.sponsors import factories as selling
from tests.surveys import factories as voting

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)  # 09:30 in Berlin


@pytest.fixture(autouse=True)
def march_in_berlin(settings, time_machine):
    settings.TIME_ZONE = "Europe/Berlin"
    time_machine.move_to(NOW)


def scheduled(title="Due soon", at=DUE, **kinds):
    article = factories.article(title=title)
    publishing.schedule(article, at=at, **kinds)
    return article


def approved(at=DUE, **fields):
    made = mailing.briefing(weekly(), issue_date=at.date(), **fields)
    approval.approve(made, by=mailing.user(), at=at)
    return made


def weekly():
    from newsletter.models import Newsletter

    found = Newsletter.objects.first() or mailing.newsletter()
    if not found.subscriptions.exists():
        mailing.subscription(found)
    return found


def everything():
    """Something of every part in March 2026."""
    factories.publication(title="Read by all")
    scheduled("Secret until then")
    mailing.briefing(weekly(), subject="Six bridges", issue_date=date(2026, 3, 13))
    season = voting.draft_season()
    type(season).objects.update(opens_at=DUE, closes_at=DUE + timedelta(days=7))
    selling.confirmed(company="Northwind Custody")


SHOWN = {
    "Read by all": {"writer", "editor", "awards steward", "newsletter manager", "sponsorship manager", "administrator"},
    "Secret until then": {"writer", "editor", "administrator"},
    "Six bridges": {"editor", "newsletter manager", "administrator"},
    "Moon Awards 2026": {"editor", "awards steward", "administrator"},
    "Northwind Custody": {"sponsorship manager", "administrator"},
}


EDITING = sorted(set().union(*SHOWN.values()))


@pytest.mark.parametrize("role", EDITING)
def test_each_role_sees_what_its_lists_show_and_every_entry_leads_to_a_page_that_opens(role, client):
    everything()
    user = factories.user(role)
    client.force_login(user)
    page = client.get("/admin/calendar/?month=2026-03").content.decode()
    assert {title for title in SHOWN if title in page} == {title for title, roles in SHOWN.items() if role in roles}
    found = [
        each for source in sources_for(user) for each in source.between(user, Span(date(2026, 3, 1), date(2026, 3, 31)))
    ]
    assert {each.url: client.get(each.url).status_code for each in found} == {each.url: 200 for each in found}
    assert ">Calendar</a>" in client.get("/admin/").content.decode()


def test_a_role_asks_for_no_part_that_it_does_not_see(client):
    everything()
    client.force_login(factories.user("sponsorship manager"))
    for path in ("?month=2026-03&show=briefings", "?month=2026-03&show=articles&show=briefings&show=nothing"):
        assert "Six bridges" not in client.get(f"/admin/calendar/{path}").content.decode()
    key = Article.objects.get(title="Secret until then").pk
    assert client.get(f"/admin/calendar/articles/{key}/").status_code == 404
    assert client.get(f"/admin/calendar/briefings/{Briefing.objects.get().pk}/").status_code == 404
    client.post(f"/admin/calendar/articles/{key}/", {"day": "2026-03-20", "seen": DUE.isoformat()})
    assert Article.objects.get(pk=key).publish_at == DUE


@pytest.fixture
def editor(client):
    user = factories.user("editor")
    client.force_login(user)
    return user


def drop(client, entry, day, *, seen, part="articles"):
    """What the page sends when something is dropped on a day; the words that follow."""
    form = {"day": day, "seen": seen if isinstance(seen, str) else seen.isoformat(), "back": "month=2026-03"}
    return client.post(f"/admin/calendar/{part}/{entry.pk}/", form, follow=True).content.decode()


def test_an_article_that_is_dropped_on_a_day_keeps_its_hour_and_its_version(editor, client):
    article = scheduled()
    article.title = "Typed since"
    page = drop(client, article, "2026-03-20", seen=DUE)
    article.refresh_from_db()
    assert article.publish_at == datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
    assert (article.state, article.scheduled_version) == ("scheduled", 1)
    assert "from 12 Mar 2026, 09:30 CET to 20 Mar 2026, 09:30 CET" in page
    entry = AuditEntry.objects.filter(article=article).latest("pk")
    assert (entry.action, entry.by) == ("moved", editor)


def test_a_move_leads_back_with_one_more_press(editor, client):
    article = scheduled()
    page = drop(client, article, "2026-03-20", seen=DUE)
    undo = page.split("<a href='")[1].split("'")[0].replace("&amp;", "&")
    form = client.get(undo)
    assert 'value="2026-03-12T09:30"' in form.content.decode()
    posted = {"to": "2026-03-12T09:30", "seen": form.context["form"]["seen"].value(), "back": "month=2026-03"}
    client.post(undo, posted)
    assert Article.objects.get(pk=article.pk).publish_at == DUE


def test_across_the_night_in_which_clocks_are_set_forward_the_hour_stays(editor, client):
    article = scheduled()
    drop(client, article, "2026-03-31", seen=DUE)
    assert Article.objects.get(pk=article.pk).publish_at == datetime(2026, 3, 31, 7, 30, tzinfo=UTC)  # 09:30 CEST


def test_an_hour_that_clocks_skip_or_show_twice_is_asked_for(editor, client):
    at = datetime(2026, 3, 12, 1, 30, tzinfo=UTC)  # 02:30
    article = scheduled(at=at)
    assert "never show 02:30" in drop(client, article, "2026-03-29", seen=at)
    assert "show 02:30 twice" in drop(client, article, "2026-10-25", seen=at)
    assert Article.objects.get(pk=article.pk).publish_at == at
    posted = {"to": "2026-10-25T02:30", "to_turn": "1", "seen": at.isoformat()}
    client.post(f"/admin/calendar/articles/{article.pk}/", posted)
    assert Article.objects.get(pk=article.pk).publish_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert "02:30 CET" in client.get("/admin/calendar/?month=2026-10").content.decode()


def test_what_is_late_in_the_evening_stands_on_the_day_of_whoever_looks(editor, client):
    scheduled(at=datetime(2026, 3, 12, 23, 30, tzinfo=UTC))
    days = client.get("/admin/calendar/?month=2026-03").context["days"]
    assert [day.date for day in days if day.entries] == [date(2026, 3, 13)]
    editor.time_zone = "America/Lima"
    editor.save()
    days = client.get("/admin/calendar/?month=2026-03").context["days"]
    assert [day.date for day in days if day.entries] == [date(2026, 3, 12)]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Santiago", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"]
)
def test_every_hour_of_a_month_stands_on_one_of_its_days(zone, editor, client, settings):
    settings.TIME_ZONE = zone
    span = Span(date(2026, 10, 1), date(2026, 10, 31))
    first = span.start
    hours = int((span.end - span.start).total_seconds() // 3600)
    with timezone.override(zone):
        assert clock.current().key == zone
        days = {(first + timedelta(hours=hour)).astimezone(clock.current()).date() for hour in range(hours)}
    assert days == {span.first + timedelta(days=number) for number in range(31)}


def test_the_second_of_two_moves_is_told_and_the_first_is_kept(editor, client):
    article = scheduled()
    drop(client, article, "2026-03-20", seen=DUE)
    page = drop(client, article, "2026-03-25", seen=DUE)
    assert "stays where it is" in page
    assert f"it was moved by {editor}, and goes live on 20 March 2026, 09:30 CET" in page
    assert Article.objects.get(pk=article.pk).publish_at.day == 20
    form = client.post(f"/admin/calendar/articles/{article.pk}/", {"to": "2026-03-25T10:00", "seen": DUE.isoformat()})
    assert "goes live on 20 March 2026, 09:30 CET" in form.content.decode()
    assert 'value="2026-03-25T10:00"' in form.content.decode()
    assert form.context["form"]["seen"].value() == "2026-03-20T08:30:00+00:00"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_at_the_same_moment_one_wins(settings):
    article = scheduled()
    gate, answers = threading.Barrier(2), []

    def go(day):
        gate.wait(10)
        try:
            at = DUE.replace(day=day)
            rescheduling.reschedule(Article.objects.get(pk=article.pk), at=at, expected=DUE)
            answers.append(at)
        except TransitionRefused:
            answers.append(None)
        finally:
            connection.close()

    movers = [threading.Thread(target=go, args=[day]) for day in (20, 25)]
    for each in movers:
        each.start()
    for each in movers:
        each.join(20)
    article.refresh_from_db()
    assert sorted(answers, key=bool) == [None, article.publish_at]


def test_what_was_cancelled_meanwhile_is_not_scheduled_again(editor, client):
    article = scheduled()
    publishing.cancel_schedule(article)
    assert "meanwhile it was taken off the calendar" in drop(client, article, "2026-03-20", seen=DUE)
    assert Article.objects.get(pk=article.pk).publish_at is None


def test_a_writer_sees_a_schedule_and_is_told_who_moves_it(client):
    article = scheduled()
    client.force_login(factories.user("writer"))
    assert "Those who publish articles move it." in client.get("/admin/calendar/?month=2026-03").content.decode()
    assert "Those who publish articles move it." in drop(client, article, "2026-03-20", seen=DUE)
    assert Article.objects.get(pk=article.pk).publish_at == DUE


def test_what_readers_have_is_fixed_and_says_so(editor, client):
    shown = factories.publication()
    mailing.sent(weekly())
    page = client.get("/admin/calendar/?month=2026-03").content.decode()
    assert "Readers have it already." in page
    assert "It was sent." in page
    assert "data-move" not in page
    assert client.get(f"/admin/calendar/articles/{shown.article_id}/").status_code == 404
    sent = Briefing.objects.get()
    drop(client, sent, "2026-03-20", seen=sent.scheduled_at, part="briefings")
    assert Briefing.objects.get().scheduled_at == sent.scheduled_at


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-03-09", "has passed"), ("2026-04-02", "It ends on"), ("2099-01-01", "within 5 years"),
        ("yesterday", "Write a date"), ("", "Write a date"), ("0001-01-01", "within 5 years"), ("9999-12-31", "within 5 years"),
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused_in_words(day, words, editor, client):
    article = scheduled(until=DUE + timedelta(days=20))
    page = drop(client, article, day, seen=DUE)
    assert words in page or "out of range" in page
    assert Article.objects.get(pk=article.pk).publish_at == DUE


@pytest.mark.parametrize("seen", ["", "x", "2026-03-12", "2026-03-12T08:30:00", "9" * 400, "0001-01-01T00:00:00+00:00"])
def test_a_move_of_what_nobody_saw_is_refused(seen, editor, client):
    article = scheduled()
    drop(client, article, "2026-03-20", seen=seen)
    assert Article.objects.get(pk=article.pk).publish_at == DUE


def test_a_draft_briefing_moves_by_days_and_takes_the_ad_of_its_new_day(editor, client):
    briefing = mailing.briefing(weekly(), issue_date=date(2026, 3, 13))
    selling.running(briefing.channel, day=date(2026, 3, 20))
    page = drop(client, briefing, "2026-03-20", seen="2026-03-13", part="briefings")
    assert "from 13 Mar 2026 to 20 Mar 2026" in page
    assert Briefing.objects.get().issue_date == date(2026, 3, 20)
    assert briefing.items.filter(kind="sponsor").exists()
    assert "it is draft, on 20 Mar 2026" in drop(client, briefing, "2026-03-25", seen="2026-03-13", part="briefings")
    assert Briefing.objects.get().issue_date == date(2026, 3, 20)


def test_an_approved_briefing_moves_with_its_day_and_stays_approved(editor, client):
    briefing = approved()
    drop(client, briefing, "2026-03-20", seen=DUE, part="briefings")
    briefing.refresh_from_db()
    assert (briefing.state, briefing.issue_date) == ("approved", date(2026, 3, 20))
    assert briefing.scheduled_at == datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
    approval.reschedule(
        briefing, at=briefing.scheduled_at
    )  # as its own page does, which asks whether it is what was approved
    assert "it is approved, on 20 March" in drop(client, briefing, "2026-03-25", seen=DUE, part="briefings")


def test_an_approved_briefing_goes_to_no_day_whose_ad_it_cannot_carry(editor, client):
    briefing = approved()
    slot = selling.kind(briefing.channel)
    bought = selling.package({slot: 1})
    selling.open_days(slot, first=date(2026, 3, 20), days=1)
    selling.confirmed(bought, start=date(2026, 3, 20))
    page = drop(client, briefing, "2026-03-20", seen=DUE, part="briefings")
    assert "Nothing handed in yet" in page or "Nothing came by" in page
    briefing.refresh_from_db()
    assert (briefing.scheduled_at, briefing.issue_date) == (DUE, DUE.date())


def test_a_briefing_that_was_moved_on_is_not_sent_at_its_old_time(editor, client, time_machine):
    briefing = approved()
    drop(client, briefing, "2026-03-20", seen=DUE, part="briefings")
    time_machine.move_to(DUE + timedelta(minutes=1))
    assert freeze.start_due() == []
    assert not freeze.freeze(briefing.pk)
    time_machine.move_to(datetime(2026, 3, 20, 8, 31, tzinfo=UTC))
    assert freeze.start_due() == [briefing.pk]


@pytest.mark.parametrize("month", ["", "x", "2026-13", "9999-12", "0001-01", "2026-03-99", "-1", "2026-3", "\0"])
def test_a_month_that_is_none_shows_this_one(month, editor, client):
    answer = client.get("/admin/calendar/", {"month": month})
    assert (answer.status_code, answer.context["title"]) == (200, "March 2026")


def test_a_full_day_is_folded_and_the_queries_do_not_grow(editor, client, django_assert_max_num_queries):
    for number in range(12):
        scheduled(f"Due {number}")
        mailing.briefing(weekly(), issue_date=date(2026, 3, 12))
    with django_assert_max_num_queries(20):
        page = client.get("/admin/calendar/?month=2026-03").content.decode()
    assert "<summary>18 more</summary>" in page
    assert page.count("data-seen=") == 24


@pytest.mark.parametrize("role", ["", *(role for role in ROLES if role not in EDITING)])
def test_people_without_a_part_have_no_calendar(role, client):
    client.force_login(factories.user(role) if role else User.objects.create_user("new@example.com"))
    assert client.get("/admin/calendar/").status_code == 403
    assert ">Calendar</a>" not in client.get("/admin/").content.decode()
