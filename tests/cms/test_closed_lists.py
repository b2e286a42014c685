"""No list of the admin tells anything about a column that it does not declare, whatever an address asks of it."""

from itertools import cycle
from urllib.parse import urlencode
from zlib import crc32

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from core.lib.admin_lists import DeskAdmin
from core.lib.roles import ROLES
from core.models import OutgoingMail, User
from tests.articles import factories
from tests.surveys import factories as awards

pytestmark = pytest.mark.django_db

DESKS = sorted(admin.site._registry.items(), key=lambda each: each[0]._meta.label)
MODELS = pytest.mark.parametrize(("model", "desk"), DESKS, ids=lambda each: getattr(each, "__name__", ""))
REFUSED = [
    "id__regex=(", "id__gt=1", "pk=1", "id=x", "nothing=1", "__=1", "=1", "_to_field=name", "o=x", "o=99",
    f"o={'9' * 4400}", "_popup=1&id__gt=1", "e=1&id__regex=(",
]  # fmt: skip
TAKEN = ["e=1&_popup=1&_facets=True&all=", f"p={'9' * 4400}", "p=x"]
TYPED = ["\0", "'", '"', "%_\\", "a" * 3000, "9" * 400, "&|!:*()", "🌒\tb\n"]
MALFORMED = ["", "x", "-1", "9" * 25, "\0", "é" * 300, "1,2", "None", "2026-13-45", "0001-01-01", "9999-12-31"]
# What is in no search, filter or order of any list.
SECRET = {
    "core.user.password", "core.webhook.secret", "core.outgoingmail.message", "core.outgoingmail.about", "core.outgoingrequest.body",
    "surveys.ballot.choice", "surveys.ballot.nonce", "surveys.ballot.voter_key", "surveys.season.pepper_id",
    "surveys.tally.detail", "surveys.tallyrow.count", "mfa.authenticator.data", "articles.draft.document",
    "articles.revision.document",
}  # fmt: skip


def address(model, page="changelist"):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


@MODELS
def test_a_column_of_a_desk_is_not_shadowed_by_one_of_the_model(model, desk):
    """Django would show the model's field, or row, of the same name."""
    own = {name for name in desk.list_display if isinstance(name, str) and name in vars(type(desk))}
    of_model = {field.name for field in model._meta.get_fields()} | {
        field.get_accessor_name() for field in model._meta.related_objects
    }
    assert own & of_model == set()
    assert len(set(desk.list_display)) == len(desk.list_display)


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root@example.com"))
    return client


@pytest.fixture
def asked(root, rf):
    """A request of root that no page is made for."""
    request = rf.get("/admin/")
    request.user = User.objects.get(email="root@example.com")
    return request


def _paths(model):
    """Every column of a model, and of the models it leads to, forwards and backwards."""
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation and field.related_model:
            yield from (f"{field.name}__{other.name}" for other in field.related_model._meta.fields)


def _declared(desk):
    paths = {each[0] if isinstance(each, tuple) else each for each in desk.list_filter if not isinstance(each, type)}
    return paths | _own_parameters(desk) | {desk.date_hierarchy}


def _own_parameters(desk):
    """Those of filters that make what they are given into a query of their own, and no look-up."""
    filters = [each for each in desk.list_filter if isinstance(each, type)]
    return {name for each in filters for name in getattr(each, "parameter_names", (each.parameter_name,))}


def test_every_list_derives_from_the_one_that_is_closed():
    assert [type(desk) for _, desk in DESKS if not isinstance(desk, DeskAdmin)] == []


@MODELS
def test_no_list_takes_a_look_up_that_it_does_not_declare(model, desk, root, asked):
    paths = set(_paths(model)) - _declared(desk)
    names = [f"{path}{how}" for path in sorted(paths) for how in ("", "__startswith", "__regex", "__0__0")]
    names += [f"{path}__{how}" for path in _declared(desk) if path for how in ("regex", "startswith", "gt", "in")]
    assert [name for name in names if desk.lookup_allowed(name, "a", asked)] == []
    for name in names[-6:]:
        assert root.get(address(model), {name: "a"}).headers["Location"] == address(model)


