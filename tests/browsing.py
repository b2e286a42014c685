"""A real Chromium for tests that walk pages."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.processes import LiveSite

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MISSING = "no browser: install Chromium (Debian: apt-get install chromium), or name one in CHROMIUM"


def chromium() -> str | None:
    """The browser's program, as bin/test found it or from the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for the run. In CI its absence is a failure."""
    from playwright.sync_api import sync_playwright

    program = chromium()
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    # Playwright runs an event loop in this thread, which Django would otherwise take for code that must not wait.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page_errors() -> list[str]:
    """What the page's console reported as errors (refused scripts and styles among them); a test may empty it."""
    return []


@pytest.fixture
def page(browser: Any, live_site: "LiveSite", page_errors: list[str]) -> Iterator[Any]:
    """A fresh browser page on the live site; addresses may start with /. Errors on its console fail the test."""
    context = browser.new_context(base_url=live_site.url)
    context.set_default_timeout(30_000)  # a first page of the desk takes its time on a busy machine
    opened = context.new_page()
    opened.on("pageerror", lambda error: page_errors.append(str(error)))
    opened.on("console", lambda said: _note(said, page_errors))
    yield opened
    context.close()
    assert not page_errors, f"the browser's console reported: {page_errors}"


def _note(said: Any, page_errors: list[str]) -> None:
    if said.type == "error":
        page_errors.append(f"{said.text} ({said.location.get('url', '')})")
