"""What is logged of requests, and how."""

import json
import logging
import re
import sys
import urllib.error
import urllib.request

import pytest

from core.lib import logs
from core.lib.logs import JsonLines, WithoutLinks
from core.lib.signing import make_token
from core.models import User
from tests.processes import own_site


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


def line_of(record):
    return json.loads(JsonLines().format(record))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("To Ann <ann@example.com>: 550 no such user", "To Ann <…>: 550 no such user"),
        ("refused 203.0.113.7 and 2001:db8::17 today", "refused … and … today"),
        ("203.0.113.9:8080 and client:203.0.113.9: refused by 203.0.113.9.", "…:8080 and client:…: refused by …."),
        ("::ffff:203.0.113.9 and [2001:db8::1]:443, then 2001:db8::1.", "… and […]:443, then …."),
        ('value violates "x"\nDETAIL:  Key (name)=(Ann\n\nSmith) exists.', 'value violates "x"\nDETAIL: …'),
        (
            "At 2026-11-30 10:11:12.5 it took 0:00:01, 10:11:12: done",
            "At 2026-11-30 10:11:12.5 it took 0:00:01, 10:11:12: done",
        ),
        ("127.0.0.1:5432 and ::1 did not answer at 10:11:12", "127.0.0.1:5432 and ::1 did not answer at 10:11:12"),
        ("articles.0012 took 1.25 s, Python 3.11.7", "articles.0012 took 1.25 s, Python 3.11.7"),
    ],
)
def test_a_line_of_json_holds_no_address_of_a_person(text, kept):
    assert line_of(logging.makeLogRecord({"msg": "%s", "args": (text,)}))["message"] == kept


def test_a_line_of_json_has_its_error_on_the_same_line():
    token = make_token("preferences", 4711)
    try:
        raise ValueError(f"ann@example.com at /u/{token}/")
    except ValueError:
        record = logging.makeLogRecord({"msg": "It broke", "levelname": "ERROR", "exc_info": sys.exc_info()})
    text = JsonLines().format(record)
    assert "\n" not in text
    error = json.loads(text)["error"]
    assert error.endswith("ValueError: … at /u/…/")
    assert "Traceback" in error


def test_a_line_says_in_which_request_and_for_whom_it_was_written(rf):
    request = rf.get("/")
    request.id, request._cached_user = "abc", User(pk=17, email="ann@example.com")
    with logs.during(request):
        inside = line_of(logging.makeLogRecord({"msg": "x"}))
    assert (inside["request"], inside["user"]) == ("abc", 17)
    assert "request" not in line_of(logging.makeLogRecord({"msg": "x"}))


@pytest.mark.django_db
def test_an_id_that_a_proxy_gives_is_taken_where_there_is_one(client, settings):
    seen = []
    given = {"X-Request-Id": "id-of-the-proxy"}
    for settings.BEHIND_PROXY, headers in ((True, given), (False, given), (True, {"X-Request-Id": "a\nb"})):
        seen.append(client.get("/healthz", headers=headers).wsgi_request.id)
    assert seen[0] == "id-of-the-proxy"
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in seen[1:])


@pytest.mark.django_db(transaction=True)
def test_the_real_processes_log_json_when_told(static_files, tmp_path):
    log = tmp_path / "web.log"
    with own_site(log, LOG_FORMAT="json", LOG_LEVEL="WARNING") as site:
        for path in ("/no-such-page/", "/b/../no/"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(site.url + path)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    missing = [line for line in lines if line["logger"] == "django.request"]
    assert missing, log.read_text()[-3000:]
    assert missing[0]["message"] == "Not Found: /no-such-page/"
    assert re.fullmatch("[0-9a-f]{32}", missing[0]["request"])
