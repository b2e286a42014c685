"""Beacons as browsers send them, and what was kept of them."""

import pytest
from django.db import connection

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _nothing_waits():
    from articles.readership import beacons, collector

    collector.forget()
    beacons.forget_bursts()
    yield
    collector.forget()
    beacons.forget_bursts()


@pytest.fixture
def send(client):
    """Send a beacon of a page; `headers` and `body` replace what a browser would say."""

    def sent(path="/blog/", *, nonce="0.5", depth=0, referrer="", address="203.0.113.7", body=None, **headers):
        told = {"host": "testserver", "user_agent": BROWSER, "origin": "http://testserver", **headers}
        lines = "\n".join([nonce, str(depth), f"http://testserver{path}", referrer])
        return client.post(
            "/b",
            lines if body is None else body,
            content_type="text/plain",
            headers={name.replace("_", "-"): value for name, value in told.items() if value is not None},
            REMOTE_ADDR=address,
        )

    return sent


@pytest.fixture
def kept():
    """Write what waits; the views there are then, the deepest first."""
    from articles.models import PageView
    from articles.readership import collector

    def found():
        collector.flush()
        return list(PageView.objects.order_by("-depth", "path", "visitor").values())

    return found


@pytest.fixture
def every_value():
    """All that the readers' figures hold, as text."""
    from articles.readership import collector

    def found():
        collector.flush()
        with connection.cursor() as cursor:
            texts = []
            for table in connection.introspection.table_names(cursor):
                if table.startswith(("articles_pageview", "articles_outcome", "articles_leftout", "articles_daysalt")):
                    cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
                    texts += [text for (text,) in cursor.fetchall()]
        return "\n".join(texts)

    return found
