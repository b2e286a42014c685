"""When letters wait: for a provider that throttles, a domain's rate, quiet hours; when a briefing pauses by itself; its pace."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from newsletter.mail.status_codes import throttled_by
from newsletter.models import Briefing, Delivery, Newsletter, RecipientDomain, SendMinute
from newsletter.sending import approval, freeze, pace, sender, throttling
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states

pytestmark = pytest.mark.django_db

THROTTLED = "421 4.7.28 Gmail has detected an unusual rate of mail"


def two_domains(weekly, each=20):
    for number in range(each):
        factories.subscription(weekly, f"a{number}@slow.example")
        factories.subscription(weekly, f"b{number}@quick.example")


def page_of(client, briefing):
    client.force_login(factories.user(role="editor"))
    return " ".join(client.get(f"/admin/newsletter/briefing/{briefing.pk}/progress/").content.decode().split())


@pytest.mark.parametrize(
    ("reply", "who"),
    [
        (THROTTLED, "domain"),
        ("The mail server ended the session: 421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "domain"),
        ("451 4.7.500 Server busy. Please try again later", "domain"),
        ("450 4.7.1 Too many messages", "domain"),
        ("452 4.5.3 Too many recipients", "domain"),
        ("454 4.7.0 Throttling failure: Daily message quota exceeded", "account"),
        ("450 4.7.0 Your account has reached its message limit", "account"),
        ("452 4.5.3 Too many messages: sending account over its limit", "account"),
        ("421 Hourly sending limit reached", "account"),
        ("452 4.2.2 Account is over quota", ""),
        ("450 4.2.2 <a@b>: user account quota exceeded", ""),
        ("452 4.2.2 Mailbox full: message would exceed limit", ""),
        ("452 Mailbox full: message would exceed limit", ""),
        ("450 4.2.1 recipient's hourly message limit", ""),
        ("452-4.2.2 Account is over quota", ""),
        ("452 4.3.4 Message size exceeds fixed limit", ""),
        ("451 4.7.1 Greylisted, come back in 5 minutes", ""),
        ("450 4.7.1 <a@b>: Recipient address rejected: Greylisting in effect", ""),
        ("450 4.2.1 The user you are trying to contact is receiving mail too quickly", ""),
        ("452 4.2.2 The email account that you tried to reach is over quota", ""),
        ("451 4.3.0 Temporary lookup failure", ""),
        ("550 5.7.1 Rate limited", ""),
    ],
)
def test_what_a_reply_for_now_says_of_others(reply, who):
    assert throttled_by(reply) == who


def test_the_domain_that_throttles_waits_and_the_others_go_on(weekly, smtp_server, client):
    two_domains(weekly, each=40)
    for number in range(40):
        smtp_server.refuse(f"a{number}@slow.example", THROTTLED, at="DATA", times=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert {message.recipient.partition("@")[2] for message in smtp_server.messages} == {"quick.example"}
    assert states(briefing) == {"sent": 40, "retry": 40}
    tried = briefing.deliveries.filter(state="retry", attempts__gt=0).count()
    assert tried <= sender.WINDOW, "no more than were on their way are spent on it"
    slow = RecipientDomain.objects.get()
    assert (slow.domain, slow.throttled) == ("slow.example", 1)
    assert "slow.example wants fewer letters for now; those to it wait until" in page_of(client, briefing)

    smtp_server.reset()
    with time_machine.travel(timezone.now() + timedelta(minutes=40)):
        Delivery.objects.filter(state="retry").update(due_at=timezone.now() - timedelta(days=1))
        RecipientDomain.objects.update(waits_until=timezone.now() - timedelta(days=1))
        briefing = send_what_is_left(briefing)
    assert (briefing.state, briefing.delivered) == ("sent", 80)
    assert RecipientDomain.objects.get().throttled == 0


def test_who_throttles_again_is_left_alone_for_longer_and_counted_once_a_wait():
    throttling.wait("slow.example", "once")
    throttling.wait("slow.example", "the same wait")
    first = RecipientDomain.objects.get()
    assert (first.throttled, first.note) == (1, "once")
    RecipientDomain.objects.update(waits_until=timezone.now() - timedelta(minutes=1))
    throttling.wait("slow.example", "twice")
    second = RecipientDomain.objects.get()
    assert second.throttled == 2
    assert second.waits_until - timezone.now() > timedelta(minutes=1, seconds=30)


def test_a_domain_gets_no_more_letters_a_minute_than_it_may_and_each_its_turn(weekly, smtp_server):
    two_domains(weekly)
    RecipientDomain.objects.create(domain="slow.example", per_minute=6)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert states(briefing) == {"sent": 21, "retry": 19}
    turns = sorted(briefing.deliveries.filter(state="retry").values_list("turn_at", flat=True))
    gaps = {round((later - earlier).total_seconds()) for earlier, later in pairwise(turns)}
    assert gaps == {10}
    briefing.deliveries.filter(turn_at__in=turns[:3]).update(due_at=timezone.now() - timedelta(days=1))
    assert states(send_what_is_left(briefing)) == {"sent": 24, "retry": 16}, "whose turn has come takes no second one"


def test_letters_that_wait_go_once_staff_let_them(weekly, smtp_server, client):
    two_domains(weekly)
    RecipientDomain.objects.create(domain="slow.example", per_minute=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    client.force_login(factories.user(role="newsletter manager"))
    key = RecipientDomain.objects.get().pk
    at = f"/admin/newsletter/recipientdomain/{key}/change/"
    client.post(at, {"domain": "slow.example", "per_minute": ""})
    briefing.deliveries.filter(state="retry").update(due_at=timezone.now() - timedelta(days=1))
    assert send_what_is_left(briefing).delivered == 40


def test_the_page_says_what_waits_for_a_domains_turn_and_shows_what_needs_attention_first(weekly, smtp_server, client):
    """Hundreds of letters that wait met with nothing: they stand in nobody's way, and the rest takes as long as they do."""
    two_domains(weekly)
    smtp_server.hang_up("b3@quick.example", at="ACCEPTED")
    smtp_server.refuse("b4@quick.example", "451 4.3.0 Temporary lookup failure")
    RecipientDomain.objects.create(domain="slow.example", per_minute=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert states(briefing) == {"sent": 19, "retry": 20, "uncertain": 1}
    held = pace.held(briefing)
    assert pace.of(briefing, waiting=20, held=held).left > timedelta(minutes=15)
    page = page_of(client, briefing)
    assert "19 letters wait for a turn at the recipient’s domain, the last until" in page
    assert "slow.example gets 1 a minute." in page
    assert "Waiting for their domain</th> <td>19</td>" in page
    assert "To be tried again</th> <td>1</td>" in page
    assert "waiting for its turn at its domain" not in page
    assert page.index("lost after the message") < page.index("Temporary lookup failure", page.index("Needs attention"))


def test_a_paused_page_looks_again_until_what_was_on_its_way_has_arrived(weekly, client):
    factories.subscriptions(weekly, 2)
    briefing = factories.frozen(weekly)
    approval.pause(briefing)
    assert 'data-moving="no"' in page_of(client, briefing)
    briefing.deliveries.filter(pk=briefing.deliveries.first().pk).update(
        state="sending", lease=uuid4(), lease_expires_at=timezone.now() + timedelta(minutes=1)
    )
    assert 'data-moving="yes"' in page_of(client, briefing)


def test_what_is_tried_again_at_its_own_time_is_no_rest_that_the_pace_tells_of(weekly, smtp_server, client):
    two_domains(weekly)
    smtp_server.refuse("b4@quick.example", "451 4.3.0 Temporary lookup failure")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.retrying) == ("sent", 1)
    page = page_of(client, briefing)
    assert "a minute" in page
    assert "left" not in page[page.index("a minute") : page.index("Deliveries by state")]


