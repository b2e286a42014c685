"""What every test stands on: a state folder and an embedded PostgreSQL of the tests' own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cms.lib import embedded

ROOT = Path(__file__).resolve().parent.parent
# What a developer's shell or .env sets must not reach the tests; an empty value is one that .env does not replace.
CLEARED = ["CACHE_URL", "CELERY_BROKER_URL", "DATABASE_URL", "DEBUG", "DEMO_PASSWORD", "EMAIL_URL", "PRODUCTION"]
CLEARED += ["ALLOWED_HOSTS", "MEDIA_ROOT", "SECRET_KEY", "SITE_URL"]


def _test_var() -> Path:
    """A state folder for each process that runs tests side by side, below the one this clone uses."""
    base = os.environ.setdefault(
        "MOONPRESS_TEST_VAR", str(Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var") / "test")
    )
    return Path(base) / os.environ.get("PYTEST_XDIST_WORKER", "main")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before Django reads its settings."""
    os.environ |= dict.fromkeys(CLEARED, "") | {"MOONPRESS_VAR": str(_test_var()), "PORT": "8000"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "cms.settings"
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        return  # the workers have servers of their own
    cluster = embedded.Cluster(_test_var())
    cluster.start()
    config.add_cleanup(cluster.stop)
    from django.conf import settings

    assert cluster.var == settings.VAR, "Django read its settings before the tests' state folder was chosen"
    # Names of static files as they are in the sources: no test needs them collected and hashed first.
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
