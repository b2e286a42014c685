"""Programs use the API with keys that are made in the admin, and do no more than their account may."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from articles.models import AuditEntry as ArticleEntry
from core import accounts
from core.api import keys
from core.models import ApiKey, AuditEntry, OutgoingMail, User
from tests.articles import factories
from tests.core.programs import Program, program

pytestmark = pytest.mark.django_db
ADD = "/admin/core/apikey/add/"
LIST = "/api/v1/desk/subscribers/"


@pytest.fixture
def administrator(client):
    user = factories.user("administrator")
    client.force_login(user)
    return user


def made(client, **typed):
    """What the form answers, and the key it shows."""
    answer = client.post(
        ADD, {"name": "release script", "scopes": ["articles:write", "articles:read"], "lasts": "90", **typed}
    )
    found = re.search(r'value="(mp_[^"]+)"', answer.content.decode())
    return answer, found[1] if found else ""


def test_a_key_is_shown_once_and_stored_as_a_digest(client, administrator):
    answer, key = made(client, person=administrator.pk)
    row = ApiKey.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert sorted(Program(key).get("key/").json()["scopes"]) == ["articles:read", "articles:write"]
    assert key not in str(ApiKey.objects.values().get())
    pages = [reverse("admin:core_apikey_change", args=[row.pk]), reverse("admin:core_apikey_changelist")]
    assert not any(key.partition(".")[2] in client.get(page).content.decode() for page in pages)
    assert AuditEntry.objects.get(action="made an API key").detail.startswith(f"for {administrator}: ")
    assert OutgoingMail.objects.get().recipient == administrator.email


def test_a_service_gets_an_account_that_nobody_can_sign_in_to(client, administrator):
    _, key = made(client, role=Group.objects.get(name="writer").pk)
    service = User.objects.get(is_service=True)
    assert (service.has_usable_password(), str(service)) == (False, "release script")
    assert Program(key).get("key/").json()["roles"] == ["writer"]


@pytest.mark.parametrize("typed", [{}, {"person": True, "role": True}, {"person": True, "scopes": []}])
def test_a_key_is_for_one_account_and_for_something(client, administrator, typed):
    given = {"person": administrator.pk, "role": Group.objects.get(name="writer").pk}
    answer, key = made(client, **{name: given.get(name, value) for name, value in typed.items()})
    assert (answer.status_code, key, ApiKey.objects.count()) == (200, "", 0)


def test_nobody_makes_a_key_for_somebody_else_since_they_see_it(client, administrator):
    assert made(client, person=factories.user("writer").pk)[1] == ""


def test_whoever_made_a_key_and_its_account_are_one_where_another_approves():
    maker, other = factories.user("administrator"), factories.user("administrator")
    service = program("editor", by=maker).account
    assert [accounts.are_one(one.pk, service.pk) for one in (service, maker, other)] == [True, True, False]
    assert accounts.are_one(service.pk, maker.pk)


def test_nobody_signs_in_to_a_service_or_writes_to_it(client, administrator):
    service = keys.make_service(name="script", role=Group.objects.get(name="writer"))
    assert client.get(reverse("admin:auth_user_password_change", args=[service.pk])).status_code == 403
    service.set_password("a long battery")
    assert not service.has_usable_password()
    User.objects.filter(pk=service.pk).update(password=make_password("a long battery"))
    assert not User.objects.get(pk=service.pk).check_password("a long battery")
    accounts.send_reset_link(service.email)
    assert not OutgoingMail.objects.exists()
    assert service not in User.objects.people()


def test_reading_by_head_takes_the_same_permission():
    writer = program("writer")
    assert [ask(LIST).status_code for ask in (writer.client.get, writer.client.head)] == [403, 403]
    assert writer.client.options(LIST).status_code == 200


def test_a_revoked_an_expired_and_an_idle_key_open_nothing(client, administrator):
    revoked, expired, idle = program(), program(expires_at=timezone.now() - timedelta(seconds=1)), program()
    page = reverse("admin:core_apikey_revoke", args=[revoked.row.pk])
    assert "Revoke it" in client.get(page).content.decode()
    assert revoked.get("key/").status_code == 200
    client.post(page)
    User.objects.filter(pk=idle.account.pk).update(is_active=False)
    wrong = [Program("mp_abcdefgh.x"), Program("mp_é"), Program("")]
    answers = [each.get("key/") for each in (revoked, expired, idle, *wrong)]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="api"'}
    assert AuditEntry.objects.filter(action="revoked an API key").count() == 1


def test_it_is_seen_when_a_key_was_used_last():
    used = program()
    used.get("key/")
    assert ApiKey.objects.get().last_used_at > timezone.now() - timedelta(minutes=1)


def test_a_key_is_good_for_what_it_names_and_no_more_than_its_account():
    article = factories.article()
    reader = program("editor", "articles:read")
    writer = program("writer")
    assert reader.get("articles/").status_code == 200
    assert reader.post("articles/", {"title": "No"}).json()["detail"] == "This key is not good for articles:write."
    refused = writer.post(f"articles/{article.pk}/publish/", If_Match="*")
    assert (refused.status_code, "articles.publish_article" in refused.json()["detail"]) == (403, True)


def test_what_a_program_did_is_recorded_with_its_key():
    editor = program("editor")
    editor.post("articles/", {"title": "News", "markdown": "Words.", "publish": True})
    assert ArticleEntry.objects.get(action="published").by_name == "Ada of editor (key “script”)"
    assert ArticleEntry.objects.get(action="published").by == editor.account


def test_wrong_keys_are_counted_by_network():
    answers = {Program("mp_abcdefgh.x").get("key/").status_code for _ in range(32)}
    assert answers == {401, 429}


def test_scopes_are_those_of_the_parts():
    assert ("articles:write", "Articles, pictures and snippets: write") in keys.scopes()


def test_whoever_owns_a_key_ends_it_whatever_their_role_and_nobody_elses(client):
    own, other = program("writer"), program("editor")
    client.force_login(own.account)
    page = client.get(reverse("account_api_keys")).content.decode()
    assert page.count("End it") == 1
    theirs = ApiKey.objects.get(account=other.account)
    for wrong in (theirs.pk, "x", "9" * 30, ""):
        assert client.post(reverse("account_api_keys"), {"key": wrong}).status_code == 404
    row = ApiKey.objects.get(account=own.account)
    for words in ("no longer works", "was revoked before"):
        answer = client.post(reverse("account_api_keys"), {"key": row.pk}, follow=True)
        assert words in answer.content.decode()
    assert "End it" not in answer.content.decode()
    assert own.get("key/").status_code == 401
    assert other.get("key/").status_code == 200
    assert AuditEntry.objects.filter(action="revoked an API key").count() == 1