def test_without_slow_domains_nobody_looks_at_them(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    pump = sender.Pump(factories.frozen(weekly))
    pump._look()
    assert not pump.queue.is_careful


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (datetime(2027, 1, 5, 20, 59, tzinfo=UTC), None),
        (datetime(2027, 1, 5, 21, 0, tzinfo=UTC), datetime(2027, 1, 6, 6, tzinfo=UTC)),
        (datetime(2027, 1, 6, 5, 59, tzinfo=UTC), datetime(2027, 1, 6, 6, tzinfo=UTC)),
        (datetime(2027, 1, 6, 6, 0, tzinfo=UTC), None),
        (datetime(2027, 3, 27, 22, 0, tzinfo=UTC), datetime(2027, 3, 28, 5, tzinfo=UTC)),
        (datetime(2027, 10, 30, 22, 0, tzinfo=UTC), datetime(2027, 10, 31, 6, tzinfo=UTC)),
    ],
)
def test_quiet_hours_go_by_the_clocks_of_the_newsletter(now, ends):
    berlin = factories.newsletter(time_zone="Europe/Berlin", quiet_from=time(22), quiet_until=time(7))
    assert berlin.quiet_ends(now) == ends


def test_quiet_hours_within_a_day_and_ones_that_end_in_the_hour_that_clocks_show_twice():
    noon = factories.newsletter(quiet_from=time(12), quiet_until=time(13))
    assert noon.quiet_ends(datetime(2027, 1, 5, 12, 30, tzinfo=UTC)) == datetime(2027, 1, 5, 13, tzinfo=UTC)
    assert noon.quiet_ends(datetime(2027, 1, 5, 11, 30, tzinfo=UTC)) is None
    night = factories.newsletter(
        name="N", slug="n", is_default=False, time_zone="Europe/Berlin", quiet_from=time(22), quiet_until=time(2, 30)
    )
    shown_again = datetime(2027, 10, 31, 1, 10, tzinfo=UTC)  # 02:10 for the second time
    assert night.quiet_ends(shown_again) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_in_quiet_hours_nothing_leaves_and_afterwards_it_goes_on_by_itself(weekly, smtp_server, client):
    factories.subscriptions(weekly, 2)
    now = datetime.now(UTC)
    weekly.quiet_from, weekly.quiet_until = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    weekly.save()
    briefing = factories.frozen(weekly)
    assert not sender.pump(briefing.pk)
    assert not smtp_server.messages
    assert "Quiet hours: it goes on by itself at" in page_of(client, briefing)
    with time_machine.travel(now + timedelta(hours=1, minutes=1)):
        assert send_what_is_left(reload(briefing)).delivered == 2