def _filters(desk):
    """What a list may be narrowed by, each with the filter that reads it, where that is said."""
    for each in desk.list_filter:
        if isinstance(each, type):
            yield from ((name, each) for name in getattr(each, "parameter_names", (each.parameter_name,)))
        else:
            path, reader = each if isinstance(each, tuple) else (each, None)
            yield from ((path + how, reader) for how in ("", "__exact", "__isnull", "__id__exact"))
    if desk.date_hierarchy:
        yield from ((f"{desk.date_hierarchy}__{part}", None) for part in ("year", "month", "day"))


def _malformed(model, desk, name, reader):
    """All of it where a query or a filter of our own reads it; else one, which is the same in every run."""
    if _is_own(type(desk).get_queryset) or (reader and _is_own(reader)):
        return MALFORMED
    return [_one_of(MALFORMED, model, name)]


def _is_own(thing):
    shared = (DeskAdmin.get_queryset, DeskAdmin.get_search_results)
    return thing not in shared and not thing.__module__.startswith("django.")


def _one_of(values, model, name):
    """The same in every run, and another for another list."""
    return values[crc32(f"{model._meta.label}.{name}".encode()) % len(values)]


@MODELS
def test_what_a_list_may_be_narrowed_by_is_never_an_error_page(model, desk, root, asked):
    queries = []
    for name, reader in _filters(desk):
        if desk.lookup_allowed(name, "", asked):
            queries += [{name: value} for value in _malformed(model, desk, name, reader)]
    if desk.date_hierarchy:
        year, month = f"{desk.date_hierarchy}__year", f"{desk.date_hierarchy}__month"
        queries += [{year: "1", month: "12"}, {year: "9999", month: "12"}]
    assert bool(queries) is bool(desk.list_filter or desk.date_hierarchy)
    assert {root.get(address(model), query).status_code for query in queries} <= {200, 302}


@pytest.mark.parametrize("role", ROLES)
def test_each_list_opens_for_each_role_that_sees_it(role, client, asked):
    asked.user = factories.user(role)
    client.force_login(asked.user)
    seen = [model for model, desk in DESKS if desk.has_module_permission(asked) and desk.has_view_permission(asked)]
    assert (len(seen) > 2) is (role != "juror")
    assert {model._meta.label: client.get(address(model)).status_code for model in seen} == {
        model._meta.label: 200 for model in seen
    }


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_more_out_of_a_list_than_it_shows(role, client):
    client.force_login(factories.user(role))
    asked = zip(DESKS, cycle(REFUSED), strict=False)
    refused = {model: client.get(f"{address(model)}?{query}") for (model, _), query in asked}
    seen = [model for model, answer in refused.items() if answer.status_code != 403]
    assert (len(seen) > 2) is (role != "juror")  # who votes, and sees no list
    assert [model for model in seen if refused[model].headers["Location"] != address(model)] == []
    for model, query in zip(cycle(seen), REFUSED, strict=False):  # all of them for each role, not for each of its lists
        assert client.get(f"{address(model)}?{query}").headers["Location"] == address(model)


@MODELS
def test_nothing_that_is_typed_or_turned_to_is_an_error_page(model, desk, root):
    plain = not _is_own(type(desk).get_search_results) and all(name.isidentifier() for name in desk.search_fields)
    typed = [_one_of(TYPED, model, "q")] if plain else TYPED
    asked = TAKEN + [urlencode({"q": words}) for words in typed if desk.search_fields]
    assert {root.get(f"{address(model)}?{query}").status_code for query in asked} == {200}


@MODELS
def test_no_secret_is_in_a_search_a_filter_or_an_order(model, desk):
    named = {
        *desk.search_fields,
        *_declared(desk),
        *desk.list_display,
        *(desk.ordering or ()),
        *(desk.sortable_by or ()),
    }
    for secret in SECRET:
        label, _, column = secret.rpartition(".")
        if model._meta.label_lower == label:
            assert [name for name in named if str(name).lstrip("-^=@").split("__")[0] == column] == []
        else:
            assert [name for name in named if f"__{column}" in str(name)] == []


