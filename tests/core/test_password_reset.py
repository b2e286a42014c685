"""A forgotten password: a link by our own mail, to the account's own address, the same answer for everybody."""

import email
import re
from email.policy import default

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from core.models import OutgoingMail, User
from tests.core.test_sign_in import PASSWORD, is_in, sign_in

pytestmark = pytest.mark.django_db
NEW = {"password1": "another horse battery", "password2": "another horse battery"}


@pytest.fixture
def ana():
    return User.objects.create_user("ana@example.com", PASSWORD, name="Ana Lind")


def ask(client, address, **extra):
    return client.post(reverse("account_reset_password"), {"email": address}, **extra)


def sent():
    return list(OutgoingMail.objects.order_by("pk").values_list("recipient", "subject"))


def message():
    return email.message_from_bytes(bytes(OutgoingMail.objects.latest("pk").message), policy=default)


def link():
    return re.search(r"http\S+", message().get_body(("plain",)).get_content())[0]


def test_the_link_goes_by_the_sites_own_address_whatever_the_request_says(ana, settings):
    settings.ALLOWED_HOSTS = ["*"]
    ask(Client(headers={"Host": "evil.example:8080"}), "ANA@example.com")
    assert link().startswith(f"{settings.SITE_URL}/accounts/password/reset/key/")
    assert b"evil" not in bytes(OutgoingMail.objects.get().message)


def test_it_is_mail_of_ours(client, ana, settings):
    ask(client, ana.email)
    made = message()
    assert (made["From"], made["Subject"]) == (
        f"Moonpress <{settings.DEFAULT_FROM_EMAIL}>",
        "Choose a new password for Moonpress",
    )
    assert "Choose a new password</a>" in made.get_body(("html",)).get_content()


def test_the_link_is_good_once_and_ends_other_sessions(client, ana):
    elsewhere = Client()
    elsewhere.force_login(ana)
    ask(client, ana.email)
    first = link()
    page = client.get(first, follow=True)
    client.post(page.redirect_chain[-1][0], NEW)
    assert elsewhere.get("/admin/").status_code == 302
    assert sent()[-1] == (ana.email, "Your password was changed")
    assert "no longer works" in Client().get(first, follow=True).text
    sign_in(client, ana.email, NEW["password1"])
    assert is_in(client)


@pytest.mark.parametrize("address", ["nobody@example.com", "bob@example.com", "x@exämple.com"])
def test_where_there_is_no_account_nobody_is_written_to_and_the_answer_is_the_same(client, ana, address):
    User.objects.create_user("bob@example.com", is_active=False)
    known, unknown = ask(client, ana.email), ask(client, address)
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert sent() == [(ana.email, "Choose a new password for Moonpress")]


def test_an_address_that_somebody_added_to_their_account_leads_nowhere(client, ana):
    mallory = User.objects.create_user("mallory@example.com", PASSWORD)
    for verified in (False, True):
        EmailAddress.objects.create(user=mallory, email=f"{verified}-ana@example.com", verified=verified)
        ask(client, f"{verified}-ana@example.com")
    EmailAddress.objects.create(user=mallory, email=ana.email)
    ask(client, ana.email)
    assert sent() == [(ana.email, "Choose a new password for Moonpress")]
    assert "Choose a new password" in client.get(link(), follow=True).text


def test_a_mailbox_is_not_flooded(client, ana):
    for number in range(5):
        assert ask(client, ana.email, REMOTE_ADDR=f"203.0.113.{number}").status_code == 302
    assert len(sent()) == 3


def test_one_place_does_not_ask_for_ever(client):
    for number in range(20):
        ask(client, f"nobody{number}@example.com")
    assert "Too many" in ask(client, "nobody@example.com").text
    assert ask(client, "nobody@example.com", REMOTE_ADDR="203.0.113.1").status_code == 302


def test_a_mail_server_and_a_cache_that_are_down_are_no_error_page(client, ana, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    dead = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {**settings.CACHES, "server": dead}
    assert ask(client, ana.email).status_code == 302
    assert len(sent()) == 1
    sign_in(client, ana.email)
    assert is_in(client)


def test_a_password_that_is_changed_is_told(client, ana):
    client.force_login(ana)
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **NEW})
    assert sent() == [(ana.email, "Your password was changed")]