def test_who_approves_in_quiet_hours_or_for_them_is_told_when_its_letters_leave(weekly, client):
    Newsletter.objects.update(quiet_from=time(21), quiet_until=time(6), time_zone="Europe/Berlin")
    factories.subscription(weekly)
    briefing = factories.briefing(weekly)
    approve = f"/admin/newsletter/briefing/{briefing.pk}/approve/"
    editor = factories.user(role="editor")
    with time_machine.travel(datetime(2027, 1, 5, 21, 30, tzinfo=UTC)):
        client.force_login(editor)
        page = " ".join(client.get(approve).content.decode().split())
        assert "its letters leave on 6 January 2027, 06:00 CET, and until then you can take it back" in page
    with time_machine.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        client.force_login(editor)
        assert b"quiet hours" not in client.get(approve).content
        said = client.post(approve, {"when": "2027-01-05T22:00"}, follow=True).content.decode()
        assert "That lies in quiet hours: its letters leave on 6 January 2027, 06:00 CET." in said


def test_until_quiet_hours_end_a_briefing_can_be_taken_back_and_then_it_begins(weekly, client):
    Newsletter.objects.update(quiet_from=time(21), quiet_until=time(6), time_zone="Europe/Berlin")
    factories.subscription(weekly)
    with time_machine.travel(datetime(2027, 1, 5, 21, 30, tzinfo=UTC)):
        briefing = factories.approved(weekly)
    with time_machine.travel(datetime(2027, 1, 6, 4, 59, tzinfo=UTC)):
        assert freeze.start_due() == []
        page = page_of(client, briefing)
        assert "Take it back" in page
        assert "The first letter leaves in" in page
    with time_machine.travel(datetime(2027, 1, 6, 5, 1, tzinfo=UTC)):
        assert freeze.start_due() == [briefing.pk]


