"""Sending: everyone once, nobody lost, and every answer of the mail server ends in the right state."""

import re
import time
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from core.lib.smtp import Outcome, Status
from core.transitions import TransitionRefused
from newsletter.models import Briefing, ConsentAct, Delivery, Subscriber
from newsletter.sending import approval, deliveries, sender
from newsletter.subscribers import subscriptions
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states
from tests.smtp import free_port

pytestmark = pytest.mark.django_db


def delivery_to(briefing, email):
    return briefing.deliveries.get(subscriber__email=email)


def test_everyone_confirmed_gets_it_exactly_once(weekly, smtp_server):
    factories.subscriptions(weekly, 40)
    factories.subscription(weekly, "pending@example.com", state="pending")
    factories.subscription(weekly, "gone@example.com", state="unsubscribed")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert Counter(m.recipient for m in smtp_server.messages) == {f"reader{n}@example.com": 1 for n in range(40)}
    assert (briefing.state, briefing.candidates, briefing.delivered) == ("sent", 40, 40)
    assert not sender.pump(briefing.pk)
    assert len(smtp_server.messages) == 40


def test_a_subscriber_of_another_list_gets_nothing(weekly, smtp_server):
    factories.subscription(weekly)
    factories.subscription(factories.newsletter(name="N", slug="n", is_default=False), "other@example.com")
    send_what_is_left(factories.frozen(weekly))
    assert [m.recipient for m in smtp_server.messages] == ["ann@example.com"]


def test_the_suppressed_are_accounted_for_and_not_written_to(weekly, smtp_server):
    factories.subscription(weekly)
    factories.subscription(weekly, "Bounced@example.com")
    factories.suppression("bounce", "bounced@example.com")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.candidates, briefing.delivered, briefing.skipped) == (2, 1, 1)
    assert delivery_to(briefing, "Bounced@example.com").note == "suppressed"


@pytest.mark.parametrize("leaving", ["unsubscribed", "suppressed", "erased"])
def test_who_leaves_after_the_freeze_is_skipped(weekly, smtp_server, leaving):
    factories.subscription(weekly)
    row = factories.subscription(weekly, "leaver@example.com")
    briefing = factories.frozen(weekly)
    if leaving == "unsubscribed":
        subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="test")
    elif leaving == "suppressed":
        factories.suppression("staff", "leaver@example.com")
    else:
        subscriptions.erase(row.subscriber)
    briefing = send_what_is_left(briefing)
    assert [m.recipient for m in smtp_server.messages] == ["ann@example.com"]
    assert (briefing.state, briefing.delivered, briefing.skipped) == ("sent", 1, 1)
    assert briefing.deliveries.get(state="skipped").note == leaving


def test_who_joins_after_the_freeze_waits_for_the_next_issue(weekly, smtp_server):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    factories.subscription(weekly, "late@example.com")
    assert send_what_is_left(briefing).delivered == 1


def test_a_refusal_for_good_is_failed_with_what_the_server_said(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    smtp_server.refuse("reader1@example.com", "550 5.1.1 No such user")
    smtp_server.refuse("reader2@example.com", "554 5.7.1 Looks like spam", at="DATA")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.delivered, briefing.failed) == ("sent", 1, 2)
    assert delivery_to(briefing, "reader1@example.com").note == "550 5.1.1 No such user"
    assert delivery_to(briefing, "reader2@example.com").note == "554 5.7.1 Looks like spam"


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refusal_for_now_is_tried_again_later(weekly, smtp_server, at):
    factories.subscriptions(weekly, 2)
    smtp_server.refuse("reader1@example.com", "451 4.7.1 Greylisted", at=at, times=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    row = delivery_to(briefing, "reader1@example.com")
    assert (briefing.state, row.state, row.attempts) == ("sending", "retry", 1)
    assert row.due_at > timezone.now() + timedelta(minutes=1)
    Delivery.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(days=1))
    assert send_what_is_left(briefing).state == "sent"
    assert len(smtp_server.to("reader1@example.com")) == 1


