"""Staff sign in by e-mail; accounts are made by administrators only."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from core import sign_in_limits, urls
from core.lib.roles import ROLES
from core.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ana():
    return User.objects.create_user("Ana@example.com", PASSWORD, name="Ana Lind")


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def is_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("email", ["Ana@example.com", "ana@EXAMPLE.com"])
def test_it_signs_in_by_email_in_any_case(client, ana, email):
    assert sign_in(client, email).url == reverse("admin:index")


def test_a_wrong_password_is_refused_in_words(client, ana):
    response = sign_in(client, "ana@example.com", "wrong")
    assert response.status_code == 200
    assert "not correct" in response.text


def test_an_inactive_account_cannot_sign_in(client, ana):
    User.objects.update(is_active=False)
    sign_in(client, "ana@example.com")
    assert not is_in(client)


def test_guessing_passwords_is_slowed_down(client, ana):
    for _ in range(10):
        sign_in(client, "ana@example.com", "wrong")
    assert not is_in(client)
    assert "Too many" in sign_in(client, "ana@example.com").text


@pytest.mark.parametrize("behind_proxy", [True, False])
def test_wrong_passwords_from_elsewhere_lock_nobody_out(client, ana, settings, behind_proxy):
    settings.BEHIND_PROXY = behind_proxy

    def where(address):
        proxied = {"REMOTE_ADDR": "192.0.2.1", "headers": {"X-Forwarded-For": address}}
        return proxied if behind_proxy else {"REMOTE_ADDR": address}

    for number in range(40):
        guessed = ana.email if number < 10 else f"nobody{number}@example.com"
        sign_in(Client(), guessed, "wrong", **where("203.0.113.1"))
    assert "Too many" in sign_in(Client(), ana.email, **where("203.0.113.1")).text
    sign_in(client, ana.email, **where("203.0.113.2"))
    assert is_in(client)


def test_right_passwords_are_not_counted(client, ana):
    for _ in range(12):
        sign_in(client, ana.email)
        assert is_in(client)
        client.logout()


def test_an_account_is_guessed_a_hundred_times_an_hour_and_its_owners_browser_still_gets_in(client, ana, rf):
    sign_in(client, ana.email)
    known = client.cookies.copy()
    for number in range(100):
        sign_in_limits.take(*sign_in_limits.of_password(rf.get("/", REMOTE_ADDR=f"203.0.113.{number}"), ana.email))
    assert "Too many" in sign_in(Client(REMOTE_ADDR="198.51.100.1"), ana.email).text
    owner = Client(REMOTE_ADDR="198.51.100.2")
    owner.cookies = known
    owner.cookies.pop("sessionid")
    sign_in(owner, ana.email)
    assert is_in(owner)


def test_a_browser_does_not_make_itself_known(ana, rf, client):
    sign_in(client, ana.email)
    (name,) = (name for name in client.cookies if name.startswith("known_"))
    assert (client.cookies[name]["path"], client.cookies[name]["httponly"]) == ("/accounts/", True)
    request = rf.get("/")
    request.COOKIES[name] = "1:made:up"
    assert not sign_in_limits.is_known(request, ana.email)
    request.COOKIES[name] = client.cookies[name].value
    assert sign_in_limits.is_known(request, ana.email)
    assert not sign_in_limits.is_known(request, "other@example.com")


def test_the_old_password_is_not_guessed_by_whoever_finds_a_browser_open(client, ana):
    client.force_login(ana)
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    for _ in range(6):
        client.post(reverse("account_change_password"), {"oldpassword": "wrong", **new})
    assert "Too many" in client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **new}).text


def test_nobody_can_register(client):
    assert "Accounts are created by the newsroom" in client.get(reverse("account_signup")).text
    client.post(reverse("account_signup"), {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()


def test_the_admin_sends_strangers_to_the_sign_in_page(client):
    assert client.get("/admin/").url.startswith("/admin/login/")
    assert reverse("account_login") in client.get("/admin/login/?next=/admin/").url


def test_two_accounts_cannot_differ_by_case_alone(ana):
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANA@example.com", PASSWORD)


def test_every_role_is_a_group():
    assert set(ROLES) == set(Group.objects.values_list("name", flat=True))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
def test_only_administrators_see_accounts(client, role, ana):
    ana.groups.add(Group.objects.get(name=role))
    client.force_login(ana)
    assert client.get("/admin/core/user/").status_code == 403


def test_an_administrator_makes_an_account(client, ana):
    ana.groups.add(Group.objects.get(name="administrator"))
    client.force_login(ana)
    data = {
        "email": "new@example.com",
        "name": "New",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post("/admin/core/user/add/", data).status_code == 302
    assert User.objects.get(email="new@example.com").check_password(PASSWORD)


# What is offered, and what is not

OFFERED = {
    "account_login", "account_logout", "account_inactive", "account_reauthenticate", "account_change_password",
    "account_set_password", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "mfa_index", "mfa_authenticate",
    "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn", "account_time_zone",
}  # fmt: skip


def named(patterns):
    for pattern in patterns:
        yield from named(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern.name]


def test_of_the_library_nothing_is_offered_but_what_the_newsroom_needs():
    assert set(named(urls.urlpatterns)) == OFFERED | {"calendar-feed", "account_api_keys"}


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/x/", "login/code/", "phone/change/", ""])
def test_nobody_adds_an_address_to_their_account(client, ana, path):
    client.force_login(ana)
    assert client.get(f"/accounts/{path}").status_code == 404
    assert client.post(f"/accounts/{path}", {"action_add": "", "email": "admin@example.com"}).status_code == 404
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("name", sorted(OFFERED))
def test_each_page_that_is_offered_answers(client, ana, name, signed_in):
    if signed_in:
        sign_in(client, ana.email)
    args = {"account_reset_password_from_key": ["1", "x-y"], "mfa_remove_webauthn": [1], "mfa_edit_webauthn": [1]}
    for method in (client.get, client.post):
        assert method(reverse(name, args=args.get(name, []))).status_code in (200, 302, 404, 405)


def test_the_admins_own_page_for_passwords_leads_to_ours(client, ana):
    client.force_login(ana)
    assert client.get("/admin/password_change/").url == reverse("account_change_password")


def test_who_has_no_password_is_led_to_a_mailed_link(client):
    client.force_login(User.objects.create_user("new@example.com"))
    page = client.get(reverse("account_change_password"), follow=True)
    assert page.redirect_chain[-1][0] == reverse("account_reset_password")
