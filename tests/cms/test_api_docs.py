"""The examples of docs/api.md do what the document says."""

import itertools
import json
import re
import shlex
from pathlib import Path

import pytest
from django.test import Client

from core.api import keys
from core.webhooks import EVENTS
from tests.articles import factories
from tests.core.programs import program
from tests.newsletter import factories as newsletters

pytestmark = pytest.mark.django_db
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
COMMANDS = [
    shlex.split(command)
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for command in block.replace("\\\n", " ").strip().splitlines()
]
BODIES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def sent(command, key, row, etag):
    """What curl would send, of this row as it was read."""
    url = next(word for word in command if word.startswith("https://")).removeprefix("https://news.example")
    options = [(name, value) for name, value in itertools.pairwise(command) if name in ("-X", "-H", "-d")]
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    headers = {name: value.replace("$KEY", key).replace('"…"', etag) for name, value in headers.items()}
    data = next((value for name, value in options if name == "-d"), "{}")
    method = next((value for name, value in options if name == "-X"), "POST")
    return Client().generic(method, url.replace("/17/", f"/{row}/"), data, "application/json", headers=headers)


def test_a_post_is_written_changed_and_published_as_the_document_says(client):
    key = program("editor").key
    made = sent(COMMANDS[0], key, 0, "")
    changed = sent(COMMANDS[1], key, made.json()["id"], made["ETag"])
    published = sent(COMMANDS[2], key, made.json()["id"], changed["ETag"])
    assert [each.status_code for each in (made, changed, published)] == [201, 200, 200]
    assert "Seven bridges" in client.get("/blog/six-bridges/").content.decode()
    assert len(COMMANDS) == 3


def test_the_example_of_each_part_is_taken():
    factories.category()
    factories.author()
    factories.tag()
    newsletters.newsletter()
    one = program()
    answers = [
        one.post(path, body) for path, body in zip(["articles/", "subscribers/", "briefings/"], BODIES, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201], [answer.json() for answer in answers]
    for path in (
        "seasons/",
        "bookings/",
        "figures/?since=2026-11-01&until=2026-11-28&article=fees",
        "snippets/",
        "pictures/",
    ):
        assert one.get(path).status_code == 200, path


def test_the_document_names_each_event_and_each_part():
    rows = [line for line in TEXT.splitlines() if re.match(r"\| `[a-z]+\.[a-z]+`", line)]
    named = set()
    for line in rows:
        first, *others = re.findall(r"`([a-z.]*\.[a-z]+)`", line.split("|")[1])
        named |= {first} | {first.partition(".")[0] + other for other in others}
    assert named == set(EVENTS)
    assert len(keys.scopes()) == 12
