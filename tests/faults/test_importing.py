"""An import is killed in its midst: whole batches are there, and a second run ends as one alone would."""

import pytest

from newsletter.models import ConsentAct, Subscriber, Subscription
from newsletter.subscribers.importing.load import BATCH
from tests.newsletter import factories
from tests.processes import others_are_idle, run_manage, start_manage
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 3 * BATCH
LAST = f"a{ROWS - 1}@example.com"


@pytest.fixture
def file(tmp_path):
    """Many who are active; among the last lines one that says of the one before it that it left."""
    path = tmp_path / "list.csv"
    lines = [f"a{number}@example.com,active\n" for number in range(ROWS)]
    path.write_text("email,status\n" + "".join(lines) + LAST + ",unsubscribed\n")
    return path


def counts():
    return Subscriber.objects.count(), Subscription.objects.count(), ConsentAct.objects.count()


def test_an_import_that_is_killed_leaves_whole_batches_and_is_finished_by_a_second(file):
    factories.newsletter()
    process = start_manage("import_subscribers", str(file))
    wait_until(Subscriber.objects.exists, seconds=60, what="the first batch")
    process.kill()
    process.wait()
    wait_until(others_are_idle, what="the last statement of the dead")
    subscribers, subscriptions, acts = counts()
    assert 0 < subscribers < ROWS, "it was over before it could be killed"
    assert (subscribers % BATCH, subscriptions, acts) == (0, subscribers, subscribers)
    run_manage("import_subscribers", str(file))
    assert counts() == (ROWS, ROWS, ROWS)
    assert Subscription.objects.get(subscriber__email=LAST).state == "unsubscribed"
    assert Subscription.objects.confirmed().count() == ROWS - 1
