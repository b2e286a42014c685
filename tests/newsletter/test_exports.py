"""A list can be taken elsewhere, with everybody who said no in it as such."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from newsletter.models import Subscription
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    """A list with one subscriber of each kind."""
    made = factories.newsletter()
    for name, state in {"on": "confirmed", "off": "unsubscribed", "asked": "pending"}.items():
        factories.subscription(made, f"{name}@example.com", state=state)
    for name, reason in {"bounced": "bounce", "angry": "complaint", "no": "staff"}.items():
        factories.subscription(made, f"{name}@example.com")
        factories.suppression(reason, f"{name}@example.com")
    return made


@pytest.fixture
def files(weekly, tmp_path):
    def files(form):
        call_command("export_subscribers", str(tmp_path / "list.csv"), "--format", form)
        return sorted(tmp_path.iterdir())

    return files


@pytest.mark.parametrize("form", ["plain", "listmonk", "mailchimp"])
def test_what_was_exported_comes_in_again_as_it_was(files, form):
    factories.newsletter(name="Copy", slug="copy", is_default=False)
    call_command("import_subscribers", *map(str, files(form)), "--newsletter", "copy")
    found = Subscription.objects.filter(newsletter__slug="copy", subscriber__suppressed="")
    expected = {"on@example.com": "confirmed", "off@example.com": "unsubscribed"}
    if form == "plain":
        expected["asked@example.com"] = "pending"
    assert dict(found.values_list("subscriber__email", "state")) == expected


def test_mailchimp_gets_its_three_files(files):
    names = {path.stem.partition("-")[2]: path.read_text() for path in files("mailchimp")}
    assert {name: text.count("@") for name, text in names.items()} == {"subscribed": 1, "unsubscribed": 3, "cleaned": 1}
    assert "bounced@example.com" in names["cleaned"]


@pytest.mark.parametrize("form", ["plain", "listmonk", "mailchimp"])
def test_a_pause_is_a_no_elsewhere(weekly, files, form):
    Subscription.objects.filter(subscriber__email="on@example.com").update(
        paused_until=timezone.now() + timedelta(days=9)
    )
    lines = [(path.stem, line) for path in files(form) for line in path.read_text().splitlines() if "on@" in line]
    ((name, line),) = lines
    assert {"plain": ",paused,", "listmonk": ",disabled,", "mailchimp": ""}[form] in line
    assert name == ("list-unsubscribed" if form == "mailchimp" else "list")


def test_listmonk_blocks_whoever_is_suppressed(files):
    (path,) = files("listmonk")
    assert path.read_text().count(",blocklisted,") == 3
    assert "asked@example.com" not in path.read_text()


def test_the_dates_and_the_name_go_along(weekly, tmp_path):
    row = Subscription.objects.get(subscriber__email="on@example.com")
    row.subscriber.name = "Zoë, the reader"
    row.subscriber.save()
    call_command("export_subscribers", str(tmp_path / "x.csv"))
    line = next(line for line in (tmp_path / "x.csv").read_text().splitlines() if line.startswith("on@"))
    assert line.startswith(f'on@example.com,"Zoë, the reader",active,{row.requested_at.isoformat()},')


def test_a_file_that_is_there_is_not_written_over(files):
    files("plain")
    with pytest.raises(CommandError, match="File exists"):
        files("plain")
