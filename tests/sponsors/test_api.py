"""The API lists the packages on sale."""

import pytest

from tests.sponsors import factories

pytestmark = pytest.mark.django_db


def test_packages_on_sale_are_listed_with_their_next_starts(client):
    made = factories.package({factories.kind(name="Article place"): 2})
    factories.package({factories.kind("web:home"): 1}, tier="silver", on_sale=False)
    factories.open_days(made.items.get().kind)
    (shown,) = client.get("/api/v1/packages/").json()
    assert (shown["tier"], shown["price"], shown["currency"]) == ("gold", "1500.00", "USD")
    assert shown["items"] == [{"placement": "Article place", "channel": "web:article", "quantity": 2}]
    assert factories.soon(2).isoformat() in shown["next_starts"]
    assert shown["url"].endswith("/advertise/book/gold/")


def test_packages_are_read_only(client):
    assert client.post("/api/v1/packages/", {}).status_code in (401, 403, 405)
