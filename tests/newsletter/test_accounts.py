"""Several mail accounts: shares by weight, one that steps in, secrets outside the database, limits a day and warm-ups."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.utils import timezone

from core.doorbell import Bell
from core.lib import clock
from newsletter.models import Briefing, MailAccount, SendingRules
from newsletter.sending import accounts, limits, sender
from newsletter.sending.sessions import Sessions
from newsletter.tasks import pump_briefing
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states
from tests.smtp import SmtpServer, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _second():
    service = SmtpServer(free_port())
    controller = Controller(service, hostname="127.0.0.1", port=service.port)
    controller.start()
    yield service
    controller.stop()


@pytest.fixture
def second_server(_second):
    _second.reset()
    return _second


@pytest.fixture
def account(settings, tmp_path, monkeypatch):
    """Make an account whose secret is a file."""
    settings.MAIL_SECRETS = tmp_path

    def make(name, url, **fields):
        secret = f"EMAIL_URL_{name.upper()}"
        (tmp_path / secret).write_text(f"{url}\n")
        return MailAccount.objects.create(name=name, secret=secret, **fields)

    return make


@pytest.fixture
def administrator(client):
    client.force_login(factories.user("ada@example.com", role="administrator"))
    return client


def nobody():
    return f"smtp://127.0.0.1:{free_port()}"


def test_letters_are_shared_by_weight(weekly, smtp_server, second_server, account):
    factories.subscriptions(weekly, 120)
    account("big", smtp_server.url, weight=3)
    account("small", second_server.url, weight=1)
    assert send_what_is_left(factories.frozen(weekly)).delivered == 120
    assert 80 <= len(smtp_server.messages) <= 100
    received = Counter(message.recipient for server in (smtp_server, second_server) for message in server.messages)
    assert set(received.values()) == {1}
    assert len(received) == 120


def test_another_account_goes_on_where_one_cannot_and_that_one_rests(weekly, second_server, account):
    factories.subscriptions(weekly, 30)
    dead, alive = account("dead", nobody(), weight=9), account("alive", second_server.url, weight=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.delivered, briefing.trouble) == ("sent", 30, "")
    dead.refresh_from_db()
    assert dead.is_resting(timezone.now())
    assert "cannot be used" in dead.trouble
    assert accounts.ready([dead, alive], timezone.now()) == [(alive, second_server.url)]


def test_an_account_of_no_weight_sends_only_where_no_other_can(weekly, smtp_server, second_server, account):
    factories.subscriptions(weekly, 60)
    main, reserve = account("main", smtp_server.url), account("reserve", second_server.url, weight=0)
    send_what_is_left(factories.frozen(weekly))
    assert (len(smtp_server.messages), len(second_server.messages)) == (60, 0)
    (accounts.settings.MAIL_SECRETS / main.secret).write_text(nobody())
    assert send_what_is_left(factories.frozen(weekly)).delivered == 60
    assert len(second_server.messages) == 60
    assert reserve.rests == 0


def test_where_all_rest_the_briefing_waits_and_says_why(weekly, smtp_server, account):
    factories.subscriptions(weekly, 3)
    main = account("main", nobody())
    briefing = factories.frozen(weekly)
    assert not sender.pump(briefing.pk)
    assert states(briefing) == {"pending": 3}
    assert not sender.pump(briefing.pk)
    assert "No mail account can be used" in reload(briefing).trouble
    (accounts.settings.MAIL_SECRETS / main.secret).write_text(smtp_server.url)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert send_what_is_left(briefing).delivered == 3
    main.refresh_from_db()
    assert (main.rests, main.trouble) == (0, "")


def test_with_every_account_switched_off_nothing_leaves_and_the_briefing_says_so(weekly, smtp_server, account):
    factories.subscriptions(weekly, 3)
    made = account("main", smtp_server.url, is_active=False)
    briefing = factories.frozen(weekly)
    assert not sender.pump(briefing.pk)
    assert not smtp_server.messages, "nor by EMAIL_URL"
    assert states(briefing) == {"pending": 3}
    assert reload(briefing).trouble.startswith("No mail account is in use.")
    made.delete()
    briefing = send_what_is_left(briefing)
    assert (briefing.delivered, briefing.trouble) == (3, "")


def test_an_account_that_is_told_to_slow_down_rests_and_its_letters_go_by_another(
    weekly, smtp_server, second_server, account
):
    factories.subscriptions(weekly, 12)
    for number in range(12):
        smtp_server.refuse(f"reader{number}@example.com", "454 4.7.0 Throttling failure: Maximum sending rate exceeded")
    busy = account("busy", smtp_server.url, weight=3)
    account("free", second_server.url, weight=1)
    assert send_what_is_left(factories.frozen(weekly)).delivered == 12
    busy.refresh_from_db()
    assert "Maximum sending rate" in busy.trouble


def test_an_account_that_is_told_to_slow_down_rests_whatever_it_took_before(weekly, smtp_server, account):
    factories.subscriptions(weekly, 40)
    for number in range(20, 40):
        smtp_server.refuse(f"reader{number}@example.com", "454 4.7.0 Throttling failure: Maximum sending rate exceeded")
    busy = account("busy", smtp_server.url)
    assert not sender.pump(factories.frozen(weekly).pk)
    assert smtp_server.messages
    busy.refresh_from_db()
    assert busy.is_resting(timezone.now())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "neither the environment nor the folder"),
        ("postgres://u:hush@db/x", "holds no address"),
        ("hush", "holds no address"),
        ("smtp://user:hush@host:port", "holds no address"),
        ("smtp://user:hush@host/?timeout=5s", "holds no address"),
        ("smtp://user:hush@host/?timeout=0", "holds no address"),
        ("smtp://user:hush@host/?timeout=nan", "holds no address"),
    ],
)
def test_a_secret_that_is_not_there_or_wrong_is_said_without_its_words(account, administrator, content, said):
    made = account("main", content)
    if content is None:
        (accounts.settings.MAIL_SECRETS / made.secret).unlink()
    page = administrator.get(f"/admin/newsletter/mailaccount/{made.pk}/change/").content.decode()
    assert said in page
    assert "hush" not in page
    assert said in accounts.send_test(made, to="a@example.com", message=b"").note


def test_where_no_session_can_be_made_the_letters_come_back_and_the_briefing_says_why(weekly, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1/?timeout=5s"
    factories.subscriptions(weekly, 12)
    briefing = factories.frozen(weekly)
    assert not sender.pump(briefing.pk)
    assert states(briefing) == {"pending": 12}
    assert "address of the mail server cannot be used" in reload(briefing).trouble


def test_a_host_that_no_name_server_can_be_asked_for_is_said(account):
    outcome = accounts.send_test(account("main", f"smtp://{'a' * 64}.example"), to="a@example.com", message=b"")
    assert outcome.status == "unsent"
    assert "cannot be used: its name" in outcome.note


def test_a_secret_comes_from_the_environment_before_the_folder(account, monkeypatch):
    made = account("main", "smtp://file.example")
    monkeypatch.setenv("EMAIL_URL_MAIN", "smtp://environment.example")
    assert accounts.address_of(made) == "smtp://environment.example"


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "EMAIL_URL_../../etc/passwd", "email_url_x", "EMAIL_URLX", "EMAIL_URL_"]
)
def test_no_other_variable_or_file_can_be_named(administrator, name):
    data = {"name": "Main", "secret": name, "weight": 10, "first_day": 200, "is_active": "on"}
    assert b"A name such as EMAIL_URL_BULK" in administrator.post("/admin/newsletter/mailaccount/add/", data).content
    assert not MailAccount.objects.exists()


def test_the_test_button_sends_by_that_account_and_says_what_the_server_answered(account, administrator, second_server):
    made = account("main", second_server.url)
    MailAccount.objects.update(rests=3, rests_until=timezone.now() + timedelta(hours=1), trouble="Gone")
    at = f"/admin/newsletter/mailaccount/{made.pk}/"
    assert administrator.get(f"{at}test/").status_code == 405
    said = administrator.post(f"{at}test/", follow=True).content
    assert b"The server took a message to ada@example.com" in said
    assert [message.recipient for message in second_server.messages] == ["ada@example.com"]
    made.refresh_from_db()
    assert not made.is_resting(timezone.now())
    second_server.refuse("ada@example.com", "550 5.7.1 Not you")
    assert b"The test failed: 550 5.7.1 Not you" in administrator.post(f"{at}test/", follow=True).content


def test_what_pumps_count_is_not_put_back_by_a_save(account, administrator, smtp_server):
    made = account("main", smtp_server.url, per_day=100)
    MailAccount.objects.update(day=clock.utc_day(), handed=40)
    data = {"name": "Main", "secret": made.secret, "weight": 5, "first_day": 200, "per_day": 90, "is_active": "on"}
    administrator.post(f"/admin/newsletter/mailaccount/{made.pk}/change/", data)
    made.refresh_from_db()
    assert (made.weight, made.per_day, made.handed) == (5, 90, 40)


def test_a_day_has_an_end_and_the_rest_goes_the_day_after(weekly, smtp_server, account):
    factories.subscriptions(weekly, 10)
    made = account("main", smtp_server.url, per_day=4)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, states(briefing)) == ("sending", {"sent": 4, "pending": 6})
    made.refresh_from_db()
    assert (made.day, made.handed) == (clock.utc_day(), 4)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert states(send_what_is_left(briefing)) == {"sent": 8, "pending": 2}


def test_room_in_a_day_that_no_letter_used_is_there_for_the_next_ones(weekly, smtp_server, account):
    made = account("main", smtp_server.url, per_day=200)
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    for _ in range(3):
        send_what_is_left(briefing)
        Briefing.objects.update(state="sending")
    made.refresh_from_db()
    assert (made.day, made.handed) == (clock.utc_day(), 3)


def test_letters_that_came_back_unsent_are_none_of_the_day(weekly, account):
    made = account("main", nobody(), per_day=200)
    factories.subscriptions(weekly, 12)
    assert states(send_what_is_left(factories.frozen(weekly))) == {"pending": 12}
    made.refresh_from_db()
    assert (made.rests, made.handed) == (1, 0)


def test_a_warm_up_grows_by_half_each_day_up_to_the_days_limit():
    first = datetime(2026, 12, 1, tzinfo=UTC).date()
    made = MailAccount(warms_up_from=first, first_day=200, per_day=1000)
    days = [made.allowed_on(first + timedelta(days=ahead)) for ahead in (-1, 0, 1, 2, 3, 4, 5, 200)]
    assert days == [200, 200, 300, 450, 675, 1000, 1000, 1000]
    assert MailAccount(warms_up_from=first).allowed_on(first + timedelta(days=100)) is None
    assert MailAccount().allowed_on(first) is None


def test_a_rate_holds_for_all_pumps_together(django_assert_num_queries):
    SendingRules(per_minute=200).save()
    rules = SendingRules.current()
    got = [limits.take(rules, 8), limits.take(SendingRules.current(), 8)]
    assert got == [8, 2], "three seconds' worth at once, whoever asks"
    with django_assert_num_queries(1):
        assert limits.take(rules, 5) == 0
    assert limits.take(SendingRules(), 7) == 7


def test_a_slow_rate_slows_a_send_down_and_nobody_is_left_out(weekly, smtp_server):
    SendingRules(per_minute=600).save()  # ten a second, the first thirty at once
    factories.subscriptions(weekly, 45)
    began = datetime.now(UTC)
    assert send_what_is_left(factories.frozen(weekly)).delivered == 45
    assert (datetime.now(UTC) - began).total_seconds() > 1.3


def test_while_letters_wait_for_room_no_worker_is_held(weekly, smtp_server):
    SendingRules(per_minute=20).save()
    factories.subscriptions(weekly, 3)
    briefing, began = factories.frozen(weekly), datetime.now(UTC)
    assert sender.pump(briefing.pk) == sender.Again(after=3), "when the next letter has room"
    assert (datetime.now(UTC) - began).total_seconds() < 2
    assert states(briefing) == {"sent": 1, "pending": 2}


def test_one_bell_in_that_time_rings_for_the_rest(weekly, smtp_server, django_capture_on_commit_callbacks):
    SendingRules(per_minute=20).save()
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    with django_capture_on_commit_callbacks() as rung:
        pump_briefing(briefing.pk)
    bell = Bell("newsletter.tasks.pump_briefing", (briefing.pk,))
    assert [ringing.args for ringing in rung if bell in ringing.args] == [(bell, 3)]


def test_the_wait_for_room_is_that_of_the_fastest_account_and_of_all_together():
    slow, fast = limits.Share(MailAccount(per_minute=6)), limits.Share(MailAccount(per_minute=60))
    assert limits.Allowance([slow, fast], SendingRules()).seconds_to_room == 1
    assert limits.Allowance([slow, fast], SendingRules(per_minute=20)).seconds_to_room == 3
    fast.is_over = True
    assert limits.Allowance([slow, fast], SendingRules()).seconds_to_room == 10
    assert limits.Allowance([slow, limits.Share(MailAccount())], SendingRules()).seconds_to_room == 0


THROTTLE = "454 4.7.0 Throttling failure: Maximum sending rate exceeded"


def test_the_only_mail_server_is_left_alone_too_once_it_asks_for_it(weekly, smtp_server, administrator):
    factories.subscriptions(weekly, 40)
    for number in range(20, 40):
        smtp_server.refuse(f"reader{number}@example.com", THROTTLE, times=2)
    briefing, now = factories.frozen(weekly), timezone.now()
    assert not sender.pump(briefing.pk)
    taken = len(smtp_server.messages)
    rules = SendingRules.current()
    assert (rules.rests, rules.is_resting(now + timedelta(seconds=25)), taken > 0) == (1, True, True)
    assert not sender.pump(briefing.pk)
    assert len(smtp_server.messages) == taken
    assert "Maximum sending rate" in reload(briefing).trouble
    page = administrator.get(f"/admin/newsletter/briefing/{briefing.pk}/progress/").content.decode()
    assert "The mail server of EMAIL_URL cannot be used and is tried again at" in page
    with time_machine.travel(now + timedelta(minutes=1)):
        sender.pump(briefing.pk)
        assert SendingRules.current().rests == 2, "longer each time"
    smtp_server.reset()
    administrator.post("/admin/newsletter/sendingrules/1/change/", {"refused_percent": 30})
    assert send_what_is_left(briefing).trouble == ""
    assert SendingRules.current().rests == 0


def test_one_session_too_many_is_no_reason_to_leave_a_server_alone():
    sessions = Sessions(0, open, None, None, None)
    sessions.trouble, sessions.open = "The mail server cannot be used: (421, b'4.7.0 Too many connections')", 1
    assert not sessions.must_wait
    sessions.open = 0
    assert sessions.must_wait
