"""The sign-up block of articles: which newsletter, in which words, and a choice where the editor names several."""

import pytest

from articles.document_schema import DocumentError
from newsletter.models import Subscription
from newsletter.subscribers import sign_ups
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


def page(client, *blocks):
    blocks = [{"type": "richtext", "html": "<p>Words.</p>"}, *({"type": "signup"} | block for block in blocks)]
    return client.get(factories.published(blocks=blocks).get_absolute_url()).content.decode()


def test_a_block_has_words_of_its_own(client, weekly):
    html = page(client, {"newsletter": "weekly", "heading": "Bridges & <stairs>", "text": "Every “Friday”."})
    assert '<h2 id="signup-1-heading">Bridges &amp; &lt;stairs&gt;</h2>' in html
    assert "<p>Every “Friday”.</p>" in html
    assert '<input type="hidden" name="newsletter" value="weekly">' in html
    assert "signup--strip" not in html


def test_of_several_newsletters_the_reader_chooses_one_of_those_that_are_open(client, weekly):
    daily = factories.newsletter(name="Daily", slug="daily", is_default=False)
    factories.newsletter(name="Closed", slug="closed", is_default=False, is_open=False)
    html = page(client, {"newsletter": "daily, closed ,weekly,daily"})
    assert html.index('<option value="daily">Daily') < html.index('<option value="weekly">Weekly')
    assert "Closed" not in html
    assert 'type="hidden" name="newsletter"' not in html
    client.post("/newsletter/subscribe/", {"email": "ann@example.com", "newsletter": "daily", "source": "article"})
    sign_ups.settle_due()
    assert Subscription.objects.get().newsletter == daily


def test_a_form_changes_with_its_newsletters_and_not_with_the_article(client, weekly):
    daily = factories.newsletter(name="Daily", slug="daily", is_default=False)
    found = factories.published(blocks=[{"type": "signup", "newsletter": "daily,weekly"}])
    assert "<select" in client.get(found.get_absolute_url()).content.decode()
    daily.is_open = False
    daily.save()
    html = client.get(found.get_absolute_url()).content.decode()
    assert "<select" not in html
    assert 'name="newsletter" value="weekly"' in html


@pytest.mark.parametrize("slug", ["", "--", "--evil", "weekly"])
def test_one_slug_alone_is_kept_as_it_is(client, weekly, slug):
    html = page(client, {"newsletter": slug} if slug else {})
    assert (f'name="newsletter" value="{slug}"' in html) == bool(slug)
    assert "The briefing, in your inbox" in html


@pytest.mark.parametrize("typed", ["a b", "weekly, ünï", "weekly;daily"])
def test_what_is_no_slug_is_refused(typed):
    with pytest.raises(DocumentError, match="valid “slug”"):
        factories.published(blocks=[{"type": "signup", "newsletter": typed}])
