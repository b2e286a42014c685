"""What every test stands on: a state folder and an embedded PostgreSQL of the tests' own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cms.lib import embedded

pytest_plugins = ["tests.smtp", "tests.processes", "tests.browsing"]

ROOT = Path(__file__).resolve().parent.parent
# What a developer's shell or .env sets must not reach the tests; an empty value is one that .env does not replace.
CLEARED = ["CACHE_URL", "CELERY_BROKER_URL", "DATABASE_URL", "DEBUG", "DEMO_PASSWORD", "EMAIL_URL", "PRODUCTION"]
CLEARED += ["ALLOWED_HOSTS", "MEDIA_ROOT", "SECRET_KEY", "SITE_URL"]


def shared_folder() -> Path:
    """Where test runs of this clone keep what they share."""
    normal = Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var")
    return Path(os.environ.setdefault("MOONPRESS_TEST_VAR", str(normal.resolve() / "test")))


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before Django reads its settings. Processes that run tests side by side have one each."""
    var = shared_folder() / os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ |= dict.fromkeys(CLEARED, "") | {"MOONPRESS_VAR": str(var), "PORT": "8000"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "cms.settings"
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        return
    cluster = embedded.Cluster(var)
    cluster.start()
    config.add_cleanup(cluster.stop)
    from django.conf import settings

    assert cluster.var == settings.VAR, "Django read its settings before the tests' state folder was chosen"
    # In this process static files have the names they have in the sources; the live site's are hashed and compressed.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def _forget_kept() -> Iterator[None]:
    """No test sees what another one's process kept by content generation or in the cache, such as counted sign-ins."""
    from django.core.cache import cache

    from cms.lib import generation

    cache.clear()
    generation.forget()
    yield
    generation.forget()
