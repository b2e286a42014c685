"""What every test stands on: a state folder and an embedded PostgreSQL of the tests' own."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.ops import embedded
from tests import database

pytest_plugins = ["tests.smtp", "tests.http", "tests.imap", "tests.s3", "tests.processes", "tests.browsing"]

ROOT = Path(__file__).resolve().parent.parent
POLL = "FROM core_contentgeneration"
# What a developer's shell or .env sets must not reach the tests; an empty value is one that .env does not replace.
CLEARED = [
    "BOUNCE_ADDRESS",
    "BOUNCE_IMAP_URL",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DEBUG",
    "DEMO_PASSWORD",
    "EMAIL_URL",
    "PRODUCTION",
]
CLEARED += [
    "CACHE_PURGE_URL",
    "CACHE_PURGE_KIND",
    "CACHE_PURGE_TOKEN",
    "WEBHOOKS_TO_PRIVATE_HOSTS",
    "LINK_CHECKS_OF_PRIVATE_HOSTS",
]
CLEARED += ["ALLOWED_HOSTS", "TIME_ZONE", "LEDGER_SIGNING_KEY", "BALLOT_PEPPER_FOLDER", "MEDIA_ROOT", "SITE_URL"]
CLEARED += [
    "BACKUP_FOLDER",
    "BACKUP_RECIPIENTS",
    "BACKUP_BUCKET",
    "LOG_FORMAT",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
]
CLEARED += ["CONSENT_KEY", "CORS_ALLOWED_ORIGINS", "API_REQUESTS_PER_KEY", "API_REQUESTS_PER_NETWORK"]
SECRET_KEY = "the same for all processes that run these tests"

if not os.environ.get("CI"):  # where CI is set, hypothesis chooses a profile that repeats itself
    hypothesis.settings.register_profile(
        "here", deadline=None
    )  # how long an example takes says how busy the machine is
    hypothesis.settings.load_profile("here")


def shared_folder() -> Path:
    """Where test runs of this clone keep what they share."""
    normal = Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var")
    return Path(os.environ.setdefault("MOONPRESS_TEST_VAR", str(normal.resolve() / "test")))


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before Django reads its settings. Processes that run tests side by side have one each."""
    folder = shared_folder()
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        return  # it only hands out tests, to processes that inherit the environment as it is here
    var = folder / os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ |= dict.fromkeys(CLEARED, "") | {"MOONPRESS_VAR": str(var), "PORT": "8000", "SECRET_KEY": SECRET_KEY}
    os.environ["DJANGO_SETTINGS_MODULE"] = "cms.settings"
    gc.set_threshold(50_000)  # a process of tests ends soon, and looking for garbage took an eighth of its time
    cluster = embedded.Cluster(var)
    cluster.start()
    config.add_cleanup(cluster.stop)
    database.let_nothing_wait_for_the_disk(var)
    from django.conf import settings
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    assert cluster.var == settings.VAR, "Django read its settings before the tests' state folder was chosen"
    # In this process static files have the names they have in the sources; the live site's are hashed and compressed.
    # It serves none, so that WhiteNoise does not look through all of them for every client.
    settings.STATIC_ROOT = var / "no-static"
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    PBKDF2PasswordHasher.iterations = 1  # what a hash costs is no test's question; the live site reads such a one, too
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no process works on one of them while the others have ended."""
    longest = [f"tests/{part}/" for part in ("browser", "faults", "cms")]
    processes = {"live_site", "celery_worker"}
    with_processes = {item.path for item in items if processes.intersection(getattr(item, "fixturenames", ()))}

    def place(item: pytest.Item) -> tuple[int, bool]:
        part = next((place for place, part in enumerate(longest) if item.nodeid.startswith(part)), len(longest))
        return part, item.path not in with_processes

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _reset_kept() -> Iterator[None]:
    """No test sees what another one's process kept by content generation or in the cache, such as counted sign-ins."""
    from django.core.cache import cache

    from core import generation

    cache.clear()
    generation.reset()
    yield
    generation.reset()


@pytest.fixture
def django_assert_max_num_queries() -> Callable[[int], AbstractContextManager[Any]]:
    """How many queries a block may take; but for the one that a slow machine adds, which asks for the content generation again."""

    @contextmanager
    def assert_max(most: int) -> Iterator[Any]:
        with CaptureQueriesContext(connection) as context:
            yield context
        asked = [str(query["sql"]) for query in context.captured_queries if POLL not in (query["sql"] or "")]
        assert len(asked) <= most, f"{len(asked)} queries instead of {most}:\n" + "\n".join(asked)

    return assert_max


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """What is there when Django comes to make it was put there by `database.made`."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> ExitStack:
    """The test database before Django makes it, or finds that nothing is left to do; until this is closed.

    Where that is interrupted nobody closes it: what was migrated until then is not kept.
    """
    stack = ExitStack()
    with django_db_blocker.unblock():
        stack.enter_context(database.made(shared_folder()))
    return stack


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_modify_db_settings: ExitStack, django_db_blocker: Any
) -> Iterator[None]:
    """The test database, with what migrations put in kept aside for tests that commit; nobody is left in it at the end."""
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        django_db_modify_db_settings.close()
        database.keep_what_migrations_put_in()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: database.put_back_what_migrations_put_in())
        yield
    with django_db_blocker.unblock():
        database.end_other_sessions()
