"""Nobody makes themselves, or anybody, more than they are; what is done to accounts and roles is on record."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, transaction
from django.urls import reverse

from core import accounts
from core.lib.roles import ROLES
from core.models import AuditEntry, OutgoingMail, User
from tests.articles import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(client):
    """An administrator, who is no superuser, signed in."""
    user = factories.user("administrator")
    client.force_login(user)
    return user


def change(client, account, **fields):
    roles = list(account.groups.values_list("pk", flat=True))
    data = {"email": account.email, "name": account.name, "is_active": "on", "is_staff": "on", "groups": roles} | fields
    return client.post(reverse("admin:core_user_change", args=[account.pk]), data)


def actions():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "detail"))


@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_may_do_what_every_role_may(role):
    ada, other = factories.user("administrator"), factories.user(role)
    assert accounts.may_manage(ada, other)
    assert accounts.may_manage(other, ada) == (role == "administrator")


def test_an_administrator_makes_nobody_a_superuser(ada, client):
    other = factories.user("writer")
    for account in (ada, other):
        change(client, account, is_superuser="on", user_permissions=[1])
        account.refresh_from_db()
        assert not account.is_superuser
        assert not account.user_permissions.exists()


@pytest.mark.parametrize("path", ["change", "delete", "password", "second-factor"])
def test_an_administrator_does_not_touch_who_may_do_more(ada, client, path):
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    page = f"/admin/core/user/{root.pk}/{path}/"
    data = {"email": "ada@example.com", "password1": "x" * 20, "password2": "x" * 20, "usable_password": "true"}
    assert client.post(page, data | {"post": "yes"}).status_code == 403
    root.refresh_from_db()
    assert (root.email, root.check_password(PASSWORD)) == ("root@example.com", True)


def test_several_who_may_do_more_are_not_deleted_at_once(ada, client):
    root = User.objects.create_superuser("root@example.com")
    data = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    client.post("/admin/core/user/", data)
    assert User.objects.filter(pk=root.pk).exists()


def test_an_administrator_gives_no_role_that_may_do_more(ada, client):
    keeper = Group.objects.create(name="keeper")
    keeper.permissions.add(Permission.objects.get(codename="delete_ballot"))
    change(client, ada, groups=[keeper.pk, *ada.groups.values_list("pk", flat=True)])
    assert "keeper" not in set(ada.groups.values_list("name", flat=True))
    for path in ("change", "delete"):
        page = f"/admin/auth/group/{keeper.pk}/{path}/"
        assert client.post(page, {"name": "mine", "post": "yes"}).status_code == 403


def test_an_administrator_puts_into_a_role_what_they_may_themselves(ada, client):
    seen, beyond = (Permission.objects.get(codename=name) for name in ("view_article", "delete_ballot"))
    for chosen, made in (([seen.pk], True), ([seen.pk, beyond.pk], False)):
        client.post("/admin/auth/group/add/", {"name": f"role {len(chosen)}", "permissions": chosen})
        assert Group.objects.filter(name=f"role {len(chosen)}").exists() == made
    assert actions() == [("made the role", "name: – → role 1; may: + articles.view_article")]


def test_an_administrator_gives_the_roles_of_the_newsroom(ada, client):
    account = factories.user("writer")
    change(client, account, groups=[Group.objects.get(name="editor").pk], is_active="")
    assert list(account.groups.values_list("name", flat=True)) == ["editor"]
    assert actions() == [("changed the account", "roles: + editor, – writer; may sign in: yes → no")]


def test_an_account_that_is_made_or_deleted_is_on_record(ada, client):
    data = {"email": "new@example.com", "name": "New", "usable_password": "true"}
    client.post("/admin/core/user/add/", data | {"password1": PASSWORD, "password2": PASSWORD})
    client.post(f"/admin/core/user/{User.objects.get(email='new@example.com').pk}/delete/", {"post": "yes"})
    assert [action for action, _ in actions()] == ["made the account", "deleted the account"]
    assert PASSWORD not in actions()[0][1]


def test_a_password_that_is_set_for_somebody_is_on_record(ada, client):
    account = factories.user("writer")
    data = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    client.post(f"/admin/core/user/{account.pk}/password/", data)
    assert actions() == [("changed the account", "the password")]
    assert list(OutgoingMail.objects.values_list("recipient", "subject")) == [
        (account.email, "Your password was changed")
    ]


def test_a_new_address_is_told_at_both_ends(ada, client):
    account = factories.user("writer")
    before = account.email
    change(client, account, email="moved@example.com")
    assert set(OutgoingMail.objects.values_list("recipient", flat=True)) == {before, "moved@example.com"}


def test_the_log_is_neither_changed_nor_deleted(ada, client):
    change(client, factories.user("writer"), name="Wanda")
    for attempt in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(detail="")):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            attempt()
    assert "Wanda" in client.get("/admin/core/auditentry/?q=wanda").content.decode()


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
def test_only_administrators_read_the_log(role, client):
    client.force_login(factories.user(role))
    assert client.get("/admin/core/auditentry/").status_code == 403


# The way back in for who lost the second factor


@pytest.fixture
def locked_out():
    user = factories.user("editor")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "x", "used_mask": 0})
    return user


def test_a_lost_second_factor_is_removed_on_record_and_its_owner_told(ada, client, locked_out):
    page = reverse("admin:core_user_second_factor", args=[locked_out.pk])
    assert page in client.get(reverse("admin:core_user_change", args=[locked_out.pk])).content.decode()
    assert "Authenticator app" in client.get(page).content.decode()
    assert Authenticator.objects.count() == 2
    client.post(page)
    assert not Authenticator.objects.exists()
    assert actions() == [("removed the second factor", f"{locked_out.email}: recovery codes, authenticator app")]
    assert OutgoingMail.objects.get().recipient == locked_out.email


def test_it_asks_for_ones_own_password_first(client, ada, locked_out):
    ada.set_password(PASSWORD)
    ada.save()
    client.force_login(ada)
    page = reverse("admin:core_user_second_factor", args=[locked_out.pk])
    for answer in (client.get(page), client.post(page)):
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Authenticator.objects.count() == 2
    client.post(f"{reverse('account_reauthenticate')}?next={page}", {"password": PASSWORD})
    assert client.get(page).status_code == 200


def test_nobody_removes_their_own_like_that(ada, client):
    Authenticator.objects.create(user=ada, type="totp", data={"secret": "x"})
    assert client.post(reverse("admin:core_user_second_factor", args=[ada.pk])).status_code == 403
    assert Authenticator.objects.exists()


# What roles need


def test_whoever_may_fill_in_a_form_of_the_admin_may_choose_what_it_asks_for(client):
    for role in ROLES:
        client.force_login(factories.user(role))
        for model, desk in admin.site._registry.items():
            for name in [*desk.autocomplete_fields, *desk.raw_id_fields]:
                query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": name}
                if (
                    client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")).status_code
                    == 200
                ):
                    assert client.get(reverse("admin:autocomplete"), query).status_code == 200, (role, query)


def test_an_editor_says_whose_account_an_authors_is(client):
    client.force_login(factories.user("editor"))
    writer, author = factories.user("writer"), factories.author("wanda")
    page = reverse("admin:articles_author_change", args=[author.pk])
    assert str(writer) in client.get(page).content.decode()
    client.post(page, {"name": "Wanda", "slug": "wanda", "user": writer.pk})
    author.refresh_from_db()
    assert author.user == writer
