"""An import begun at the desk is run by the worker, goes on when that is killed, and stops when it is asked to."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from newsletter.models import ConsentAct, Subscriber, SubscriberImport, Subscription
from newsletter.subscribers import import_runs
from newsletter.subscribers.importing.load import BATCH
from newsletter.tasks import import_subscribers
from tests.newsletter import factories
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 3 * BATCH


def begun():
    lines = [f"a{number}@example.com,active\n".encode() for number in range(ROWS)]
    row = import_runs.ENGINE.keep(
        [b"email,status\n", *lines], name="list.csv", newsletter=factories.newsletter(), by_name="ann@example.com"
    )
    import_runs.start(row, is_dry_run=False)
    return row


def now(row):
    row.refresh_from_db()
    return row


def test_an_import_whose_worker_is_killed_ends_as_if_it_had_not_been(celery_worker):
    row = begun()
    wait_until(Subscriber.objects.exists, seconds=60, what="the first batch")
    celery_worker.kill()
    assert (now(row).state, Subscriber.objects.count() < ROWS) == ("running", True)
    celery_worker.start()
    SubscriberImport.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    import_subscribers.delay()  # what beat rings
    wait_until(lambda: now(row).state == "done", seconds=60, what="the import")
    assert (Subscriber.objects.count(), ConsentAct.objects.count()) == (ROWS, ROWS)
    assert Subscription.objects.confirmed().count() == ROWS
    assert (row.report["began_anew"], row.report["added"] + row.report["known"]) == (True, ROWS)
    assert (row.rows_done, row.rows_total, row.path.exists()) == (ROWS, ROWS, False)


def test_how_far_it_is_can_be_seen_and_it_stops_when_asked(celery_worker):
    with subscribers_locked() as let_go:
        row = begun()
        wait_until(lambda: now(row).rows_total == ROWS // 5000 * 5000, seconds=60, what="the progress")
        import_runs.ENGINE.cancel(row)
        asked = timezone.now() + row.LEASE
        wait_until(lambda: (now(row).lease_expires_at or asked) > asked + timedelta(seconds=1), what="two looks")
        let_go()
        wait_until(lambda: now(row).state != "running", seconds=60, what="the end")
    assert (row.state, row.path.exists()) == ("cancelled", False)
    assert "Whoever had come in before stays" in row.problem
    assert Subscriber.objects.count() == BATCH


@contextmanager
def subscribers_locked():
    """Nobody can be added until the block lets go."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Subscriber._meta.db_table} IN SHARE MODE")
    try:
        yield other.rollback
    finally:
        other.close()
