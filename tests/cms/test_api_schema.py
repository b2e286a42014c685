"""Whatever the schema allows is asked of every operation of the API, with a key and without: no fault of ours, nothing off the schema.

EXAMPLES and SEED in the environment ask longer and otherwise: EXAMPLES=200 SEED=3 pytest tests/cms/test_api_schema.py.
"""

import os

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from surveys.models import Ballot
from tests.articles import factories as articles
from tests.core.programs import program
from tests.newsletter import factories as newsletters
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys
from tests.surveys.questionnaires import factories as questionnaires

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES, SEED = int(os.environ.get("EXAMPLES") or 4), int(os.environ.get("SEED") or 7)
FEW = settings(
    max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def in_one_transaction():
    """The ends of requests close no connection, as in Django's own client."""
    both = (request_started, request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.fixture
def rows(settings):
    """A site that has one of each thing; what names it, by the parts of the API's paths."""
    settings.API_REQUESTS_PER_KEY = settings.API_REQUESTS_PER_NETWORK = 10_000_000
    card = articles.card()
    filed = {"category": articles.category().slug, "authors": [articles.author().slug], "tags": [articles.tag().slug]}
    live = articles.publication(slug="bridges", **filed)
    articles.publication(slug="about", kind="page")
    weekly = newsletters.newsletter()
    person = newsletters.subscription(weekly).subscriber
    gone_out = newsletters.sent(weekly, opened=1, clicked=0)
    draft = newsletters.briefing(weekly)
    held = sponsors.held()
    season = surveys.open_season()
    surveys.cast(season.categories.get(), [["ada"]], sealed=True)
    survey = questionnaires.published(times=2)
    desk = {
        "articles": live.article_id, "briefings": draft.pk, "bookings": held.pk, "pictures": articles.image().pk,
        "seasons": season.slug, "snippets": card.slug, "subscribers": person.pk,
    }  # fmt: skip
    return {f"desk/{part}": value for part, value in desk.items()} | {
        "articles": live.slug, "briefings": gone_out.slug, "packages": "gold", "pages": "about", "categories": "research", "authors": "ana", "tags": "bitcoin", "seasons": season.slug, "surveys": survey.slug,
        "receipts": bytes(Ballot.objects.get().leaf_hash).hex(),
    }  # fmt: skip


def name_of_row(path, rows):
    """What names the row that a path is about; None if it is about none."""
    return next((row for part, row in rows.items() if path.startswith(f"/api/v1/{part}/{{")), None)


def test_what_a_list_of_the_public_is_asked_by_is_not_left_out_of_what_pages_are_kept_by(client, settings):
    paths = client.get("/api/v1/schema/?format=json").json()["paths"]
    lists = [operations["get"] for path, operations in paths.items() if "/desk/" not in path and "get" in operations]
    asked = {each["name"] for one in lists for each in one.get("parameters", ()) if each["in"] == "query"}
    assert asked - settings.PAGE_PARAMETERS == set()
    assert len(asked) > 10


def test_every_operation_that_takes_something_shows_what_it_may_look_like(client):
    schema = client.get("/api/v1/schema/?format=json").json()
    assert (schema["openapi"], schema["servers"]) == ("3.1.0", [{"url": "http://localhost:8000"}])
    without = []
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                name = body["schema"].get("$ref", "").rpartition("/")[2]
                takes = schema["components"]["schemas"].get(name, {}).get("properties")
                if kind == "application/json" and takes and not body.get("examples"):
                    without.append(path)
    assert without == []


def wrong_with(operation, row, headers):
    """What is wrong with the answers of an operation, in words."""

    @FEW
    @seed(SEED)
    @given(case=operation.as_strategy(), is_there=st.booleans())
    def ask(case, is_there):
        more = dict(headers)
        if row is not None and is_there:  # else hardly a request would get past 404 and 412
            case.path_parameters = dict.fromkeys(case.path_parameters, row)
            more["If-Match"] = "*"
        with transaction.atomic():  # each finds the same site
            case.call_and_validate(checks=CHECKS, headers=more)
            transaction.set_rollback(True)

    try:
        ask()
    except BaseException as error:  # noqa: BLE001 (all that is wrong is told at once)
        return str(error)[:1500]
    return ""


@pytest.mark.parametrize("has_key", [True, False], ids=["with a key", "without"])
def test_no_request_breaks_the_api_or_is_answered_off_its_schema(in_one_transaction, rows, has_key):
    headers = {"Authorization": f"Bearer {program(name='fuzz').key}"} if has_key else {}
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 70
    named = {operation.label: name_of_row(operation.path, rows) for operation in operations}
    assert [label for label, row in named.items() if (row is None) == ("{" in label)] == []
    told = {each.label: wrong_with(each, named[each.label], headers) for each in operations}
    assert not any(told.values()), "\n\n".join(f"{label}: {words}" for label, words in told.items() if words)
