"""The head of a row's page in a browser."""

import pytest

from newsletter.models import Subscriber
from tests.articles import factories as articles
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_buttons_leave_the_name_of_the_row_to_be_read(page):
    """Seven of them, as a subscriber or an article has, are as broad as the page is beside it."""
    factories.subscription(factories.newsletter(), "theodora.castellanos@mail.paper.example")
    factories.suppression("bounce", "theodora.castellanos@mail.paper.example")
    article = articles.publication(title="The Nakamoto coefficient is a good question and a poor answer")
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, someone("Nell"))
    subscriber = f"newsletter/subscriber/{Subscriber.objects.get().pk}"
    for path, heading in ((subscriber, "h2"), (f"articles/article/{article.article_id}", "h1")):
        page.goto(f"/admin/{path}/change/")
        name, buttons = (page.locator(which).bounding_box() for which in (f"#content > {heading}", ".object-tools"))
        assert name["y"] + name["height"] <= buttons["y"], path
