"""Errors and traces go to the servers that settings name, and take nothing of persons with them."""

import gzip

import brotli
import pytest

from core.lib.signing import make_token
from tests.processes import manage_command

pytestmark = pytest.mark.django_db(transaction=True)
BREAKS = """
from celery import shared_task
from django.db import connection
from django.test import Client
from django.urls import path
import cms.urls
def broken(request, token):
    raise ValueError("ann@example.com at 203.0.113.9")
def twice(request):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE persons (name text UNIQUE)")
        for name in ["Ann " + "Smith"] * 2:
            cursor.execute("INSERT INTO persons VALUES (%s)", [name])
@shared_task(name="failing")
def failing():
    raise ValueError("ann@example.com")
cms.urls.urlpatterns.insert(0, path("broken/<str:token>/", broken))
cms.urls.urlpatterns.insert(0, path("twice/", twice))
client = Client(raise_request_exception=False, HTTP_USER_AGENT="Ann's " + "browser", HTTP_HOST="localhost")
client.get("/broken/{token}/?q=" + "sec" + "ret", REMOTE_ADDR="203.0.113.9")
client.get("/twice/")
failing.apply()
client.get("/healthz")
client.get("/readyz")
"""


def run_with(**variables):
    token = make_token("preferences", 4711)
    done = manage_command("shell", "--no-imports", "--command", BREAKS.replace("{token}", token), **variables)
    assert done.returncode == 0, done.stderr
    return token


def bodies(http_server):
    ways = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}
    return [ways[asked.headers.get("Content-Encoding", "")](asked.body) for asked in http_server.requests]


def personal(text, token):
    return [
        each
        for each in (token, "ann@example.com", "203.0.113.9", "Ann's browser", "Ann Smith", "secret")
        if each in text
    ]


def test_an_error_is_reported_with_its_place_and_without_persons(http_server):
    token = run_with(SENTRY_DSN=f"{http_server.url.replace('//', '//key@')}/1", RELEASE="r17")
    text = b"".join(bodies(http_server)).decode()
    assert "ValueError" in text
    assert '"release":"r17"' in text
    assert "/broken/" in text
    assert "IntegrityError" in text
    assert personal(text, token) == []


def test_traces_have_routes_and_statements_and_no_persons(http_server):
    token = run_with(OTEL_EXPORTER_OTLP_ENDPOINT=http_server.url)
    assert {asked.path for asked in http_server.requests} == {"/v1/traces"}
    text = b"".join(bodies(http_server)).decode(errors="replace")
    assert "GET /broken/<str:token>/" in text
    assert "GET /healthz" in text
    assert "SELECT 1" in text
    assert "UniqueViolation" in text
    assert "run/failing" in text
    assert personal(text, token) == []
