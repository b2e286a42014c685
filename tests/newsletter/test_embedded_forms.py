"""A sign-up form in a frame on another site: no cookie, no token, its own answer to who may frame it, and its own source."""

import pytest

from newsletter.models import SignUp, SignUpRules
from newsletter.subscribers import sign_ups
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

URL = "/newsletter/embed/weekly/"


@pytest.fixture
def client(client):
    client.handler.enforce_csrf_checks = True
    return client


def frame_ancestors(answer):
    parts = answer["Content-Security-Policy"].split("; ")
    return next(part for part in parts if part.startswith("frame-ancestors")).split()[1:]


def test_every_site_may_frame_it_until_staff_name_those_that_may(client, weekly):
    answer = client.get(URL)
    assert frame_ancestors(answer) == ["*"]
    assert "X-Frame-Options" not in answer
    SignUpRules(embedding_sites="partner.example\n*.friends.example\n").save()
    assert frame_ancestors(client.get(URL)) == ["'self'", "partner.example", "*.friends.example"]
    assert frame_ancestors(client.get("/newsletter/")) == ["'self'"]


def test_it_sets_no_cookie_and_asks_nothing_of_a_third_site(client, weekly):
    for answer in (client.get(URL), client.post(URL, {"email": "ann@example.com"})):
        assert not answer.cookies
        assert answer["Cache-Control"] == "no-store"
        assert b"csrf" not in answer.content
    assert b'src="http' not in answer.content


def test_it_answers_in_its_frame_and_keeps_what_was_typed_wrong(client, weekly):
    good, bad = client.post(URL, {"email": "ann@example.com"}), client.post(URL, {"email": "ann@"})
    assert sign_ups.THANKS in good.content.decode()
    assert 'value="ann@"' in bad.content.decode()
    assert "not an e-mail address" in bad.content.decode()
    assert bad.status_code == 400
    assert frame_ancestors(bad) == ["*"]


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("https://Partner.example:8443/a/page?secret=1", "embedded form on partner.example"),
        ("https://bücher.example/", "embedded form on xn--bcher-kva.example"),
        ("http://testserver/newsletter/embed/weekly/", "embedded form"),
        ("", "embedded form"),
        ("https://a b/<script>", "embedded form"),
        ("https://[::1", "embedded form"),
    ],
)
def test_where_the_form_stood_is_its_source(client, weekly, referrer, source):
    page = (
        client.get(URL, headers={"Referer": referrer}) if referrer.isascii() else client.get(URL, HTTP_REFERER=referrer)
    )
    host = source.removeprefix("embedded form").removeprefix(" on ")
    assert f'name="host" value="{host}"' in page.content.decode() or not host
    own = {"Referer": "http://testserver" + URL, "Sec-Fetch-Site": "same-origin"}
    client.post(URL, {"email": "ann@example.com", "host": host, "source": "invented"}, headers=own)
    assert SignUp.objects.get().source == source


def test_a_form_of_another_site_may_be_sent_here_and_a_sandboxed_one(client, weekly):
    cross = {"Referer": "https://partner.example/", "Sec-Fetch-Site": "cross-site", "Origin": "null"}
    assert client.post(URL, {"email": "ann@example.com"}, headers=cross).status_code == 200
    assert SignUp.objects.get().source == "embedded form on partner.example"


def test_a_closed_newsletter_has_no_form(client, weekly):
    factories.newsletter(name="Closed", slug="closed", is_default=False, is_open=False)
    assert client.get("/newsletter/embed/closed/").status_code == 404


def test_managers_get_a_snippet_and_a_preview(client, weekly, settings):
    client.force_login(factories.user(role="newsletter manager"))
    page = client.get(f"/admin/newsletter/newsletter/{weekly.pk}/form/").content.decode()
    assert f"&lt;iframe src=&quot;{settings.SITE_URL}{URL}&quot;" in page
    assert f'<iframe src="{URL}"' in page
    assert "Every site may show it" in page
