"""What failed or is uncertain is settled by the mail server's log, or as staff choose; each decision is logged."""

import pytest
from django.utils import timezone

from core.models import AuditEntry
from newsletter.mail import mail_logs
from newsletter.models import Delivery
from newsletter.sending import decisions
from newsletter.sending.sender import message_token
from newsletter.subscribers import consent
from newsletter.subscribers.consent import Act, Actor, NewAct
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states

pytestmark = pytest.mark.django_db

POSTFIX = """\
Nov 28 23:01:02 mx postfix/smtpd[11]: 4F2abc0001: client=web[192.0.2.7]
Nov 28 23:01:02 mx postfix/cleanup[12]: 4F2abc0001: message-id=<{0}@perigee.example>
Nov 28 23:01:03 mx postfix/smtp[13]: 4F2abc0001: to=<a@x.example>, relay=mx, dsn=2.0.0, status=sent (250 ok)
Nov 28 23:01:04 mx postfix/cleanup[12]: 4F2abc0002: message-id=<{1}@perigee.example>
Nov 28 23:01:05 mx postfix/smtp[13]: 4F2abc0002: to=<b@x.example>, dsn=5.1.1, status=bounced (550 no such user)
Nov 28 23:01:05 mx postfix/qmgr[14]: 4F2abc0002: removed
"""
EXIM = """\
2026-11-28 23:01:02 1tGabc-000000001aB-0xYz <= bounce@perigee.example H=web S=900 id={0}@perigee.example
2026-11-28 23:01:03 1tGabc-000000001aB-0xYz => a@x.example R=dnslookup T=remote_smtp C="250 OK"
2026-11-28 23:01:04 1tGabc-000000001aC-0xYz <= bounce@perigee.example H=web S=900 id={1}@perigee.example
2026-11-28 23:01:05 1tGabc-000000001aC-0xYz ** b@x.example R=dnslookup T=remote_smtp: 550 no such user
"""
GENERIC = """\
ts=1 event=accepted message-id="<{0}@perigee.example>"
ts=2 event=bounced message-id="<{1}@perigee.example>" to=b@x.example
"""


@pytest.fixture
def briefing(weekly):
    """One that is sent, but for two uncertain letters and one that was refused."""
    factories.subscriptions(weekly, 4)
    made = factories.frozen(weekly)
    rows = list(made.deliveries.order_by("subscriber__email"))
    for row, state in zip(rows, ["uncertain", "uncertain", "failed", "sent"], strict=True):
        sent_at = made.frozen_at if state == "sent" else None
        Delivery.objects.filter(pk=row.pk).update(state=state, sent_at=sent_at, note=f"{state} so", attempts=1)
    return send_what_is_left(made)


def keys(briefing, state):
    return list(briefing.deliveries.filter(state=state).order_by("subscriber__email").values_list("pk", flat=True))


def log(form, briefing):
    readers = (
        briefing.deliveries.filter(state="uncertain").order_by("subscriber__email").values_list("subscriber", flat=True)
    )
    return form.format(*(message_token(briefing.pk, reader) for reader in readers)).splitlines()


def logged():
    return AuditEntry.objects.values_list("detail", flat=True)[0]


@pytest.mark.parametrize("form", [POSTFIX, EXIM, GENERIC])
def test_a_mail_servers_log_settles_what_it_tells_of(briefing, form):
    assert decisions.settle_by_log(briefing, log(form, briefing), by="Ann") == (1, 1, 0)
    after = reload(briefing)
    assert (after.delivered, after.failed, after.uncertain) == (2, 2, 0)
    assert "b@x.example" not in "".join(briefing.deliveries.values_list("note", flat=True))
    assert logged() == "2 found in the mail server's log (1 refused)"


