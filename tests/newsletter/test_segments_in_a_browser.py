"""The builder of a segment in a browser."""

import pytest

from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_condition_shows_what_its_test_needs_and_no_more(page):
    factories.newsletter()
    sign_in(page, someone("Nell"))
    page.goto("/admin/newsletter/segment/add/")
    test, newsletter, value = (page.locator(f"#id_conditions-0-{name}") for name in ("test", "newsletter", "value"))
    test.select_option(value="subscribed")
    assert (newsletter.is_visible(), value.is_visible()) == (True, False)
    test.select_option(value="at_domain")
    assert (newsletter.is_visible(), value.is_visible()) == (False, True)
    assert value.get_attribute("placeholder") == "example.com, or .de"
    page.get_by_text("Add another Condition").click()
    assert page.locator("#id_conditions-1-test").is_visible()
