"""Staff turn on a second factor, are asked for it, and get in without it only by a recovery code."""

import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import accounts
from core.models import OutgoingMail
from tests.articles import factories
from tests.sponsors.factories import wait

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(db):
    user = factories.user("editor")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client, user):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def turn_on(client, user):
    """Set up an app as its owner does, and return its secret."""
    sign_in(client, user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    return secret


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def is_in(client):
    return client.get(reverse("admin:index")).status_code == 200


def test_a_code_from_the_app_is_asked_for_besides_the_password(ana, client, time_machine):
    secret = turn_on(client, ana)
    client.logout()
    assert sign_in(client, ana).url == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_in(client)
    wait(time_machine, seconds=31)  # a code is good once
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_in(client)


def test_a_recovery_code_lets_in_once(ana, client):
    turn_on(client, ana)
    page = client.get(reverse("mfa_view_recovery_codes"))
    code = page.context["unused_codes"][0]
    assert f"{code}\n" in page.content.decode()
    for expected in (True, False):
        client.logout()
        sign_in(client, ana)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(client) is expected


def test_codes_are_not_guessed_for_long(ana, client, time_machine):
    secret = turn_on(client, ana)
    client.logout()
    sign_in(client, ana)
    wait(time_machine, seconds=31)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Too many" in client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).text
    assert not is_in(client)


def test_a_cache_that_is_down_keeps_nobody_out(ana, client, time_machine, settings):
    dead = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {**settings.CACHES, "server": dead}
    secret = turn_on(client, ana)
    client.logout()
    sign_in(client, ana)
    wait(time_machine, seconds=31)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_in(client)


def test_each_change_is_told_to_the_accounts_owner(ana, client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        turn_on(client, ana)
        client.post(reverse("mfa_generate_recovery_codes"))
        client.post(reverse("mfa_deactivate_totp"))
    assert set(OutgoingMail.objects.values_list("subject", flat=True)) == {
        "An authenticator app was set up",
        "You have new recovery codes",
        "Your authenticator app was removed",
    }
    assert set(OutgoingMail.objects.values_list("recipient", flat=True)) == {ana.email}


@pytest.mark.browser
def test_a_passkey_is_made_and_signs_in(ana, page, live_site):
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    # A passkey belongs to a host name, which 127.0.0.1 is not.
    site = live_site.url.replace("127.0.0.1", "localhost")

    def password(address, button, leads_to):
        page.goto(f"{site}{address}")
        if page.locator("[name=login]").count():
            page.fill("[name=login]", ana.email)
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name=button).click()
        page.wait_for_url(f"{site}{leads_to}")

    password("/accounts/login/", "Sign in", "/admin/")
    password("/accounts/2fa/webauthn/add/", "Confirm", "/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(f"{site}/accounts/2fa/recovery-codes/")
    page.goto(f"{site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/")
    password("/accounts/login/", "Sign in", "/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{site}/admin/")


@pytest.fixture
def asked(settings):
    settings.SECOND_FACTOR_REQUIRED, settings.SECOND_FACTOR_GRACE_DAYS = True, 14


def test_where_it_is_required_staff_are_told_then_led_to_it_and_go_on_with_it(ana, asked, client, time_machine):
    sign_in(client, ana)
    assert "you need a second factor here" in client.get("/admin/").content.decode()
    wait(time_machine, seconds=13 * 86_400)
    sign_in(client, ana)
    assert is_in(client)
    wait(time_machine, seconds=86_401)
    sign_in(client, ana)
    for path in ("/admin/", "/admin/articles/article/"):
        assert client.get(path).url == reverse("mfa_index")
    assert "Set up a second factor to go on" in client.get(reverse("mfa_index")).content.decode()
    for path in (reverse("account_change_password"), reverse("account_time_zone"), "/"):
        assert client.get(path).status_code == 200
    assert client.post("/admin/logout/").status_code == 200
    turn_on(client, ana)
    assert is_in(client)
    assert "you need a second factor" not in client.get("/admin/").content.decode()


def test_who_gives_theirs_up_is_led_to_it_at_once_and_who_lost_it_has_three_days(ana, asked, client, time_machine):
    ana.second_factor_due_at = timezone.now() - timedelta(days=1)
    ana.save()
    turn_on(client, ana)
    assert is_in(client)
    Authenticator.objects.all().delete()
    assert not is_in(client)
    Authenticator.objects.create(user=ana, type="totp", data={})
    accounts.remove_second_factors(ana, by=factories.user("administrator"))
    assert is_in(client)
    wait(time_machine, seconds=3 * 86_400 + 1)
    sign_in(client, ana)
    assert not is_in(client)


def test_where_it_is_not_required_nothing_is_said(ana, client):
    sign_in(client, ana)
    assert "second factor here" not in client.get("/admin/").content.decode()
    ana.refresh_from_db()
    assert ana.second_factor_due_at is None


def test_a_changed_password_ends_the_other_sessions_and_not_ones_own(ana, client):
    elsewhere = Client()
    for each in (client, elsewhere):
        sign_in(each, ana)
        assert is_in(each)
    new = "another horse battery"
    client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}, follow=True
    )
    assert is_in(client)
    assert not is_in(elsewhere)
    ana.set_password(PASSWORD)  # as an administrator does
    ana.save()
    assert not is_in(client)