def test_a_message_whose_header_was_read_and_whose_end_never_came_stays_uncertain(briefing):
    """Postfix names it before it has taken it; its queue manager does once it has."""
    cut_off = "\n".join(POSTFIX.splitlines()[:2]) + "\nNov 28 mx postfix/smtpd[11]: lost connection after DATA from web"
    assert decisions.settle_by_log(briefing, log(cut_off, briefing), by="Ann") == (0, 0, 2)
    taken = (
        cut_off + "\nNov 28 mx postfix/qmgr[14]: 4F2abc0001: from=<b@perigee.example>, size=900, nrcpt=1 (queue active)"
    )
    assert decisions.settle_by_log(briefing, log(taken, briefing), by="Ann") == (1, 0, 1)


def test_a_log_of_other_mail_settles_nothing(briefing):
    other = [line.replace("<", "<x") for line in log(POSTFIX, briefing)]
    assert decisions.settle_by_log(briefing, other, by="Ann") == (0, 0, 2)
    assert mail_logs.traces(["nothing", "", "a" * 100_000, "to=<a@b.c> message-id=<" + "x" * 50 + "@y>"]) == {}


@pytest.mark.parametrize(("delivered", "counts"), [(True, (2, 1, 1)), (False, (1, 2, 1))])
def test_an_uncertain_letter_is_marked(briefing, delivered, counts):
    (chosen, _), sent = keys(briefing, "uncertain"), keys(briefing, "sent")
    assert decisions.mark(briefing, [chosen, *sent], delivered=delivered, by="Ann") == 1
    after = reload(briefing)
    assert (after.delivered, after.failed, after.uncertain) == counts
    assert logged() == f"1 marked as {'delivered' if delivered else 'not delivered'}"


def test_chosen_letters_are_sent_again_and_no_other(briefing, smtp_server):
    (chosen, _) = keys(briefing, "uncertain")
    assert decisions.send_again(briefing, [chosen, *keys(briefing, "sent")], by="Ann") == 1
    assert (reload(briefing).state, reload(briefing).retrying) == ("sent", 1)
    after = send_what_is_left(briefing)
    assert [message.recipient for message in smtp_server.messages] == ["reader0@example.com"]
    assert (after.delivered, after.uncertain, after.retrying) == (2, 1, 0)


def test_all_that_failed_for_a_reason_are_sent_again(briefing, smtp_server):
    assert decisions.reasons(briefing) == [("failed so", 1)]
    assert decisions.retry_failed(briefing, "another reason", by="Ann") == 0
    assert decisions.retry_failed(briefing, "failed so", by="Ann") == 1
    assert send_what_is_left(briefing).failed == 0
    assert "failed with “failed so”" in logged()


def test_the_page_settles_and_says_what_it_did(briefing, client):
    client.force_login(factories.user(role="editor"))
    page = f"/admin/newsletter/briefing/{briefing.pk}/deliveries/"
    assert b"uncertain so" in client.get(page).content
    said = client.post(page, {"act": "log", "text": "\n".join(log(POSTFIX, briefing))}, follow=True).content
    assert b"The log tells of 2: 1 were taken by the mail server and 1 were refused; 0 are still uncertain." in said
    assert b"Paste a part of the log" in client.post(page, {"act": "log"}).content
    chosen = {"act": "again", "delivery": keys(briefing, "failed")}
    assert b"Send again to 2" in client.post(page, chosen).content
    assert states(briefing) == {"failed": 2, "sent": 2}, "it was asked first"
    said = client.post(page, chosen | {"sure": "1"}, follow=True).content
    assert b"2 are being sent again." in said
    assert states(briefing) == {"pending": 2, "sent": 2}
    briefing.deliveries.filter(state="pending").update(state="failed")
    type(briefing).objects.filter(pk=briefing.pk).update(state="cancelled", retrying=0)
    assert (
        b"is cancelled, so nobody"
        in client.post(page, {"act": "retry", "reason": "", "sure": "1"}, follow=True).content
    )


