"""The examples of docs/api.md do what the document says."""

import itertools
import re
import shlex
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.api import keys
from core.lib import clock
from core.webhooks import EVENTS
from surveys import seasons
from tests.articles import factories
from tests.core.programs import program
from tests.newsletter import factories as newsletters
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys
from tests.surveys.questionnaires import factories as questionnaires

pytestmark = pytest.mark.django_db
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
COMMANDS = [
    shlex.split(command)
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for command in re.split(r"\n\s*(?=curl )", block.replace("\\\n", " ").strip())
]


def sent(command, key, row, etag):
    """What curl would send, of this row as it was read."""
    url = next(word for word in command if word.startswith("https://")).removeprefix("https://news.example")
    options = [(name, value) for name, value in itertools.pairwise(command) if name in ("-X", "-H", "--json", "-F")]
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    headers = {name: value.replace("$KEY", key).replace('"…"', etag) for name, value in headers.items()}
    body = next((value for name, value in options if name == "--json"), None)
    form = dict(value.split("=", 1) for name, value in options if name == "-F")
    method = next((value for name, value in options if name == "-X"), "POST" if body or form else "GET")
    url = url.replace("/17/", f"/{row}/")
    if form:
        form["file"] = SimpleUploadedFile(form["file"].removeprefix("@"), factories.picture())
        return Client().post(url, form, headers=headers)
    kind = {"content_type": "application/json"} if body else {}
    return Client().generic(method, url, body or "", headers=headers, **kind)


def test_a_post_is_written_changed_and_published_as_the_document_says(client):
    key = program("editor").key
    made = sent(COMMANDS[0], key, 0, "")
    changed = sent(COMMANDS[1], key, made.json()["id"], made["ETag"])
    published = sent(COMMANDS[2], key, made.json()["id"], changed["ETag"])
    assert [each.status_code for each in (made, changed, published)] == [201, 200, 200]
    assert "Seven bridges" in client.get("/blog/six-bridges/").content.decode()


@pytest.fixture
def rows():
    """A site of which all examples are true; the rows that the document calls 17."""
    factories.category(), factories.author(), factories.tag()
    weekly = newsletters.newsletter()
    surveys.open_season()
    coming = surveys.draft_season("moon-2027")
    seasons.open_nominations(coming)
    questionnaires.opened(slug="readers")
    held = sponsors.held()
    return {
        "articles": factories.article(title="Bridges").pk,
        "briefings": newsletters.sent(weekly, opened=1, clicked=0).pk,
        "bookings": held.pk,
    }


def on_time(command):
    """The days of the examples as if they had been written today."""
    days = {"2026-12-08": sponsors.soon(9), "2026-11-30": clock.utc_day(), "2026-12-01": sponsors.soon(1)}
    return [re.sub("|".join(days), lambda found: days[found[0]].isoformat(), word) for word in command]


def test_the_examples_of_each_part_are_taken(rows):
    one, refused = program(), {}
    for command in map(on_time, COMMANDS[3:]):
        url = next(word for word in command if word.startswith("https://"))
        row, etag = next((row for part, row in rows.items() if f"/{part}/17/" in url), 0), ""
        if found := re.search(r"/desk/(\w+/[\w-]+/)[\w-]+/$", url):
            etag = one.get(found[1].replace("17", str(row))).headers.get("ETag", "")
        answer = sent(command, one.key, row, etag)
        if answer.status_code not in (200, 201, 202):
            refused[url] = answer.content.decode()
    assert refused == {}
    parts = set(re.findall(r"desk/(\w+)/", " ".join(" ".join(command) for command in COMMANDS)))
    assert parts == {"articles", "pictures", "snippets", "subscribers", "briefings", "seasons", "bookings", "figures"}


def test_a_post_is_written_in_python_as_the_document_says(live_site, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(code.replace("https://news.example", live_site.url), {"KEY": program("editor").key})
    assert capsys.readouterr().out == f"{live_site.url}/blog/six-bridges/\n"
    assert "fell" in Client().get("/blog/six-bridges/").content.decode()


def test_the_document_names_each_event_and_each_part():
    rows = [line for line in TEXT.splitlines() if re.match(r"\| `[a-z]+\.[a-z]+`", line)]
    named = set()
    for line in rows:
        first, *others = re.findall(r"`([a-z.]*\.[a-z]+)`", line.split("|")[1])
        named |= {first} | {first.partition(".")[0] + other for other in others}
    assert named == set(EVENTS)
    assert len(keys.scopes()) == 11
