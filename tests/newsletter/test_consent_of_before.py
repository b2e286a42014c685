"""The ledger's first rows say what was known before there was one, and no more."""

from hashlib import sha256

import pytest
from django.core.management import call_command
from django.db import connection

from cms.ops import first_migration
from newsletter.models import ConsentAct, Newsletter, Subscriber, Subscription, Suppression
from newsletter.subscribers import consent, standing
from tests import database
from tests.conftest import shared_folder

pytestmark = pytest.mark.django_db(transaction=True)
SUBSCRIBED = """
    INSERT INTO newsletter_subscriber (id, email, canonical, name, created_at) VALUES (%(id)s, %(at)s, %(at)s, '', '2025-01-01Z');
    INSERT INTO newsletter_subscription (newsletter_id, subscriber_id, state, source, requested_at, requested_from,
        consent_text, confirmed_at, confirmed_from, unsubscribed_at, unsubscribed_by)
    VALUES (1, %(id)s, %(state)s, %(source)s, %(asked)s, '192.0.2.0/24', %(text)s, %(confirmed)s, '', %(left)s, %(by)s)
"""
BEFORE = [
    ("form", "confirmed", "form", "2024-05-01Z", "Send it.", "2024-05-02Z", None, ""),
    ("back", "confirmed", "form", "2024-05-01Z", "Send it.", "2024-07-02Z", "2024-06-01Z", "page"),
    ("left", "unsubscribed", "form", "2024-05-01Z", "", "2024-05-02Z", "2024-06-01Z", "one-click"),
    ("asked", "pending", "form", "2024-05-01Z", "", None, None, ""),
    ("dated", "confirmed", "import of x.csv", "2019-05-01Z", "", "2019-05-01Z", None, ""),
    ("made-up", "confirmed", "import of x.csv", "2025-01-01Z", "", "2025-01-01Z", None, ""),
    ("off", "unsubscribed", "import of x.csv", "2025-01-01Z", "", None, "2025-01-01Z", "import"),
    ("bounced", "confirmed", "form", "2024-05-01Z", "", "2024-05-02Z", None, ""),
]


@pytest.fixture
def before():
    """The tables as they were before the ledger, with rows, and then brought up to now; afterwards as they are now."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with first_migration.quickly():
        call_command("migrate", "newsletter", "0002", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO newsletter_newsletter (id, name, slug, description, from_name, is_default, is_open,"
            " counts_reading, ordering) VALUES (1, 'Weekly', 'weekly', '', '', true, true, true, 0)"
        )
        for number, (name, *values) in enumerate(BEFORE, 1):
            keys = ("state", "source", "asked", "text", "confirmed", "left", "by")
            row = dict(zip(keys, values, strict=True)) | {"id": number, "at": f"{name}@example.com"}
            cursor.execute(SUBSCRIBED, row)
        cursor.execute(
            "INSERT INTO newsletter_suppression (digest, reason, note, created_at) VALUES (%s, 'bounce', '', now())",
            [sha256(b"bounced@example.com").hexdigest()],
        )
    with first_migration.quickly():
        call_command("migrate", "newsletter", "0004", verbosity=0)
        call_command("migrate", "newsletter", "0002", verbosity=0)
        call_command("migrate", "newsletter", verbosity=0)
    yield
    database.make_anew(shared_folder())


def test_the_state_of_before_follows_from_the_ledger(before):
    for row in Subscription.objects.select_related("subscriber"):
        found = standing.state(ConsentAct.objects.about(row.subscriber)).lists[1]
        assert (found.state, found.confirmed_at, found.unsubscribed_at) == (
            row.state,
            row.confirmed_at,
            row.unsubscribed_at,
        ), row
    times = dict(Subscription.objects.values_list("subscriber__email", "confirmed_at__year"))
    assert (times["dated@example.com"], times["made-up@example.com"], times["form@example.com"]) == (2019, None, 2024)
    assert Subscriber.objects.get(email="bounced@example.com").suppressed == "bounce"
    assert Suppression.objects.get().digest == Suppression.digest_of("bounced@example.com")
    person = consent.person(Subscriber.objects.get(email="bounced@example.com"))
    assert consent.standings_of([person])[person].suppressed == "bounce"
    assert Newsletter.objects.get().subscriptions.confirmed().count() == 5
    assert Suppression.objects.get().digest == Suppression.digest_of("bounced@example.com")
