"""What is logged of requests that were refused."""

import logging

import pytest

from core.lib.logs import WithoutLinks
from core.lib.signing import make_token


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["newsletter/preferences/{}/none/", "u/{}/", "calendar/{}.ics", "surveys/none/begin/{}/"]
)
def test_the_log_of_a_request_that_failed_has_no_link_of_anybodys_own(client, caplog, path):
    token = make_token("preferences", 4711)
    assert client.get("/" + path.format(token)).status_code == 404
    lines = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert [path.format("…") in line for line in lines] == [True]
    assert [line for line in lines if token in line] == []


@pytest.mark.parametrize(
    "path", ["/articles/the-best-chain-of-the-year-2026/", "/media/images/0123456789abcdef01234567.webp"]
)
def test_other_addresses_are_logged_as_they_are(path):
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Not Found", path)})
    assert WithoutLinks().filter(record)
    assert record.getMessage() == f"Not Found: {path}"