def test_it_gives_up_after_the_last_try(weekly, smtp_server):
    factories.subscriptions(weekly, 1)
    smtp_server.refuse("reader0@example.com", "451 4.7.1 Greylisted")
    briefing = factories.frozen(weekly)
    for _ in range(len(deliveries.BACKOFF) + 1):
        briefing.deliveries.update(due_at=timezone.now() - timedelta(days=1))
        sender.pump(briefing.pk)
    assert (reload(briefing).state, reload(briefing).failed) == ("sent", 1)


@pytest.mark.parametrize("at", ["DATA", "ACCEPTED"])
def test_a_connection_lost_after_the_message_leaves_it_uncertain_and_not_sent_again(weekly, smtp_server, at):
    factories.subscriptions(weekly, 3)
    smtp_server.hang_up("reader1@example.com", at=at)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.delivered, briefing.uncertain) == ("sent", 2, 1)
    assert len(smtp_server.to("reader1@example.com")) == (1 if at == "ACCEPTED" else 0)


def test_a_connection_lost_before_the_message_is_tried_again(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    smtp_server.hang_up("reader1@example.com", at="RCPT", times=2)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert states(briefing) == {"sent": 2, "retry": 1}


def test_one_address_that_ends_sessions_does_not_hold_up_the_others(weekly, smtp_server):
    factories.subscriptions(weekly, 60)
    smtp_server.hang_up("reader0@example.com", at="RCPT", times=1000)
    assert states(send_what_is_left(factories.frozen(weekly))) == {"sent": 59, "retry": 1}


def test_without_a_mail_server_nothing_is_used_up_and_staff_are_told(weekly, smtp_server, settings):
    factories.subscriptions(weekly, 3)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    briefing = factories.frozen(weekly)
    assert not sender.pump(briefing.pk)
    assert states(briefing) == {"pending": 3}
    assert set(briefing.deliveries.values_list("attempts", flat=True)) == {0}
    assert "cannot be used" in reload(briefing).trouble
    settings.EMAIL_URL = smtp_server.url
    briefing = send_what_is_left(briefing)
    assert (briefing.state, briefing.delivered, briefing.trouble) == ("sent", 3, "")


def test_a_message_that_everyone_refuses_pauses_the_briefing(weekly, smtp_server):
    factories.subscriptions(weekly, 100)
    for number in range(100):
        smtp_server.refuse(f"reader{number}@example.com", "550 5.7.515 Not authenticated", at="DATA")
    briefing = send_what_is_left(factories.frozen(weekly))
    assert briefing.state == "paused"
    assert "in a row were refused" in briefing.trouble
    assert "550 5.7.515 Not authenticated" in briefing.trouble
    assert states(briefing)["pending"] >= 100 - sender.REFUSALS_IN_A_ROW - sender.WINDOW


def test_however_many_are_in_hand_no_more_are_refused_in_a_row_than_show_that_something_is_wrong(weekly, smtp_server):
    factories.subscriptions(weekly, 120)
    for number in range(120):
        smtp_server.refuse(f"reader{number}@example.com", "550 5.7.515 Not authenticated", at="DATA")
    briefing = factories.frozen(weekly)
    pump = sender.Pump(briefing)
    pump.window = 120  # as where letters leave that fast
    pump.run(until=time.monotonic() + 30)
    assert states(briefing) == {"failed": sender.REFUSALS_IN_A_ROW, "pending": 120 - sender.REFUSALS_IN_A_ROW}
    assert set(briefing.deliveries.filter(state="pending").values_list("attempts", flat=True)) == {0}


def test_without_a_mail_server_named_messages_become_files(weekly, settings, tmp_path):
    settings.EMAIL_URL, settings.EMAIL_OUTBOX = "", tmp_path
    factories.subscriptions(weekly, 3)
    assert send_what_is_left(factories.frozen(weekly)).delivered == 3
    files = list(tmp_path.glob("*.eml"))
    assert len(files) == 3
    assert b"X-Envelope-To: reader" in files[0].read_bytes()
    assert not files[0].read_bytes().endswith(b"\r\n.\r\n")


def test_a_paused_briefing_sends_nothing_and_resumes_where_it_was(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    approval.pause(briefing)
    assert not sender.pump(briefing.pk)
    assert not smtp_server.messages
    approval.resume(reload(briefing))
    assert send_what_is_left(briefing).delivered == 3


def test_a_cancelled_briefing_skips_the_rest(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    approval.cancel(briefing)
    assert not sender.pump(briefing.pk)
    assert (reload(briefing).state, reload(briefing).skipped) == ("cancelled", 3)


def test_what_is_decided_twice_is_refused_in_words(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    approval.cancel(briefing)
    with pytest.raises(TransitionRefused, match="is cancelled"):
        approval.pause(reload(briefing))


# Leases

SENT = Outcome(Status.ACCEPTED)


def claimed(briefing, wanted=10):
    queue = deliveries.DeliveryQueue(briefing)
    return queue, [delivery.delivery_id for delivery in queue.record_and_claim([], wanted=wanted)]


def test_two_claims_never_share_a_delivery(weekly):
    factories.subscriptions(weekly, 10)
    briefing = factories.frozen(weekly)
    (_, first), (_, second) = claimed(briefing, 6), claimed(briefing, 6)
    assert (len(first), len(second)) == (6, 4)
    assert not set(first) & set(second)


def test_what_may_go_out_is_marked_as_being_sent_before_it_does(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    claimed(briefing)
    assert states(briefing) == {"sending": 1}
    assert briefing.deliveries.get().attempts == 1


def test_an_outcome_is_written_under_its_own_lease_only(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    queue, ids = claimed(briefing)
    deliveries.DeliveryQueue(briefing).record_and_claim([(ids[0], SENT)], wanted=0)
    assert states(briefing) == {"sending": 1}
    queue.record_and_claim([(ids[0], SENT)], wanted=0)
    assert states(briefing) == {"sent": 1}


def test_what_was_being_sent_by_a_dead_worker_is_uncertain_until_its_answer_turns_up(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    queue, ids = claimed(briefing)
    with time_machine.travel(timezone.now() + Delivery.LEASE + timedelta(seconds=1)):
        assert deliveries.expire_leases() == 1
    assert states(briefing) == {"uncertain": 1}
    assert claimed(briefing)[1] == [], "it is not sent again"
    queue.record_and_claim([(ids[0], SENT)], wanted=0)
    assert states(briefing) == {"sent": 1}


def test_live_leases_are_left_alone(weekly):
    factories.subscriptions(weekly, 1)
    claimed(factories.frozen(weekly))
    assert deliveries.expire_leases() == 0


def test_a_message_that_never_left_costs_no_try(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    queue, ids = claimed(briefing)
    queue.record_and_claim([(ids[0], Outcome(Status.UNSENT, "no mail server"))], wanted=0)
    row = briefing.deliveries.get()
    assert (row.state, row.attempts) == ("pending", 0)


def test_a_pause_stops_claims_at_once(weekly):
    factories.subscriptions(weekly, 2)
    briefing = factories.frozen(weekly)
    queue = deliveries.DeliveryQueue(briefing)
    assert len(queue.record_and_claim([], wanted=1)) == 1
    approval.pause(briefing)
    assert queue.record_and_claim([], wanted=1) == []


def test_claims_of_a_long_list_go_by_the_index_of_what_is_open(weekly):
    factories.subscriptions(weekly, 2000)
    briefing = factories.frozen(weekly)
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT id FROM newsletter_delivery WHERE briefing_id = %s AND state = 'pending' AND due_at <= now()"
            " ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED",
            [briefing.pk],
        )
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "delivery_open" in plan
    assert "Sort" not in plan


def test_messages_in_hand_are_kept_for_as_long_as_the_pump_lives(weekly):
    factories.subscriptions(weekly, 2)
    briefing = factories.frozen(weekly)
    (queue, ids), (_, others) = claimed(briefing, 1), claimed(briefing, 1)
    with time_machine.travel(timezone.now() + Delivery.LEASE - timedelta(seconds=1)):
        queue.renew()
    with time_machine.travel(timezone.now() + Delivery.LEASE + timedelta(seconds=1)):
        deliveries.expire_leases()
    found = dict(briefing.deliveries.values_list("pk", "state"))
    assert (found[ids[0]], found[others[0]]) == ("sending", "uncertain")


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_takes_its_time_costs_no_lease(weekly, smtp_server):
    """Every message takes 25 seconds, as far as leases can tell, and beat looks for what dead workers left."""
    written_off = []

    def meanwhile():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "LOCK TABLE newsletter_delivery IN SHARE ROW EXCLUSIVE MODE"
            )  # or sessions deadlock on its rows
            Delivery.objects.update(lease_expires_at=F("lease_expires_at") - timedelta(seconds=25))
        written_off.append(deliveries.expire_leases())
        connection.close()
        time.sleep(0.2)

    factories.subscriptions(weekly, 30)
    briefing = factories.frozen(weekly)
    smtp_server.meanwhile = meanwhile
    sender.Pump(briefing, renew_every=0.05).run(until=time.monotonic() + 30)
    assert sum(written_off) == 0
    assert states(briefing) == {"sent": 30}


def test_lanes_bound_the_pumps_of_a_briefing(weekly, settings, smtp_server):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    settings.NEWSLETTER_PUMPS = 0
    assert not sender.pump(briefing.pk)
    assert not smtp_server.messages


@pytest.mark.parametrize("code", ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_an_address_that_is_gone_is_suppressed_while_sending(weekly, smtp_server, code):
    factories.subscription(weekly)
    factories.subscription(weekly, "bob@example.com")
    smtp_server.refuse("ann@example.com", f"550 {code} <ann@example.com> is gone")
    send_what_is_left(factories.frozen(weekly))
    act = ConsentAct.objects.get(act="bounced")
    assert (Subscriber.objects.get(email="ann@example.com").suppressed, act.actor, act.note) == (
        "bounce",
        "server",
        f"550 {code} <…> is gone",
    )
    assert send_what_is_left(factories.frozen(weekly)).skipped == 1


@pytest.mark.parametrize(
    "answer", ["552 5.2.2 full", "550 5.7.1 spam", "550 5.1.8 bad sender", "550 no", "450 4.1.1 x"]
)
def test_any_other_answer_suppresses_nobody(weekly, smtp_server, answer):
    factories.subscription(weekly)
    smtp_server.refuse("ann@example.com", answer)
    sender.pump(factories.frozen(weekly).pk)
    assert Subscriber.objects.get().suppressed == ""


def test_a_few_that_are_tried_again_do_not_keep_a_briefing_open(weekly, smtp_server, client):
    factories.subscriptions(weekly, 40)
    smtp_server.refuse("reader7@example.com", "450 4.2.1 Later", times=1)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.delivered, briefing.retrying) == ("sent", 39, 1)
    client.force_login(factories.user(role="editor"))
    page = " ".join(client.get(f"/admin/newsletter/briefing/{briefing.pk}/progress/").content.decode().split())
    until = deliveries.retried_until(briefing)
    assert timedelta(hours=7) < until - timezone.now() < timedelta(hours=8)
    said = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert f"to 39; 1 is being tried again until {until:%-d %b, %H:%M} UTC" in said

    assert list(Briefing.objects.under_way()) == [briefing]
    briefing.deliveries.filter(state="retry").update(due_at=timezone.now() - timedelta(hours=1))
    briefing = send_what_is_left(briefing)
    assert (briefing.state, briefing.delivered, briefing.retrying) == ("sent", 40, 0)
    assert max(Counter(message.recipient for message in smtp_server.messages).values()) == 1


def test_many_that_are_tried_again_keep_it_open(weekly, smtp_server):
    factories.subscriptions(weekly, 40)
    for number in range(3):
        smtp_server.refuse(f"reader{number}@example.com", "450 4.2.1 Later")
    assert send_what_is_left(factories.frozen(weekly)).state == "sending"


@pytest.mark.parametrize("answer", ["550 5.1.1 No", "550 No such user here", "550 Recipient address rejected: unknown"])
def test_a_list_with_many_dead_addresses_goes_through_by_itself(weekly, smtp_server, answer):
    factories.subscriptions(weekly, 70)
    for number in range(60):
        smtp_server.refuse(f"reader{number}@example.com", answer)
    briefing = send_what_is_left(factories.frozen(weekly))
    assert (briefing.state, briefing.failed, briefing.delivered) == ("sent", 60, 10)


def test_refusals_of_the_last_ones_leave_nothing_to_resume(weekly, smtp_server):
    factories.subscriptions(weekly, sender.REFUSALS_IN_A_ROW)
    for number in range(sender.REFUSALS_IN_A_ROW):
        smtp_server.refuse(f"reader{number}@example.com", "550 No")
    assert send_what_is_left(factories.frozen(weekly)).state == "sent"
