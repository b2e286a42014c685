"""Staff sign in by e-mail; accounts are made by administrators only."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.urls import reverse

from core.lib.roles import ROLES
from core.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ana():
    return User.objects.create_user("Ana@example.com", PASSWORD, name="Ana Lind")


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


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
    assert "_auth_user_id" not in client.session


def test_guessing_passwords_is_slowed_down(client, ana):
    for _ in range(10):
        sign_in(client, "ana@example.com", "wrong")
    assert "_auth_user_id" not in client.session
    assert "Too many" in sign_in(client, "ana@example.com").text


def test_nobody_can_register(client):
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
