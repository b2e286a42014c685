"""On paper, too, an ad is labelled, and a text says who paid us and is named in it."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from articles.publishing import publish
from sponsors import flags
from tests.articles import factories as articles
from tests.newsletter import factories as mailing
from tests.sponsors import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STANDING = "Disclosure. Northwind Custody has paid us for advertising and is named here."


class Paper(str):
    """What stands on paper. Where one word ends there is only guessed from how far apart letters are."""

    __slots__ = ()

    def __contains__(self, words):
        return "".join(words.split()) in "".join(self.split())


def printed(page, url):
    """The words of a page as a browser prints it."""
    page.goto(url)
    return Paper(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages))


def test_labels_and_disclosures_are_printed(page, live_site):
    factories.running()
    article = articles.article({"type": "richtext", "html": "<p>We spoke to Northwind Custody.</p>"})
    (flag,) = flags.look_at("article", article.pk)
    flags.decide(flag, "disclosed", by=articles.user("editor"))
    publish(article)
    words = printed(page, f"{live_site.url}/blog/{article.slug}/")
    assert STANDING in words
    assert "Paid advertisement" in words
    assert "Keys that stay yours" in words
    other = articles.publication(slug="other")
    assert "Who paid us and is named here: nobody." in printed(page, f"{live_site.url}{other.get_absolute_url()}")
    paid = {"named": [{"sponsor": "Northwind Custody", "on": "2026-05-01"}], "is_open": False}
    ad = {
        "kind": "sponsor",
        "heading": "Keys",
        "text": "Two.",
        "label": "Paid advertisement",
        "url": "https://a.example",
    }
    sent = mailing.sent(mailing.newsletter(), paid=paid, items=[ad], delivered=1, opened=0, clicked=0)
    words = printed(page, f"{live_site.url}{sent.get_absolute_url()}")
    assert STANDING in words
    assert "Paid advertisement" in words
    log = printed(page, f"{live_site.url}/sponsored-is-not-rated/")
    assert "Named in the article" in log
