"""Pictures that several posts of an export share."""

import pytest

from articles.importing.detecting import open_export
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import AHEAD, load
from articles.models import ImageAsset
from tests.articles.importing.samples import png, webflow_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_there", [True, False])
def test_what_all_posts_show_is_fetched_once_and_counted_once(write, settings, tmp_path, http_server, is_there):
    settings.MEDIA_ROOT = tmp_path / "media"
    http_server.page, http_server.headers = (png(), {"Content-Type": "image/png"}) if is_there else ("", {})
    body = f"<p>A.</p><img src='{http_server.url}/a.png' alt='A'><img src='/logo.png' alt='Logo'>"
    rows = [webflow_row(f"Post {number}", **{"Post Body": body}) for number in range(AHEAD + 2)]
    fetcher = Fetcher(max_bytes=10_000, private_hosts=True)
    report = load(open_export(write(rows)), source="posts.csv", fetcher=fetcher)
    assert (report.counts["new"], len(http_server.requests)) == (AHEAD + 2, 1)
    assert (report.images_stored, ImageAsset.objects.count()) == (is_there, is_there)
    assert [remark[:30] for remark in report.remarks if "without a host" in remark] == [
        "1 pictures have an address wit"
    ]
