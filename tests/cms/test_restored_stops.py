"""A restored backup mails nobody who said no after it was made."""

import pytest
from django.db import connection
from django.utils import timezone

from newsletter.models import ConsentAct, Subscriber, Subscription, Suppression
from newsletter.subscribers import consent, stops, subscriptions
from newsletter.subscribers.restored_stops import reapply
from tests.cms.test_backup import Elsewhere, elsewhere  # noqa: F401 (a fixture)
from tests.newsletter import factories
from tests.processes import manage_command

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_stops():
    stops.path().unlink(missing_ok=True)
    yield
    stops.path().unlink(missing_ok=True)


@pytest.fixture
def weekly():
    return factories.newsletter()


def say_no(name, weekly):
    person = Subscriber.objects.get(email=f"{name}@example.com")
    if name == "leaver":
        subscriptions.unsubscribe(subscriber_id=person.pk, newsletter_id=weekly.pk, by="one-click")
    elif name == "erased":
        subscriptions.erase(person)
    elif name == "bounced":
        consent.record(consent.NewAct(consent.person(person), "bounced", "server"))


def test_who_said_no_since_the_backup_is_stopped_again(weekly, elsewhere, tmp_path):  # noqa: F811
    for name in ("leaver", "erased", "bounced", "stayer"):
        factories.subscription(weekly, f"{name}@example.com")
    backup = tmp_path / "site.tar"
    assert manage_command("backup", str(backup)).returncode == 0
    for name in ("leaver", "erased", "bounced"):
        say_no(name, weekly)
    elsewhere.var.mkdir()
    (elsewhere.var / stops.NAME).write_bytes(stops.path().read_bytes())
    done = elsewhere.run("restore", str(backup))
    assert "stops: 3 persons" in done.stdout, done.stderr
    mailable = (
        "SELECT string_agg(email, ',') FROM newsletter_subscriber s JOIN newsletter_subscription n"
        " ON n.subscriber_id = s.id WHERE n.state = 'confirmed' AND s.suppressed = ''"
    )
    assert elsewhere.query(mailable) == "stayer@example.com"
    assert elsewhere.query("SELECT count(*) FROM newsletter_subscriber WHERE email LIKE 'erased@%'") == 0


def test_the_file_names_nobody_and_is_for_its_owner_alone(weekly):
    row = factories.subscription(weekly)
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="page")
    text = stops.path().read_text()
    assert "ann" not in text
    assert Suppression.digest_of("ann@example.com") in text
    assert stops.path().stat().st_mode & 0o777 == 0o600


def test_who_came_back_stays_and_a_second_time_changes_nothing(weekly):
    row = factories.subscription(weekly)
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="page")
    consent.record(consent.NewAct(consent.person(row.subscriber), "confirmed", "subscriber", weekly.pk))
    assert reapply() == 0
    assert Subscription.objects.get().state == "confirmed"


def lose_acts_after(act):
    """Bring the ledger of the one address back to what a backup of that moment holds."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        ConsentAct.objects.filter(pk__gt=act.pk).delete()
        cursor.execute("SET session_replication_role = DEFAULT")


def test_a_complaint_is_stopped_again_where_the_backup_knows_of_a_bounce_alone(weekly):
    person = consent.person(factories.subscription(weekly).subscriber)
    consent.record(consent.NewAct(person, "bounced", "server"))
    backup = ConsentAct.objects.latest("pk")
    consent.record(consent.NewAct(person, "complained", "server"), consent.NewAct(person, "bounced", "server"))
    lose_acts_after(backup)
    Subscriber.objects.update(suppressed="bounce")
    Suppression.objects.update(reason="bounce")
    assert reapply() == 1
    assert (Subscriber.objects.get().suppressed, Suppression.objects.get().reason) == ("complaint", "complaint")
    assert reapply() == 0


def test_whoever_came_back_and_was_erased_a_second_time_is_erased_again(weekly):
    subscriptions.erase(factories.subscription(weekly).subscriber)
    again = factories.subscription(weekly).subscriber
    consent.record(consent.NewAct(consent.person(again), "lifted", "subscriber"))
    at = timezone.now().isoformat()
    stops.append([stops.Stop(at, "erased", Suppression.digest_of(again.canonical))])
    assert reapply() == 1
    assert not Subscriber.objects.exists()
    assert reapply() == 0


def test_a_line_that_was_cut_short_stops_no_other(weekly):
    row = factories.subscription(weekly)
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="page")
    with stops.path().open("a") as file:
        file.write('{"at": "2026-')
    assert [stop.act for stop in stops.read()] == ["confirmed", "left"]
