"""An automation built in a real browser: its steps are moved by buttons, and its rules are those of its beginning."""

import pytest

from newsletter.models import Automation
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories
from tests.newsletter.automations import automation, wait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_steps_are_moved_by_buttons_and_new_ones_among_them(page):
    made = automation(factories.newsletter(), {"letter": "Hello"}, wait(2), {"kind": "leave"}, start=False)
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/newsletter/automation/{made.pk}/change/")
    assert not page.locator("#id_quiet_days").is_visible()
    page.select_option("#id_begins", "quiet")
    assert page.locator("#id_quiet_days").is_visible()
    page.select_option("#id_begins", "confirmed")
    assert not page.locator("#id_steps-0-ordering").is_visible()
    page.get_by_role("button", name="Move “wait” up").click()
    for kind in ("pause", "unsubscribe"):
        page.get_by_text("Add another Step").click()
        page.locator("#steps-group .inline-related:not(.empty-form) select[data-needs]").last.select_option(kind)
        page.locator(".inline-related.last-related .step-move, .inline-related .step-move").last.wait_for()
    page.get_by_role("button", name="Move “end the subscription” up").click()
    page.get_by_role("button", name="Move “end the subscription” up").click()
    page.locator("#steps-group .dynamic-steps:not(.has_original)").filter(
        has=page.locator("option[value=pause]:checked")
    ).locator(".inline-deletelink").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/overview/")
    kinds = Automation.objects.get().steps.order_by("ordering").values_list("kind", flat=True)
    assert list(kinds) == ["wait", "letter", "unsubscribe", "leave"]
