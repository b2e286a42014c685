"""The environment variables: documented, and missed loudly in production."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from cms.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


def documented():
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def read_by_settings():
    """The names in env.text("NAME") and its like."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / "cms/settings.py").read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called.startswith("env."):
                names.add(str(node.args[0].value))
    return names | {"SITE_URL"}


def read_by_the_procfile():
    return set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text()))


def test_the_example_names_every_variable_and_no_other():
    assert documented() == read_by_settings() | read_by_the_procfile()


def test_copying_the_example_changes_nothing():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


COMPLETE = {
    "PRODUCTION": "1",
    "SECRET_KEY": "$long enough to be no guess, and beginning with a dollar",
    "SITE_URL": "https://news.example",
    "DATABASE_URL": "postgres://nobody@localhost/none",
    "EMAIL_URL": "smtp://localhost",
}


def start_with(environment, var):
    clean = {name: value for name, value in os.environ.items() if name not in documented()}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"],
        env=clean | {"MOONPRESS_VAR": str(var)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "DATABASE_URL", "EMAIL_URL"])
def test_production_does_not_start_without(name, tmp_path):
    refused = start_with(COMPLETE | {name: ""}, tmp_path)
    assert refused.returncode != 0
    assert refused.stderr.startswith(f"moonpress: {name} is not set.")
    assert len(refused.stderr.splitlines()) == 1


def test_production_starts_with_them(tmp_path):
    assert start_with(COMPLETE, tmp_path).returncode == 0
    assert not (tmp_path / "secret_key").exists(), "a secret was made up where production has its own"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "x", "has 1 characters and can be guessed"),
        ("SITE_URL", "news.example", "does not begin with http:// or https://"),
        ("SITE_URL", "https://", "names no host"),
        ("SITE_URL", "https://news.example/blog", "names a path"),
        ("DATABASE_URL", "mysql://nobody@localhost/none", "does not begin with postgres://"),
        ("DATABASE_URL", "postgres://nobody:pass/word@localhost/none", "write them as %2F"),
        ("CELERY_BROKER_URL", "redis://:pass#word@localhost/0", "write them as %2F, %3F and %23"),
        ("CELERY_BROKER_URL", "rabbitmq", "does not begin with redis://"),
        ("CACHE_URL", "redis://localhost:port/1", "a port that is not a number"),
        ("EMAIL_URL", "mail.example:587", "does not begin with smtp://"),
        ("BEHIND_PROXY", "nginx", "is 1 or 0"),
        ("NEWSLETTER_PUMPS", "many", "is a number"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is DEBUG"),
        ("MAIL_PROVIDER", "pigeons", "is one of amazon-ses, brevo,"),
        ("MAIL_PROVIDER", "brevo", "is set and MAIL_PROVIDER_SECRET is not"),
        ("MAIL_PROVIDER_SECRET", "a-secret-of-the-webhook", "is set and MAIL_PROVIDER is not"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(name, value, said, tmp_path):
    refused = start_with(COMPLETE | {name: value}, tmp_path)
    assert refused.returncode != 0
    assert refused.stderr.startswith(f"moonpress: {name} ")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_backups_do_not_lie_where_readers_look(tmp_path):
    media = {"MEDIA_BUCKET": "s3://key:secret@s3.example/moonpress/site"}
    for folder, is_taken in (("site", False), ("site/backups", False), ("", False), ("sites", True)):
        done = start_with(COMPLETE | media | {"BACKUP_BUCKET": f"s3://s3.example/moonpress/{folder}"}, tmp_path)
        assert (done.returncode == 0) is is_taken, folder
        assert is_taken or done.stderr.startswith("moonpress: BACKUP_BUCKET and MEDIA_BUCKET are one folder")
    refused = start_with(COMPLETE | {"BACKUP_FOLDER": str(tmp_path / "media" / "x")}, tmp_path)
    assert refused.stderr.startswith("moonpress: BACKUP_FOLDER is within")


def test_a_providers_secret_that_stands_in_an_address_is_long_enough_and_plain():
    env = Environment()
    env.ENVIRON = {"MAIL_PROVIDER": " Brevo "}
    assert env.mail_provider("MAIL_PROVIDER", secret="0123456789abcdef") == "brevo"
    for secret in ("0123456789abcde", "0123456789abcdef/", "0123456789:abcdef"):
        with pytest.raises(
            ImproperlyConfigured, match=r"^MAIL_PROVIDER_SECRET is at least 16 letters and digits for Brevo"
        ):
            env.mail_provider("MAIL_PROVIDER", secret=secret)


def test_a_value_is_what_it_says():
    env = Environment()
    env.ENVIRON = {"SECRET_KEY": "$HOME", "HOME": "/root", "ALLOWED_HOSTS": " one.example , two.example,"}
    assert env.text("SECRET_KEY") == "$HOME"
    assert env.names("ALLOWED_HOSTS") == ["one.example", "two.example"]
    assert env.address("DATABASE_URL", schemes=("postgres",), example="") == ""


def test_a_value_may_stand_in_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("$from a file, with a dollar\n")
    env = Environment()
    env.ENVIRON = {"SECRET_KEY_FILE": str(secret), "EMAIL_URL": "smtp://localhost"}
    assert env.text("SECRET_KEY") == "$from a file, with a dollar"
    assert env.text("EMAIL_URL") == "smtp://localhost"
    env.ENVIRON |= {"SECRET_KEY": "another"}
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY and SECRET_KEY_FILE are both set"):
        env.text("SECRET_KEY")
    env.ENVIRON = {"SECRET_KEY_FILE": str(tmp_path / "none")}
    with pytest.raises(
        ImproperlyConfigured, match=r"^SECRET_KEY_FILE names .*none, which cannot be read: No such file"
    ):
        env.text("SECRET_KEY")


def test_a_setting_that_needs_a_package_says_which_file_brings_it():
    with pytest.raises(ImproperlyConfigured, match=r"^SENTRY_DSN is set, but no_such is not .*requirements-operations"):
        Environment().needing("SENTRY_DSN", "x", module="no_such.module")
    assert Environment().needing("SENTRY_DSN", "", module="no_such.module") == ""


def test_numbers_come_as_many_as_are_asked_for():
    env = Environment()
    env.ENVIRON = {"GOOD": "1, 2,3", "SHORT": "1,2", "WORDS": "a,b,c"}
    assert env.numbers("GOOD", default=(7, 4, 6)) == (1, 2, 3)
    assert env.numbers("NONE", default=(7, 4, 6)) == (7, 4, 6)
    for name in ("SHORT", "WORDS"):
        with pytest.raises(ImproperlyConfigured, match=rf"^{name} is 3 numbers such as 7,4,6"):
            env.numbers(name, default=(7, 4, 6))


def test_media_lie_here_or_at_a_cdn():
    env = Environment()
    env.ENVIRON = {"CDN": "https://cdn.example/pictures", "WRONG": "cdn.example"}
    assert env.media_url("NONE", own="/media/") == "/media/"
    assert env.media_url("CDN", own="/media/") == "https://cdn.example/pictures/"
    with pytest.raises(ImproperlyConfigured, match=r"^WRONG does not begin with https://"):
        env.media_url("WRONG", own="/media/")
