"""The SMTP sessions of a pump: a message that cannot be written fails by itself, and none stays in hand."""

import threading
import time

import pytest
from django.db import connection

from core.lib.mail import open_session
from core.lib.smtp import Outcome, Status, wire_data
from core.lib.talks import Talks
from newsletter.models import Briefing, MailAccount
from newsletter.sending import deliveries, sender
from newsletter.sending.send_journal import SendJournal
from newsletter.sending.sessions import OUR_ERROR, DeliveryEnvelope, Sessions
from tests.newsletter import factories
from tests.newsletter.sending import states

pytestmark = pytest.mark.django_db


class Letters:
    """Letters of which one cannot be written."""

    def __init__(self, broken):
        self.broken, self.came = broken, {}

    def may_begin(self):
        return True

    def write(self, delivery):
        if delivery is self.broken:
            raise ValueError("A value that no template has.")
        data = wire_data(b"Subject: x\r\n\r\nx\r\n")
        return DeliveryEnvelope("us@example.com", delivery.recipient, data, delivery.delivery_id)

    def came_back(self, delivery_id, outcome, recipient):
        self.came[delivery_id] = (outcome, recipient)


def test_a_message_that_cannot_be_written_stops_no_other_and_leaves_the_session_free(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    queue = deliveries.DeliveryQueue(factories.frozen(weekly))
    first, broken, last = queue.record_and_claim([], wanted=3)
    letters, talks = Letters(broken), Talks()
    journal = SendJournal(queue.briefing, queue.lease)
    sessions = Sessions(1, open_session, letters, journal, talks)
    for delivery in (first, broken, last):
        sessions.put(delivery)
    sessions.begin()
    while len(letters.came) < 3:
        talks.turn(5)
    assert letters.came[broken.delivery_id] == (Outcome(Status.REFUSED, OUR_ERROR), broken.recipient)
    assert {letters.came[each.delivery_id][0].status for each in (first, last)} == {Status.ACCEPTED}
    assert sorted(each.recipient for each in smtp_server.messages) == sorted([first.recipient, last.recipient])
    assert len(sessions.free) == 1
    sessions.end()
    talks.finish()
    journal.close(is_settled=True)


@pytest.mark.django_db(transaction=True)
def test_what_an_account_has_in_hand_leaves_when_its_day_is_over_meanwhile(smtp_server, settings, tmp_path):
    settings.MAIL_SECRETS = tmp_path
    factories.profile()
    weekly = factories.newsletter()
    for name, limits in {"B": {"weight": 10}, "A": {"weight": 5, "per_day": 3}}.items():
        (tmp_path / f"EMAIL_URL_{name}").write_text(f"{smtp_server.url}\n")
        MailAccount.objects.create(name=name, secret=f"EMAIL_URL_{name}", **limits)
    factories.subscriptions(weekly, 40)
    briefing = factories.frozen(weekly)
    refused = {"in_a_row": 48, "tried": 48, "refused": 5, "last": "550 5.1.1 Unknown"}
    Briefing.every.filter(pk=briefing.pk).update(watch=refused)

    def run():
        try:
            found = Briefing.every.select_related("newsletter").get(pk=briefing.pk)
            sender.Pump(found, renew_every=60).run(until=time.monotonic() + 3)
        finally:
            connection.close()

    pump = threading.Thread(target=run, daemon=True)
    pump.start()
    pump.join(60)
    assert not pump.is_alive()
    assert states(briefing) == {"sent": 40}
