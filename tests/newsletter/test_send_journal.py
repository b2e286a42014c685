"""What a pump that died leaves behind: in doubt is only what was on the wire."""

import resource

import pytest

from core.lib.smtp import Outcome, Status
from newsletter.sending import deliveries, send_journal, sender
from newsletter.sending.send_journal import SendJournal
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SEND_JOURNALS = tmp_path / "journals"
    return settings.SEND_JOURNALS


@pytest.fixture
def briefing(weekly):
    factories.subscriptions(weekly, 5)
    return factories.frozen(weekly)


@pytest.fixture
def journal(briefing):
    """That of a pump with four messages in hand: one was sent, one is on the wire, two were not begun."""
    queue = deliveries.DeliveryQueue(briefing)
    first, second, *_ = [each.delivery_id for each in queue.record_and_claim([], wanted=4)]
    made = SendJournal(briefing, queue.lease)
    made.begins(first)
    made.ended(first, Outcome(Status.ACCEPTED))
    made.begins(second)
    yield made
    made.close(is_settled=True)


def test_of_a_dead_pump_only_what_was_on_the_wire_is_uncertain(briefing, journal):
    journal.close(is_settled=False)  # as its death does
    assert send_journal.settle_dead() == 1
    assert states(briefing) == {"sent": 1, "uncertain": 1, "pending": 3}
    assert set(briefing.deliveries.filter(state="pending").values_list("attempts", flat=True)) == {0}
    assert "on its way" in briefing.deliveries.get(state="uncertain").note
    assert reload(briefing).first_sent_at
    assert send_journal.settle_dead() == 0


def test_what_had_not_left_is_sent_by_the_next_and_nothing_twice(briefing, journal, smtp_server):
    journal.close(is_settled=False)
    send_journal.settle_dead()
    done = send_what_is_left(briefing)
    assert (done.state, done.delivered, done.uncertain, len(smtp_server.messages)) == ("sent", 4, 1, 3)


def test_a_pump_that_lives_is_left_alone(briefing, journal):
    assert send_journal.settle_dead() == 0
    assert states(briefing) == {"sending": 4, "pending": 1}


def test_a_journal_of_before_a_power_failure_is_not_trusted(briefing, journal):
    journal.close(is_settled=False)
    journal.path.rename(journal.path.with_name(journal.path.name.replace(send_journal._boot(), "another-boot")))
    assert send_journal.settle_dead() == 0
    assert states(briefing)["sending"] == 4


def test_a_line_that_was_not_written_whole_is_as_if_it_had_not_been(briefing, journal):
    journal.close(is_settled=False)
    with journal.path.open("r+") as file:
        file.seek(file.read().rindex("\n") + 1)
        file.write('{"id": 1')
    send_journal.settle_dead()
    assert states(briefing) == {"sent": 1, "uncertain": 1, "pending": 3}


def test_a_journal_grows_with_what_it_says(briefing, journal):
    third = briefing.deliveries.filter(state="sending").order_by("pk")[2].pk
    for _ in range(3):
        journal.ended(third, Outcome(Status.DEFERRED, "busy " * (send_journal.ROOM // 6)))
    journal.close(is_settled=False)
    assert send_journal.settle_dead() == 1
    assert states(briefing) == {"sent": 1, "uncertain": 1, "retry": 1, "pending": 2}


def test_without_room_on_the_disk_all_that_a_dead_pump_had_in_hand_is_uncertain(briefing, folder):
    queue = deliveries.DeliveryQueue(briefing)
    first, *_ = queue.record_and_claim([], wanted=4)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (send_journal.ROOM // 2, limits[1]))
    try:
        made = SendJournal(briefing, queue.lease)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    made.begins(first.delivery_id)
    made.ended(first.delivery_id, Outcome(Status.ACCEPTED))
    made.close(is_settled=False)
    assert list(folder.iterdir()) == []
    assert send_journal.settle_dead() == 0
    assert states(briefing) == {"sending": 4, "pending": 1}


def test_a_journal_that_somebody_emptied_is_not_believed(briefing, journal):
    journal.close(is_settled=False)
    journal.path.write_bytes(b"")
    send_journal.settle_dead()
    assert states(briefing) == {"sending": 4, "pending": 1}  # uncertain, once their lease is over
    assert not journal.path.exists()


def test_a_journal_that_cannot_be_read_stops_no_other(briefing, journal, folder):
    other = folder / f"{briefing.pk}.nonsense.{send_journal._boot()}.journal"
    other.write_bytes(bytes(send_journal.ROOM))
    journal.close(is_settled=False)
    assert send_journal.settle_dead() == 1


def test_a_pump_that_ends_in_order_leaves_no_journal(briefing, smtp_server, folder):
    sender.pump(briefing.pk)
    assert list(folder.iterdir()) == []