def test_lines_that_name_no_letter_are_told_from_a_log_that_says_nothing_new(briefing, client):
    """Whoever searches the log for an address has the line that says it was taken, and not the one with the Message-ID."""
    client.force_login(factories.user(role="editor"))
    page = f"/admin/newsletter/briefing/{briefing.pk}/deliveries/"
    found = "\n".join(line for line in log(POSTFIX, briefing) if "to=" in line)
    said = client.post(page, {"act": "log", "text": found}, follow=True).content.decode()
    assert "None of these lines names an uncertain letter by its Message-ID." in said
    assert "2 are still uncertain." in said


def test_all_that_failed_for_a_reason_are_asked_about_first(briefing, client):
    client.force_login(factories.user(role="editor"))
    page = f"/admin/newsletter/briefing/{briefing.pk}/deliveries/"
    asked = client.post(page, {"act": "retry", "reason": "failed so"}).content.decode()
    assert "whose mail server answered “failed so”" in " ".join(asked.split())
    assert states(briefing)["failed"] == 1
    assert b"None failed so." in client.post(page, {"act": "retry", "reason": "?"}, follow=True).content
    both = client.post(page, {"act": "again", "delivery": keys(briefing, "uncertain")}).content.decode()
    assert "Of 2 of them nobody knows whether they have it already" in " ".join(both.split())


def test_whoever_gets_no_mail_any_more_is_left_out_and_told_of(briefing, client, smtp_server):
    """Else a letter that was refused would stand as skipped, and the report would know of no refusal."""
    chosen = [*keys(briefing, "uncertain"), *keys(briefing, "failed")]
    gone, left, _ = (Delivery.objects.get(pk=key).subscriber for key in chosen)
    consent.record(NewAct(consent.person(gone), Act.BOUNCED, Actor.SERVER, note="550 5.1.1"))
    left.subscriptions.update(state="unsubscribed", unsubscribed_at=timezone.now())
    client.force_login(factories.user(role="editor"))
    page = f"/admin/newsletter/briefing/{briefing.pk}/deliveries/"
    asked = " ".join(client.post(page, {"act": "again", "delivery": chosen}).content.decode().split())
    assert "Send again to 1" in asked
    assert "2 further recipients get nothing and stay as before: mail to them came back" in asked
    assert (
        b"1 are being sent again."
        in client.post(page, {"act": "again", "delivery": chosen, "sure": "1"}, follow=True).content
    )
    after = send_what_is_left(briefing)
    assert (after.delivered, after.uncertain, after.skipped) == (2, 2, 0)
    said = client.post(page, {"act": "again", "delivery": chosen}, follow=True).content
    assert b"Nothing to send again: mail to them came back" in said


def test_what_is_being_sent_again_is_halted_and_stands_as_before(briefing, client, smtp_server):
    before = states(briefing)
    notes = set(briefing.deliveries.exclude(state="sent").values_list("note", flat=True))
    decisions.send_again(briefing, [*keys(briefing, "uncertain"), *keys(briefing, "failed")], by="Ann")
    assert (states(briefing), reload(briefing).retrying) == ({"pending": 3, "sent": 1}, 3)
    client.force_login(factories.user(role="editor"))
    at = f"/admin/newsletter/briefing/{briefing.pk}/"
    assert b"do not try these 3 again" in client.get(f"{at}progress/").content
    said = client.post(f"{at}deliveries/", {"act": "halt"}, follow=True).content
    assert b"Stopped: 3 are not tried again." in said
    assert states(briefing) == before
    assert set(briefing.deliveries.exclude(state="sent").values_list("note", flat=True)) == notes
    assert send_what_is_left(briefing).retrying == 0
    assert not smtp_server.messages


def test_what_is_not_sent_yet_is_paused_and_not_halted(weekly, client):
    factories.subscriptions(weekly, 2)
    briefing = factories.frozen(weekly)
    client.force_login(factories.user(role="editor"))
    page = f"/admin/newsletter/briefing/{briefing.pk}/deliveries/"
    assert b"pause it instead" in client.post(page, {"act": "halt"}, follow=True).content
    assert states(briefing) == {"pending": 2}
