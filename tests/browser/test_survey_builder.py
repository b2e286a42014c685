"""An editor builds a survey with logic in a browser, mostly by keyboard, tries it and opens it."""

import pytest

from surveys.models import Sitting, Survey
from surveys.questionnaires import versions
from tests.articles.test_desk_in_a_browser import sign_in, someone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_survey_with_logic_is_built_tried_and_opened(page):
    sign_in(page, someone("Ana"))
    page.goto("/admin/surveys/survey/")
    page.click("text=Begin a survey")
    page.fill("[name=title]", "What readers hold")
    page.click("text=Go on to the questions")
    add(page, "Yes or no", "Do you hold any?")
    add(page, "Multiple choice", "Which?", ["Bitcoin", "Ether", "Others"])
    depends_on(page, "q1", "is", "true")
    add(page, "Short text", "Anything else?")
    drag_above(page, "q3", "q2")
    press(page, "[value='down:q3']")
    page.locator("[value='remove:q3']").press("Enter")
    page.locator("text=Put it back").press("Enter")
    page.wait_for_selector("[data-key=q3]")
    survey = Survey.objects.get()
    assert list(versions.working(survey).questions) == ["q1", "q2", "q3"]
    assert [choice.text for choice in versions.working(survey).questions["q2"].choices] == [
        "Bitcoin",
        "Ether",
        "Others",
    ]
    the_preview_follows(page)
    it_is_tried(page)
    it_is_opened(page, survey)


def add(page, kind, text, answers=()):
    page.locator(".outline__add").press("Enter")
    page.locator(f".kind:has(b:text-is('{kind}'))").press("Enter")
    page.wait_for_function("document.activeElement.name === 'text'")
    page.keyboard.type(text)
    if answers:
        page.locator("[name=choices-text]").first.focus()
        for answer in answers[:-1]:
            page.keyboard.type(answer)
            page.keyboard.press("Enter")
        page.keyboard.type(answers[-1])
    page.keyboard.press("Control+s")
    page.wait_for_selector(f".outline >> text={text}")


def depends_on(page, question, operator, value):
    page.select_option(".condition__question", question)
    row = page.locator(".condition__row").first
    row.locator(".condition__operator").select_option(operator)
    row.locator(".condition__value").select_option(value)
    page.keyboard.press("Control+s")
    page.wait_for_selector(".outline__row--here >> text=if “Do you hold any?” is “Yes”")


def drag_above(page, dragged, other):
    page.locator(f"[data-key={dragged}] .outline__grip").drag_to(
        page.locator(f"[data-key={other}]"), target_position={"x": 60, "y": 3}
    )
    page.wait_for_selector(f"[data-key={dragged}] + [data-key={other}]")


def press(page, button):
    page.locator(button).press("Enter")
    page.wait_for_selector("[data-key=q2] + [data-key=q3]")


def the_preview_follows(page):
    page.locator("[data-key=q1] .outline__go").click()
    page.wait_for_selector("[name=at][value=q1]", state="attached")
    page.fill("[name=text]", "Do you hold coins?")
    page.frame_locator("[name=preview]").locator("text=Do you hold coins?").wait_for()
    page.fill("[name=text]", "Do you hold any?")


def it_is_tried(page):
    with page.context.expect_page() as opened:
        page.click("text=Try it")
    reader = opened.value
    reader.get_by_label("No", exact=True).check()
    reader.locator("text=Which?").wait_for(state="hidden")
    reader.click("text=Look over my answers")
    reader.click("text=Send my answers")
    reader.wait_for_selector("h1")
    reader.close()


def it_is_opened(page, survey):
    page.goto(f"/admin/surveys/survey/{survey.pk}/overview/")
    page.check("[name=sure]")
    page.click("button:text-is('Open the survey')")
    page.wait_for_selector(".stand-phase--now >> text=Open")
    survey.refresh_from_db()
    assert survey.state == "open"
    assert survey.responses.count() == 0
    assert not Sitting.objects.filter(is_test=False).exists()