@MODELS
def test_a_list_is_ordered_by_no_column_that_it_does_not_declare(model, desk, root):
    columns = root.get(address(model)).context["cl"]
    for number, column in enumerate(columns.list_display):
        declared = column in (columns.sortable_by if columns.sortable_by is not None else columns.list_display)
        order = number if number % 2 else f"-{number}"
        assert root.get(address(model), {"o": order}).status_code == (200 if declared else 302)


@MODELS
def test_an_address_fills_in_no_form(model, desk, root):
    values = {field.name: "x\0" for field in model._meta.get_fields()} | {"_popup": "1"}
    assert root.get(address(model, "add"), values).status_code in (200, 403)
    answer = root.get(address(model, "add"), {"_to_field": "nothing"})
    assert (
        answer.status_code in (302, 403) or "adminform" not in answer.context
    )  # a form of our own knows no such thing


@MODELS
def test_rows_that_cannot_be_are_refused_in_words(model, desk, root):
    keys = ("x", "9" * 30, "1%00", "-1", "_5F")
    pages = [(key, "change") for key in keys] + [(_one_of(keys, model, page), page) for page in ("delete", "history")]
    for key, page in pages:
        assert root.get(f"{address(model)}{key}/{page}/").status_code in (302, 403, 404)
    actions = root.get(address(model)).context["action_form"]
    for name, _ in actions.fields["action"].choices[1:] if actions else []:
        posted = {"action": name, "_selected_action": ["x", "9" * 30, "\0"], "index": "0"}
        assert root.post(address(model), posted).status_code in (200, 302)


def test_what_cannot_be_shown_leads_to_the_whole_list_with_a_word_about_it(root):
    for query in ("id__regex=(", "message__regex=a", "o=5", "state__exact=%00"):
        page = root.get(f"/admin/core/outgoingmail/?{query}", follow=True)
        assert "Here is the whole list" in page.content.decode(), query


def test_a_letter_is_not_read_a_character_at_a_time(client):
    client.force_login(factories.user("newsletter manager"))
    OutgoingMail.objects.create(
        kind="newsletter.confirm", recipient="ann@example.com", subject="Vote", message=b"the link: abc"
    )
    for guess in ("message__regex=link: a", "message__startswith=the", "message__gt=a", "subject__startswith=V"):
        assert client.get(f"/admin/core/outgoingmail/?{guess}").status_code == 302


@pytest.mark.parametrize("role", ["awards steward", "administrator"])
def test_ballots_are_not_counted_by_choice(role, client):
    awards.cast(awards.open_season().categories.get(), [["ada"]])
    client.force_login(factories.user(role))
    for guess in ("choice__0__0=ada", "choice__contains=ada", "choice=[]", "choice__isnull=False", "o=4", "q=one"):
        answer = client.get(f"/admin/surveys/ballot/?{guess}")
        assert answer.status_code == 302 or answer.context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("app", "model", "field"), [("articles", "author", "portrait"), ("sponsors", "creative", "kind")]
)
def test_choosing_a_row_while_typing_is_no_error_page(root, app, model, field):
    query = {"app_label": app, "model_name": model, "field_name": field}
    for term in ("\0", "(", "a" * 3000, "'", "%"):
        assert root.get(reverse("admin:autocomplete"), query | {"term": term}).status_code == 200


def test_choosing_a_row_while_typing_is_no_way_round(root):
    hidden = {"app_label": "surveys", "model_name": "ballot", "field_name": "choice", "term": ""}
    assert root.get(reverse("admin:autocomplete"), hidden).status_code == 403


def test_no_address_tells_the_staff_where_the_page_of_any_row_is(client):
    client.force_login(User.objects.create_user("new@example.com"))
    article = factories.article(slug="secret-plan")
    kind = ContentType.objects.get_for_model(article).pk
    assert client.get(f"/admin/r/{kind}/{article.pk}/").status_code == 404


def test_every_role_is_walked():
    assert set(ROLES) == set(Group.objects.values_list("name", flat=True))
