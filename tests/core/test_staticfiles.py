"""Static files that came after a process was started are found by it, and nothing else is."""

import pytest
from django.http import HttpResponse

from core.lib.staticfiles import StaticFilesMiddleware


@pytest.fixture
def static_root(tmp_path, settings):
    root = tmp_path / "static"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    settings.STATIC_ROOT = root
    return root


def elsewhere(_request):
    return HttpResponse(status=404)


def test_a_file_collected_later_is_served(static_root, rf):
    middleware = StaticFilesMiddleware(elsewhere)
    assert middleware(rf.get("/static/new.0123.css")).status_code == 404
    (static_root / "new.0123.css").write_text("p { color: red }")
    answer = middleware(rf.get("/static/new.0123.css"))
    assert (answer.status_code, answer["Content-Type"]) == (200, 'text/css; charset="utf-8"')


@pytest.mark.parametrize("name", ["../secret.txt", "x/../../secret.txt", "", "a\0b", "n" * 5000, "%2e%2e/secret.txt"])
def test_nothing_outside_of_the_folder_is_served(name, static_root, rf):
    request = rf.get("/")
    request.path_info = f"/static/{name}"
    assert StaticFilesMiddleware(elsewhere)(request).status_code == 404
