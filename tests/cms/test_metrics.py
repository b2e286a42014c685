"""What Prometheus reads: what waits, for those who may know."""

import os
import socket
import time
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from articles.models import Article
from cms.models import Backup
from core.lib import meters
from core.models import OutgoingMail, User
from newsletter.models import Briefing, Delivery, SignUp
from newsletter.sending import deliveries
from surveys import ledger
from surveys.models import Season
from tests.articles import factories
from tests.newsletter import factories as letters
from tests.newsletter.automations import automation, editions
from tests.surveys import factories as voting

pytestmark = pytest.mark.django_db


def figures(client):
    """Every sample by its name, with the state behind it where it has one."""
    text = client.get("/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_it_says_what_waits_and_since_when(client):
    factories.publication()
    late = factories.article()
    Article.objects.filter(pk=late.pk).update(
        state="scheduled", scheduled_version=1, publish_at=timezone.now() - timedelta(minutes=5)
    )
    OutgoingMail.objects.create(recipient="a@example.com", subject="Hello", message=b"x")
    found = figures(client)
    assert found["moonpress_articles_published"] == 1
    assert 300 <= found["moonpress_articles_overdue_seconds"] < 400
    assert found["moonpress_outgoing_mails queued"] == 1
    assert found["moonpress_ballots_unsealed"] == 0


def test_it_takes_few_queries(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(18):
        client.get("/metrics")


def test_it_says_how_old_the_newest_backup_elsewhere_is(client, settings):
    now = timezone.now()
    Backup.objects.create(made_at=now - timedelta(days=9), name="a")
    Backup.objects.create(made_at=now - timedelta(hours=1), name="b")
    assert "moonpress_backup_copied_age_seconds" not in figures(client)
    settings.BACKUP_BUCKET = "s3://bucket/backups"
    assert figures(client)["moonpress_backup_copied_age_seconds"] >= 9 * 86_400, "none is there"
    Backup.objects.create(made_at=now - timedelta(days=3), name="c", is_remote=True)
    assert 3 * 86_400 <= figures(client)["moonpress_backup_copied_age_seconds"] < 4 * 86_400


@pytest.mark.parametrize(
    "stranger", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"REMOTE_ADDR": ""}]
)
def test_without_a_token_only_this_machine_reads_them(client, stranger):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", **stranger).status_code == 401


def test_in_production_nobody_reads_them_without_a_token(client, settings):
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 401


def test_with_a_token_everyone_needs_it(client, settings):
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    answer = client.get("/metrics", headers={"authorization": "Bearer secret"}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_it_says_how_many_letters_of_the_week_may_not_have_left(client):
    newsletter = letters.newsletter()
    for days_ago, uncertain in ((1, 2), (2, 1), (9, 4)):
        made = letters.sent(newsletter, days_ago=days_ago, delivered=10, opened=0, clicked=0)
        Briefing.objects.filter(pk=made.pk).update(delivered=10 - uncertain, uncertain=uncertain)
    assert figures(client)["moonpress_letters_uncertain"] == 3


def test_a_letter_of_an_automation_counts_while_it_waits_and_where_it_may_not_have_left_lately(client):
    newsletter, now = letters.newsletter(), timezone.now()
    made = automation(newsletter, {"letter": "Welcome"})
    (edition,) = editions(made)
    assert figures(client).get("moonpress_briefings sending", 0) == 0
    people = [letters.subscriber(f"{number}@example.com") for number in range(5)]
    given = [
        ("pending", now),
        ("sent", now),
        ("failed", now),
        ("uncertain", now),
        ("uncertain", now - timedelta(days=9)),
    ]
    for person, (state, due_at) in zip(people, given, strict=True):
        sent_at = now if state == "sent" else None
        Delivery.objects.create(briefing=edition, subscriber=person, state=state, due_at=due_at, sent_at=sent_at)
    Briefing.every.filter(pk=edition.pk).update(candidates=len(given))
    deliveries.reconcile(edition.pk)
    found = figures(client)
    names = ["briefings sending", "deliveries pending", "letters_uncertain"]
    assert [found[f"moonpress_{name}"] for name in names] == [1, 1, 1]
    assert "moonpress_deliveries sent" not in found


def test_it_says_how_late_each_queue_is(client):
    newsletter = letters.newsletter()
    SignUp.objects.create(
        email="a@example.com",
        canonical="a@example.com",
        newsletter=newsletter,
        due_at=timezone.now() - timedelta(hours=1),
    )
    found = figures(client)
    late = {name.split()[1]: value for name, value in found.items() if name.startswith("moonpress_waiting_seconds")}
    assert late.keys() == {"mail", "calls", "sign_ups", "letters", "articles", "ballots"}
    assert 3600 <= late["sign_ups"] < 3700
    assert late["mail"] == 0


def test_it_counts_answers_by_route_and_sign_ins_by_how_they_ended(client):
    before = figures(client)
    client.get("/no-such-page/")
    User.objects.create_user("ann@example.com", "right-and-long")
    for password in ("wrong", "right-and-long"):
        client.post("/accounts/login/", {"login": "ann@example.com", "password": password})
    found = figures(client)

    def more(name):
        return found[name] - before.get(name, 0)

    assert more("moonpress_answers_total none 404") == 1
    assert more("moonpress_request_seconds_count POST accounts/login/") == 2
    assert more("moonpress_sign_ins_total wrong password") == more("moonpress_sign_ins_total accepted") == 1


def test_what_other_containers_left_goes_a_day_later(tmp_path):
    own, other = f"{socket.gethostname()}-", "0123456789ab-"
    now = time.time()
    given = {f"{own}1": 9, f"{own}999999999": 0, f"{other}1": 2, f"{other}2": 0}  # with their ages in days
    for name, days in given.items():
        file = tmp_path / name / "counter_1.db"
        file.parent.mkdir()
        file.write_text("x")
        for path in (file, file.parent):
            os.utime(path, (now - days * 86_400,) * 2)
    os.utime(tmp_path / f"{other}2", (0, 0))  # it makes no new file, but counts
    meters.drop_left(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{own}1", f"{other}2"}


def test_ballots_are_late_only_where_enough_wait_to_be_sealed(client):
    def late():
        return figures(client)["moonpress_waiting_seconds ballots"]

    season = voting.draft_season()
    Season.objects.update(state="voting", opens_at=timezone.now() - timedelta(hours=2))
    wallet = season.categories.get()
    voting.cast(wallet, {"nominee": "ada"}, ledger.BATCH_LEAST - 1)
    assert late() == 0, "they wait on purpose"
    voting.cast(wallet, {"nominee": "ada"})
    assert 7200 <= late() < 7300, "no head was ever signed"
    voting.cast(wallet, {"nominee": "ada"}, sealed=True)
    voting.cast(wallet, {"nominee": "ada"}, ledger.BATCH_LEAST)
    assert late() < 60


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_a_web_server_count_together(live_site):
    def asked():
        text = urllib.request.urlopen(f"{live_site.url}/metrics").read().decode()
        families = text_string_to_metric_families(text)
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in families
            for sample in family.samples
        }

    before = asked()
    for _ in range(6):  # each on a connection of its own, so that both processes answer some
        urllib.request.urlopen(f"{live_site.url}/healthz").read()
        urllib.request.urlopen(f"{live_site.url}/").read()
    found = asked()
    name = "moonpress_request_seconds_count GET healthz"
    assert found[name] - before.get(name, 0) == 6
    pages = [f"moonpress_pages_total {answer}" for answer in ("kept", "made")]
    assert sum(found.get(name, 0) - before.get(name, 0) for name in pages) >= 6
