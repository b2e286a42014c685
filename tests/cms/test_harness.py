"""The tests' own ground: what it promises to those that stand on it."""

import ast
import re
import smtplib
import urllib.request
from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from core.models import OutgoingMail, SiteProfile
from core.tasks import send_outgoing_mail
from tests.smtp import wait_until

FOLDER = Path(__file__).resolve().parents[1]


def commit_mail(recipient):
    OutgoingMail.objects.create(kind="test", recipient=recipient, subject="Hi", message=b"Subject: Hi\r\n\r\nHi\r\n")
    send_outgoing_mail.delay_on_commit()


def wrong_with(source):
    """What a file of tests has that it should not: types, mocks, and patches but those of the settings of Django and Celery."""
    nodes = list(ast.walk(ast.parse(source)))
    arguments = [node.arg for node in nodes if isinstance(node, ast.arg) and node.annotation]
    answers = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.returns]
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    patched = set(re.findall(r"\.setattr\((\w+\.?\w*)", source)) - {"app.conf"}
    return [*arguments, *answers, *(line for line in imports if "mock" in line), *sorted(patched)]


def test_files_of_tests_carry_no_types_and_patch_nothing_of_ours():
    texts = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.glob("*/**/*.py")}
    wrong = {name: found for name, text in texts.items() if (found := wrong_with(text))}
    assert wrong == {}, "see “Tests” in CONTRIBUTING.md"
    assert len(texts) > 300


@pytest.mark.parametrize(
    "source",
    [
        "def one(value: int): ...",
        "def one() -> None: ...",
        "from unittest import mock",
        "patch\x2esetattr(ours, 'x', 1)",
    ],
)
def test_a_file_that_carries_types_or_patches_is_found(source):
    assert len(wrong_with(source)) == 1


def test_the_smtp_server_keeps_the_exact_bytes(smtp_server):
    message = b"Subject: x\r\n\r\n..a dot\r\n  trailing \r\n"
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        client.sendmail("a@example.com", ["b@example.com"], message)
    (received,) = smtp_server.wait_for(1)
    assert (received.sender, received.recipients, received.message) == ("a@example.com", ["b@example.com"], message)


def test_the_smtp_server_refuses_whom_it_was_told_to(smtp_server):
    smtp_server.refuse("gone@example.com", "550 5.1.1 No such user", times=1)
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="No such user"):
            client.sendmail("a@example.com", ["gone@example.com"], b"x")
        client.sendmail("a@example.com", ["gone@example.com"], b"x")
    assert len(smtp_server.to("gone@example.com")) == 1


def test_the_smtp_server_loses_only_its_answer(smtp_server):
    smtp_server.hang_up("b@example.com", at="ACCEPTED")
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client, pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail("a@example.com", ["b@example.com"], b"x")
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize("attempt", [1, 2])
def test_the_worker_sends_what_a_committed_row_asks_for(celery_worker, smtp_server, attempt):
    commit_mail(f"reader{attempt}@example.com")
    (received,) = smtp_server.wait_for(1)
    assert received.recipients == [f"reader{attempt}@example.com"]
    assert Group.objects.filter(name="editor").exists(), "what migrations put in is there for every test"


def test_a_killed_worker_can_be_started_again(celery_worker, smtp_server):
    celery_worker.kill()
    commit_mail("reader@example.com")
    assert not smtp_server.messages
    celery_worker.start()
    smtp_server.wait_for(1)


def test_the_live_site_shows_what_was_committed_here(live_site):
    SiteProfile(name="The Selenographer").save()

    def front_page():
        return urllib.request.urlopen(f"{live_site.url}/", timeout=10).read().decode()

    wait_until(lambda: "The Selenographer" in front_page(), what="the new name")


@pytest.mark.browser
def test_the_browser_reads_the_live_site(page):
    page.goto("/")
    assert page.title()
