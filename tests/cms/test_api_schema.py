"""Whatever the schema allows is asked of every operation of the API, with a key: no fault of ours, nothing off the schema."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.articles import factories as articles
from tests.core.programs import program
from tests.newsletter import factories as newsletters
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
FEW = settings(
    max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
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
def operations(settings, in_one_transaction):
    """The operations of the schema, on a site that has one of each thing."""
    settings.API_REQUESTS_PER_KEY = settings.API_REQUESTS_PER_NETWORK = 100_000
    articles.card()
    articles.publication(slug="bridges", category=articles.category().slug, authors=[articles.author().slug])
    weekly = newsletters.newsletter()
    newsletters.subscription(weekly)
    newsletters.sent(weekly, opened=1, clicked=0)
    newsletters.briefing(weekly)
    sponsors.package({sponsors.kind(): 1})
    surveys.open_season()
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    return [found.ok() for found in schema.get_all_operations()]


def test_no_request_breaks_the_api_or_is_answered_off_its_schema(operations):
    key = program(name="fuzz").key
    assert len(operations) > 45
    wrong = {}
    for operation in operations:

        @FEW
        @seed(7)
        @given(case=operation.as_strategy())
        def ask(case):
            with transaction.atomic():  # each finds the same site
                case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})
                transaction.set_rollback(True)

        try:
            ask()
        except BaseException as error:  # noqa: BLE001 (all that is wrong is told at once)
            wrong[operation.label] = str(error)[:1500]
    assert wrong == {}
