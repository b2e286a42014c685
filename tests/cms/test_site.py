"""What holds for the site as a whole."""

import pytest
from django.conf import settings
from django.db import connection

from core import pagecache
from core.models import SiteProfile

pytestmark = pytest.mark.django_db

READER_PAGES = [
    "/",
    "/blog/",
    "/newsletter/",
    "/newsletter/archive/",
    "/awards/",
    "/advertise/",
    "/sponsored-is-not-rated/",
]


@pytest.mark.django_db(transaction=True)
def test_without_its_database_the_site_asks_readers_to_come_back(client, monkeypatch):
    client.raise_request_exception = False
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        answer = client.get("/blog/")
        assert client.get("/readyz").status_code == 503
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Back in a moment" in answer.content.decode()
    assert client.get("/blog/").status_code == 200


@pytest.mark.parametrize("path", READER_PAGES)
def test_a_reader_page_can_be_kept_by_any_cache(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize("path", READER_PAGES)
def test_a_reader_page_has_no_inline_script_style_or_foreign_address(client, path):
    response = client.get(path)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in response.text
    assert "<style" not in response.text
    for tag in response.text.split("<script")[1:]:
        assert " src=" in tag.split(">")[0] or "application/" in tag.split(">")[0]
    for source in ('src="http', 'srcset="http'):
        assert source not in response.text.replace(settings.SITE_URL, "")


@pytest.mark.parametrize(
    "path", ["/nothing/", "/blog/nothing/", "/newsletter/confirm/nothing/", "/awards/nothing/", "/preview/nothing/"]
)
def test_an_unknown_address_gets_a_helpful_page(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert 'href="/"' in response.text
    assert "search" in response.text.lower()


def test_addresses_that_are_tried_out_cost_a_look_for_a_redirect_each(client, django_assert_num_queries):
    first = client.get("/no-such-page/")
    with django_assert_num_queries(1):
        assert client.get("/another-that-is-none/").content == first.content
    profile = SiteProfile.current()
    profile.name = "Apogee"
    profile.save()
    pagecache.bump()
    assert b"Apogee" in client.get("/no-such-page/").content


def test_the_api_documents_itself(client):
    schema = client.get("/api/v1/schema/?format=json")
    assert schema.status_code == 200
    page = client.get("/api/docs/")
    assert "<style" not in page.text
    assert client.get("/api/docs/?script=").status_code == 200


def test_every_path_of_the_schema_answers(client):
    schema = client.get("/api/v1/schema/?format=json").json()
    plain = [path for path, methods in schema["paths"].items() if "get" in methods and "{" not in path]
    assert plain
    public = [path for path in plain if "schema" not in path and "/desk/" not in path]
    assert {client.get(path).status_code for path in public} == {200}


def test_media_files_are_served_and_nothing_beside_them(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "images").mkdir(parents=True)
    (tmp_path / "media" / "images" / "a.webp").write_bytes(b"pixels")
    (tmp_path / "secret").write_text("secret")

    found = client.get("/media/images/a.webp")

    assert (found["Content-Type"], b"".join(found)) == ("image/webp", b"pixels")
    assert client.get("/media/../secret").status_code == 400
    assert client.get("/media/images/").status_code == 404
