"""The SMTP sessions of a pump: a message that cannot be written fails by itself."""

from collections import deque

import pytest

from core.lib.mail import open_session
from core.lib.smtp import Outcome, Status, wire_data
from core.lib.talks import Talks
from newsletter.sending import deliveries
from newsletter.sending.send_journal import SendJournal
from newsletter.sending.sessions import OUR_ERROR, DeliveryEnvelope, Sessions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


def test_a_message_that_cannot_be_written_stops_no_other_and_leaves_the_session_free(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    queue = deliveries.DeliveryQueue(factories.frozen(weekly))
    first, broken, last = queue.record_and_claim([], wanted=3)

    def write(delivery):
        if delivery is broken:
            raise ValueError("A value that no template has.")
        data = wire_data(b"Subject: x\r\n\r\nx\r\n")
        return DeliveryEnvelope("us@example.com", delivery.recipient, data, delivery.delivery_id)

    talks, done = Talks(), deque()
    journal = SendJournal(queue.briefing, queue.lease)
    sessions = Sessions(1, open_session, write, journal, talks, done)
    for delivery in (first, broken, last):
        sessions.put(delivery)
    sessions.begin()
    while len(done) < 3:
        talks.turn(5)
    came = {number: (outcome.status, recipient) for number, outcome, recipient in done}
    assert came[broken.delivery_id] == (Status.REFUSED, broken.recipient)
    assert Outcome(Status.REFUSED, OUR_ERROR) in [outcome for _, outcome, _ in done]
    assert {came[each.delivery_id][0] for each in (first, last)} == {Status.ACCEPTED}
    assert sorted(each.recipient for each in smtp_server.messages) == sorted([first.recipient, last.recipient])
    assert len(sessions.free) == 1
    sessions.end()
    talks.finish()
    journal.close(is_settled=True)
