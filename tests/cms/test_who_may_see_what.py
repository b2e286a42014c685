"""Every address of the desk, whichever part it belongs to, is shut to those who have no business there."""

import re

import pytest
from django.contrib import admin
from django.urls import get_resolver, reverse

from core.lib.roles import ROLES
from core.models import User
from sponsors.models import Flag, Sponsor
from tests.articles import factories
from tests.core.programs import program

pytestmark = pytest.mark.django_db

# What the patterns of addresses ask for; an address must be refused before anyone looks whether there is such a row.
ARGUMENTS = {"int": "1", "path": "1", "slug": "author", "str": "x", "id": "1"}
# Whoever is signed in may see these: they show nothing of the newsroom's.
FOR_ALL_STAFF = {"login", "logout", "password_change", "password_change_done", "jsi18n"}


def _patterns(patterns, before=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern), pattern.name or ""


def _address(pattern):
    """An address that a pattern matches."""
    path = re.sub(r"\(\?P<app_label>(\w+).*?\)", r"\1", pattern).replace("(?P<url>.*)", "anything")
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda match: ARGUMENTS[match[1] or "id"], path)
    return "/" + path.replace("^", "").replace("$", "")


EVERY = list(_patterns(get_resolver().url_patterns))
DESK = sorted({(_address(pattern), name) for pattern, name in EVERY if pattern.startswith("admin/")})
WRITING = ("post", "put", "patch", "delete")
API = sorted({_address(pattern) for pattern, _ in EVERY if pattern.startswith("api/")})


def test_the_desk_is_walked_whole():
    names = {name for _, name in DESK}
    assert {"articles_article_frame", "articles_redirect_csv", "core_webhook_change", "autocomplete"} <= names
    assert len(DESK) > 150


def _answers(client, path, *methods):
    answers = [(method, getattr(client, method)(path)) for method in methods]
    return [(method, path, answer.status_code, answer.headers.get("Location", "")) for method, answer in answers]


def test_a_stranger_gets_no_further_than_the_sign_in(client):
    answers = [answer for path, name in DESK if name != "logout" for answer in _answers(client, path, "get", "post")]
    sign_in = ("/admin/login/", "/accounts/login/")
    assert [answer for answer in answers if answer[2] != 302 or not answer[3].startswith(sign_in)] == []


def test_staff_without_a_role_see_nothing(client):
    client.force_login(User.objects.create_user("new@example.com"))
    shut = [path for path, name in DESK if path != "/admin/" and name not in FOR_ALL_STAFF]
    answers = [answer for path in shut for answer in _answers(client, path, "get", "post")]
    let_through = [answer for answer in answers if answer[2] not in (403, 404, 405)]
    # Who asks for a row that is not there is sent to the index, and short addresses lead to the whole ones.
    onward = re.compile(r"/admin/|(/admin/\w+/\w+/1/)(change|revisions)/")
    assert [answer for answer in let_through if not onward.fullmatch(answer[3])] == []


SEEN = {
    "writer": "article page articletemplate category series tag author snippet imageasset articleact articles.auditentry survey",
    "editor": "article page articletemplate category series tag author snippet imageasset articleact postimport articles.auditentry redirect siteprofile webhook "
    "dayfigures outgoingrequest briefing briefingplan automation mailtemplate newsletter creative season awardcategory survey flag flagsearch disclosureentry",
    "awards steward": "survey season awardcategory ballotrules juror nomination ballot ledgerentry treehead tally outgoingmail flag flagsearch",
    "juror": "",
    "newsletter manager": "newsletter subscriber subscriberimport suppression briefing briefingplan automation enrolment mailreport ignoredreports bouncerule "
    "survey signuprules recipientdomain sendingrules mailaccount subscribertag subscriberfield segment mailtemplate briefingtext bulkact outgoingmail dayfigures flag",
    "sponsorship manager": "survey sponsor blockeddomain blackout inquiry offer placementkind package rununit booking creative makegood adevent disclosureentry seller invoice payment ledgerentry bankline adrule fieldfigure kittext outgoingmail dayfigures",
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_the_lists_that_its_work_needs_and_no_others(role, client):
    client.force_login(factories.user(role))
    seen, everything = set(), set()
    for model in admin.site._registry:
        names = {model._meta.model_name, model._meta.label_lower}
        everything |= names
        if client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")).status_code == 200:
            seen |= names
    wanted = set(SEEN[role].split()) if role in SEEN else everything
    assert wanted <= seen
    assert {name.rpartition(".")[2] for name in seen} == {name.rpartition(".")[2] for name in wanted}


FLAG = "/admin/sponsors/flag/"
# Of what each role sees and decides flags: titles and words of what is not published stand in them.
FLAGS = {
    "editor": {"article", "briefing", "nominee", "welcome mail"},
    "awards steward": {"nominee"},
    "newsletter manager": {"briefing", "welcome mail"},
    "administrator": {"article", "briefing", "nominee", "welcome mail"},
}


def test_flags_are_seen_and_decided_by_those_who_see_and_publish_what_they_are_of(client):
    named = {"sponsor": Sponsor.objects.create(name="Northwind"), "words": "Northwind", "is_certain": True}
    nouns = ("article", "briefing", "nominee", "welcome mail")
    rows = {noun: Flag.objects.create(noun=noun, about=1, title=f"Secret {noun}", **named) for noun in nouns}
    people = {role: factories.user(role) for role in ROLES}
    for role, person in people.items():
        client.force_login(person)
        pages = [client.get(path).content.decode() for path in ("/admin/", "/admin/sponsors/flag/?state=all")]
        found = [{noun for noun in nouns if f"Secret {noun}" in page} for page in pages]
        found += [{noun for noun in nouns if client.get(f"{FLAG}{rows[noun].pk}/change/").status_code == 200}]
        assert found == [FLAGS.get(role, set())] * 3, role
    for role, person in people.items():
        client.force_login(person)
        for row in rows.values():
            client.post(f"{FLAG}{row.pk}/decide/", {"verdict": "held"})
            client.post(f"{FLAG}{row.pk}/decide/", {"verdict": "not them"})
        assert {noun for noun in nouns if rows[noun].decisions.filter(by=person)} == FLAGS.get(role, set()), role


def test_without_a_key_the_api_can_only_be_read(client):
    open_to_all = {"/api/v1/subscriptions/", "/api/v1/seasons/author/ballots/", "/api/v1/surveys/author/responses/"}
    open_to_all |= {"/api/v1/seasons/author/nominations/", "/api/v1/packages/author/bookings/"}
    answers = [answer for path in API if path not in open_to_all for answer in _answers(client, path, *WRITING)]
    assert [answer for answer in answers if answer[2] not in (401, 405)] == []
    desk = [path for path in API if path.startswith("/api/v1/desk/")]
    assert {answer[2] for path in desk for answer in _answers(client, path, "get")} <= {401, 405}


def test_a_key_without_a_role_opens_no_view_of_the_api():
    someone = program("juror")
    desk = [
        path.removeprefix("/api/v1/desk/") for path in API if path.startswith("/api/v1/desk/") and "key" not in path
    ]
    answers = [
        (way, path, getattr(someone, way)(path).status_code) for path in desk for way in ("get", "post", "patch")
    ]
    assert [answer for answer in answers if answer[2] not in (403, 405)] == []
