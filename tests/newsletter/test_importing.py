"""Subscribers from other systems: consent comes along, nobody who left is brought back, bad files leave nothing."""

import pytest
from django.core.management import CommandError, call_command

from newsletter.models import Subscriber, Subscription, Suppression
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return factories.newsletter()


@pytest.fixture
def run(weekly, tmp_path, capsys):
    def run(content, *options):
        file = tmp_path / "list.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_subscribers", str(file), *options)
        said = capsys.readouterr()
        return said.out + said.err

    return run


def states():
    return dict(Subscription.objects.values_list("subscriber__canonical", "state"))


def test_consent_comes_along(run):
    run(
        "Email Address,First Name,Last Name,CONFIRM_TIME,CONFIRM_IP\nAnn@Example.com,Ann,Lee,2023-03-24 10:23:10,203.0.113.9\n"
    )
    row = Subscription.objects.select_related("subscriber").get()
    assert (row.subscriber.email, row.subscriber.name, row.state) == ("Ann@example.com", "Ann Lee", "confirmed")
    assert f"{row.confirmed_at:%Y-%m-%d %H:%M}" == "2023-03-24 10:23"
    assert (row.confirmed_from, row.source) == ("203.0.113.0/24", "import of list.csv")


def test_a_second_time_changes_nothing(run):
    run("email\na@example.com\nb@example.com\n")
    assert "0 added to Weekly, 2 there already" in run("email\nA@EXAMPLE.com\nb@example.com\n")


@pytest.mark.parametrize("reason", ["bounce", "complaint", "erased", "staff"])
def test_the_suppressed_stay_out(run, reason):
    factories.suppression(reason, "a@example.com")
    assert "1 left alone" in run("email\na@example.com\n")
    assert not Subscriber.objects.exists()


def test_the_unsubscribed_stay_unsubscribed(run, weekly):
    factories.subscription(weekly, "a@example.com", state="unsubscribed")
    assert "1 left alone" in run("email\na@example.com\n")
    assert states() == {"a@example.com": "unsubscribed"}


@pytest.mark.parametrize(
    "content",
    [
        "email,status,unsubscribed_at\na@example.com,inactive,\n",
        "Email Address,UNSUB_TIME\na@example.com,2024-01-01 10:00:00\n",
        "email,active_subscription,email_disabled\na@example.com,false,true\n",
        "email,subscribed_to_emails\na@example.com,false\n",
        "email,attributes,status\na@example.com,{},blocklisted\n",
    ],
)
def test_who_left_there_has_left_here(run, content):
    run(content)
    assert states() == {"a@example.com": "unsubscribed"}


def test_what_bounced_there_is_suppressed_here(run):
    run("Email Address,CLEAN_TIME\na@example.com,2024-01-01 10:00:00\n")
    assert Suppression.objects.get().reason == "bounce"
    assert not Subscription.objects.exists()


def test_a_bad_address_is_reported_by_its_line_and_the_others_come_in(run):
    said = run("email\na@example.com\nnonsense\nb@example.com\n")
    assert "line 3: This is not an e-mail address" in said
    assert "2 added" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"email,name\na@example.com,Zo\xeb\n", "not UTF-8"),
        ("name,city\nAnn,Rome\n", "no column is named"),
        ("", "no column is named"),
        ("email,name\na@example.com,Ann\nb@exam", "line 3: 1 fields instead of 2"),
        ('email,name\na@example.com,"Ann', "unexpected end of data"),
    ],
)
def test_a_bad_file_is_explained_and_leaves_nothing(run, content, words):
    with pytest.raises(CommandError, match=words):
        run(content)
    assert not Subscriber.objects.exists()


def test_a_missing_file_and_a_missing_list_are_explained(run, weekly, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_subscribers", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="There is no newsletter nope"):
        run("email\na@example.com\n", "--newsletter", "nope")


def test_a_dry_run_changes_nothing(run):
    assert "1 added" in run("email\na@example.com\n", "--dry-run")
    assert not Subscriber.objects.exists()
