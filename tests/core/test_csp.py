"""Every answer carries the content policy, whole and with what a page asked for itself."""

import pytest
from csp.decorators import csp_replace
from csp.exceptions import CSPNonceError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from core.lib.csp import PolicyMiddleware

HEADER = "Content-Security-Policy"


def answered(view):
    request = RequestFactory().get("/")
    return request, PolicyMiddleware(view)(request)


def test_a_page_without_wishes_gets_the_sites_policy():
    _, answer = answered(lambda request: HttpResponse())
    assert "default-src 'self'" in answer[HEADER]
    assert "nonce-" not in answer[HEADER]
    assert answer[HEADER] == answered(lambda request: HttpResponse())[1][HEADER]


def test_a_nonce_that_a_page_used_is_in_its_policy_alone():
    _, answer = answered(lambda request: HttpResponse(str(request.csp_nonce)))
    assert f"'nonce-{answer.content.decode()}'" in answer[HEADER]
    assert "nonce-" not in answered(lambda request: HttpResponse())[1][HEADER]


def test_a_page_may_replace_a_part():
    _, answer = answered(csp_replace({"img-src": ["https://images.example"]})(lambda request: HttpResponse()))
    assert "img-src https://images.example" in answer[HEADER]


def test_a_nonce_asked_for_too_late_is_an_error():
    request, _ = answered(lambda request: HttpResponse())
    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)


@pytest.mark.django_db
def test_every_answer_has_it(client):
    for path in ("/", "/nowhere/", "/feed.xml", "/healthz", reverse("account_login")):
        assert "script-src" in client.get(path)[HEADER], path