def test_a_briefing_that_nothing_began_when_quiet_hours_ended_waits_for_somebody(weekly):
    Newsletter.objects.update(quiet_from=time(21), quiet_until=time(6), time_zone="Europe/Berlin")
    factories.subscription(weekly)
    with time_machine.travel(datetime(2027, 1, 5, 21, 30, tzinfo=UTC)):
        briefing = factories.approved(weekly)
    with time_machine.travel(datetime(2027, 1, 6, 7, 1, tzinfo=UTC)):
        assert freeze.start_due() == []
    assert "It was due at 6 January 2027, 05:00" in reload(briefing).trouble


def test_many_refusals_among_letters_that_are_taken_pause_it_with_the_reason_and_what_to_do(weekly, smtp_server):
    factories.subscriptions(weekly, 300)
    for number in range(0, 300, 2):
        smtp_server.refuse(f"reader{number}@example.com", "550 5.7.26 Unauthenticated: DMARC policy", at="DATA")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert briefing.state == "paused"
    assert "messages were refused, the last one so: 550 5.7.26" in briefing.trouble
    assert "check SPF, DKIM and DMARC" in briefing.trouble
    assert states(briefing)["pending"] > 100
    approval.resume(briefing)
    assert not reload(briefing).watch, "what was resumed is not paused again for what is over"


def test_a_server_that_breaks_off_after_each_message_pauses_it_after_a_few(weekly, smtp_server):
    factories.subscriptions(weekly, 120)
    for number in range(120):
        smtp_server.hang_up(f"reader{number}@example.com", at="ACCEPTED")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert briefing.state == "paused"
    assert "messages in a row were lost" in briefing.trouble
    assert states(briefing)["uncertain"] <= 10 + sender.WINDOW


def test_refusals_in_a_row_are_counted_over_the_runs_of_pumps(weekly, smtp_server):
    factories.subscriptions(weekly, 90)
    for number in range(90):
        smtp_server.refuse(f"reader{number}@example.com", "550 5.7.1 Blocked", at="DATA")
    briefing = factories.frozen(weekly)
    Briefing.objects.update(watch={"tried": 45, "refused": 45, "in_a_row": 45, "last": "550 5.7.1 Blocked"})
    sender.pump(briefing.pk)
    assert reload(briefing).state == "paused"
    assert briefing.deliveries.filter(state="failed").count() < 45


def test_the_page_tells_the_pace_what_is_left_and_errors_by_answer_and_domain(weekly, smtp_server, client):
    two_domains(weekly)
    for number in range(15):
        smtp_server.refuse(f"a{number}@slow.example", f"550 5.1.1 <a{number}@slow.example> is gone")
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    assert SendMinute.objects.get().taken == 25
    Briefing.objects.update(state="sending", frozen_at=timezone.now() - timedelta(minutes=1))
    SendMinute.objects.update(minute=timezone.now() - timedelta(minutes=1))
    found = pace.of(reload(briefing), waiting=50)
    assert (found.per_minute, found.left_in_words) == (25, "2 min")
    hour = timezone.now().astimezone(weekly.zone).hour
    Newsletter.objects.update(quiet_from=time(hour), quiet_until=time((hour + 2) % 24))
    found = pace.of(reload(briefing), waiting=50)
    assert (found.per_minute, found.left_in_words) == (25, "")
    Newsletter.objects.update(quiet_from=None, quiet_until=None)
    assert pace.errors(briefing) == [
        {"state": "Failed", "note": "550 5.1.1 <…> is gone", "domain": "slow.example", "letters": 15}
    ]
    page = page_of(client, briefing)
    assert "25 a minute" in page
    assert "What went wrong, by answer and domain" in page


def test_a_newsletter_has_its_own_sender(weekly, smtp_server):
    weekly.from_email = "desk@other.example"
    weekly.save()
    factories.subscription(weekly)
    send_what_is_left(factories.frozen(weekly))
    (message,) = smtp_server.messages
    assert b"<desk@other.example>" in message.message
    assert message.sender == "desk@other.example"
