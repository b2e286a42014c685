"""The first account is made by a command that asks nothing, and its owner chooses a password by a link."""

import re

import pytest
from django.core.management import CommandError, call_command

from core.models import AuditEntry, User

pytestmark = pytest.mark.django_db


def run(*arguments, capsys):
    call_command("first_administrator", *arguments)
    return capsys.readouterr().out


def test_whoever_has_the_link_chooses_a_password_and_may_do_everything(client, capsys):
    said = run("Ann@News.Example", "--name", "Ann", capsys=capsys)
    path = re.search(r"https?://[^/]+(/\S+)", said)[1]
    form = client.get(path, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "a long enough one", "password2": "a long enough one"})
    assert client.login(email="ann@news.example", password="a long enough one")
    assert client.get("/admin/status/").status_code == 200
    assert AuditEntry.objects.get().detail == "ann@news.example"


def test_there_is_one_only_unless_another_is_asked_for(capsys):
    run("ann@news.example", capsys=capsys)
    with pytest.raises(CommandError, match=r"There is one already: ann@news\.example"):
        run("ben@news.example", capsys=capsys)
    run("ben@news.example", "--another", capsys=capsys)
    assert User.objects.filter(is_superuser=True).count() == 2


@pytest.mark.parametrize(
    ("email", "words"), [("ann", "is no e-mail address"), ("writer@news.example", "has an account")]
)
def test_what_cannot_be_is_said_and_leaves_nothing(email, words, capsys):
    User.objects.create_user("writer@news.example")
    with pytest.raises(CommandError, match=words):
        run(email, capsys=capsys)
    assert User.objects.count() == 1
    assert not AuditEntry.objects.exists()
