"""How the tests write exports and import them."""

from pathlib import Path

import pytest

from tests.articles.importing.samples import csv_of


@pytest.fixture
def write(tmp_path):
    """Write an export to a file."""

    def written(content, name="posts.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = csv_of(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def bring_in(settings, tmp_path):
    """Import a file or folder without fetching anything."""
    if tmp_path not in Path(settings.MEDIA_ROOT).parents:
        settings.MEDIA_ROOT = tmp_path / "media"

    def brought(
        path,
        format_name="auto",
        *,
        dry_run=False,
        encoding=None,
        site="",
    ):
        from articles.images import MAX_BYTES
        from articles.importing.detecting import open_export
        from articles.importing.load.fetcher import Fetcher
        from articles.importing.load.loader import load

        export = open_export(path, format_name, encoding)
        export.site = site or export.site
        fetcher = Fetcher(max_bytes=MAX_BYTES, enabled=False)
        return load(export, source=path.name, dry_run=dry_run, fetcher=fetcher)

    return brought
