"""A subscriber's page in a browser."""

import pytest

from newsletter.models import Subscriber
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_buttons_leave_the_address_to_be_read(page):
    """Seven of them are as broad as the page is beside an address."""
    factories.subscription(factories.newsletter(), "theodora.castellanos@mail.paper.example")
    factories.suppression("bounce", "theodora.castellanos@mail.paper.example")
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, someone("Nell"))
    page.goto(f"/admin/newsletter/subscriber/{Subscriber.objects.get().pk}/change/")
    name, buttons = (page.locator(which).bounding_box() for which in ("#content > h2", ".object-tools"))
    assert name["y"] + name["height"] <= buttons["y"]
