"""Who pays us is decided on while the briefing that names them is being frozen."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import pagecache
from newsletter.models import Briefing
from newsletter.sending import freeze, payers
from sponsors import flags
from tests.newsletter import factories
from tests.newsletter.sending import reload
from tests.smtp import wait_until
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_decision_waits_for_the_freeze_holds_it_and_meanwhile_nobody_else_up():
    weekly, somebody = factories.newsletter(), factories.user()
    factories.subscription(weekly)
    ads.running()
    briefing = factories.briefing(weekly, items=[{"kind": "text", "html": "<p>We spoke to Northwind Custody.</p>"}])
    (flag,) = payers.look_at(briefing)
    flags.decide(flag, "disclosed", by=somebody)
    due = {"state": "approved", "approved_at": timezone.now(), "scheduled_at": timezone.now()}
    Briefing.objects.filter(pk=briefing.pk).update(**due)

    def shown():
        try:
            return payers.flags_of(reload(briefing))
        finally:
            connection.close()

    def hold():
        try:
            return flags.decide(flag, "held", by=somebody)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert freeze.freeze(briefing.pk)
            assert thread.submit(shown).result(10) == [flag]  # the page of it does not wait
            deciding = thread.submit(hold)
            wait_until(somebody_waits)
            pagecache.bump()  # as whoever publishes an article does
        deciding.result(20)
    held = reload(briefing)
    assert held.state == "paused"
    assert "Northwind Custody pays us" in held.trouble


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]
