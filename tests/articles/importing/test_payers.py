"""An imported article that names who pays us waits in review."""

import pytest

from articles.models import Article
from sponsors.models import Flag
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
POST = "---\ntitle: On custody\ndate: 2026-01-02\n---\n\nWe spoke to Northwind Custody.\n"


def test_an_imported_article_that_names_a_sponsor_waits_in_review(write, bring_in):
    ads.running()
    report = bring_in(write(POST, "posts/custody.md").parent, "markdown")
    article = Article.objects.get()
    assert article.state == Article.State.IN_REVIEW
    assert Flag.objects.open().filter(about=article.pk).exists()
    assert "names somebody who pays us" in str(report.entries[0].notes.changed)
