"""A page with a question of every kind: axe finds nothing in it, nothing is too wide for a phone, and scripts only hide sooner."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from surveys.models import Sitting
from surveys.questionnaires import sittings
from tests.surveys.questionnaires.factories import ANSWERS, EVERY_KIND, choice, opened, question
from tests.surveys.questionnaires.factories import page as asked_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OPTIONS = {"resultTypes": ["violations"], "iframes": False}
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
TOO_WIDE = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"


def found_by_axe(browser, where):
    """What axe finds, by day and by night."""
    found = []
    for scheme in ("light", "dark"):
        browser.emulate_media(color_scheme=scheme)
        browser.evaluate("document.getAnimations().forEach((each) => each.cancel())")  # colours that still turn
        violations = Axe().run(browser, options=OPTIONS).response["violations"]
        found += [f"{where} {scheme} {one['id']}: {node['html'][:140]}" for one in violations for node in one["nodes"]]
    return found


def questions():
    """Every kind; long words in each; and one that depends on another of the same page."""
    asked = [each | {"text": f"{each['text']} {LONG}", "required": each["kind"] != "statement"} for each in EVERY_KIND]
    return [*asked, question("why", text="Why?", **{"if": {"question": "scale", "ge": 4}})]


def test_every_kind_is_for_everybody_on_a_phone_and_scripts_only_hide_sooner(page, page_errors):
    opened(asked_on("p1", *questions(), title=LONG), asked_on("p2", choice("last")), title=LONG, access="browser")
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/surveys/readers/")
    found = found_by_axe(page, "first page")
    assert not page.evaluate(TOO_WIDE)
    assert not page.get_by_text("Why?").is_visible()
    page.get_by_role("button", name="Save and go on").click()
    found += found_by_axe(page, "refused page")
    assert page.locator(".invalid-feedback").count() == len(EVERY_KIND) - 1
    page_errors.clear()  # the answer to a refused page is a 400
    fill(page)
    assert page.get_by_text("Why?").is_visible()
    choose(page, "q-scale", "3")
    assert not page.get_by_text("Why?").is_visible()
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/p2/")
    assert sittings.progress_of(Sitting.objects.get()).answers == ANSWERS
    found += found_by_axe(page, "next page")
    page.get_by_role("button", name="Look over").or_(page.get_by_role("button", name="Save and go on")).click()
    found += found_by_axe(page, "summary")
    assert not page.evaluate(TOO_WIDE)
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    found += found_by_axe(page, "thanks")
    page.goto("/surveys/readers/")
    page.get_by_text("This browser has answered today").wait_for()
    found += found_by_axe(page, "answered today")
    page.get_by_role("button", name="Answer anyway").click()
    page.get_by_role("button", name="Save and go on").wait_for()
    page.evaluate("localStorage.setItem('survey readers', '2020-01-01')")
    page.reload()
    assert page.get_by_role("button", name="Save and go on").is_visible()
    page.goto("/surveys/")
    found += found_by_axe(page, "all surveys")
    assert not page.evaluate(TOO_WIDE)
    assert not found, "\n".join(found)


def test_places_rows_and_numbers_show_what_depends_on_them_and_what_is_asked_again_stays(page, page_errors):
    opened(
        asked_on(
            "p1",
            choice("order", "ranking"),
            choice("rows", "matrix", rows=[{"id": "r1", "text": "News"}]),
            question("number", "number", least=-2000),
            question("placed", text="Placed?", **{"if": {"question": "order", "has": "b"}}),
            question("judged", text="Judged?", **{"if": {"question": "rows", "answered": True}}),
            question("much", text="Much?", required=True, **{"if": {"question": "number", "is": 1000}}),
            question("little", text="Little?", **{"if": {"question": "number", "lt": -5}}),
        )
    )
    page.goto("/surveys/readers/")
    seen = page.get_by_text("Placed?").or_(page.get_by_text("Judged?")).or_(page.get_by_text("Much?"))
    assert seen.locator("visible=true").count() == 0
    page.get_by_label("Move Beta up").click()
    choose(page, "q-rows.r1", "a")
    page.locator("[name='q-number']").fill("−1 000")
    assert page.get_by_text("Little?").is_visible()
    page.locator("[name='q-number']").fill("1 000")
    assert seen.locator("visible=true").count() == 3
    page.get_by_role("button", name="Look over my answers").click()
    page.locator("#q-much-error").wait_for()
    page_errors.clear()  # the answer to a refused page is a 400
    page.locator("[name='q-number']").fill("7")
    assert page.locator("#q-much").is_visible()
    page.get_by_role("button", name="Look over my answers").click()
    page.get_by_role("button", name="Send my answers").wait_for()


def test_a_poll_that_is_answered_in_place_is_noted_for_the_day_and_can_be_answered_anyway(page, page_errors):
    opened(asked_on("p1", choice("chain")), access="browser")
    page.goto("/surveys/readers/frame/")
    page.get_by_text("Alpha").click()
    page.get_by_role("button", name="Send my answer").click()
    page.get_by_text("Thank you").wait_for()
    page.reload()
    page.get_by_text("This browser has answered today").wait_for()
    page.get_by_role("button", name="Answer anyway").click()
    page_errors.clear()  # a frame that is opened by itself has no icon
    assert page.get_by_role("button", name="Send my answer").is_visible()


def choose(page, name, value):
    """Choose an answer as somebody does: by its label, where that lies over its button."""
    button = page.locator(f"[name='{name}'][value='{value}']")
    label = page.locator("label", has=button)
    (label if label.count() else button).click()


def fill(page):
    """The answers of the factory, as somebody gives them."""
    for key, value in (
        ("single", "a"),
        ("yes_no", "yes"),
        ("scale", "4"),
        ("rating", "5"),
        ("nps", "0"),
        ("consent", "yes"),
    ):
        choose(page, f"q-{key}", value)
    page.locator("[name='q-multiple'][value='a']").check()
    page.locator("[name='q-multiple.other']").fill("Gamma")
    page.locator("[name='q-image_choice'][value='b']").check()
    page.locator("[name='q-dropdown']").select_option("b")
    for row, value in ANSWERS["matrix"].items():
        choose(page, f"q-matrix.{row}", value)
    for place, key in enumerate(ANSWERS["ranking"], 1):
        page.locator(f"[name='q-ranking.{key}']").select_option(str(place))
    for key in ("number", "date", "short_text", "long_text", "email"):
        page.locator(f"[name='q-{key}']").fill(str(ANSWERS[key]))
