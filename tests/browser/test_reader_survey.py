"""A survey of readers, from its first question to an article and a line of the media kit."""

import re

import pytest

from surveys.models import Response, Survey
from surveys.questionnaires import settling, versions
from tests.articles import factories as writing
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.surveys.questionnaires.factories import answered, choice, question
from tests.surveys.questionnaires.test_in_a_browser import choose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 375, "height": 800}
# To the nine of the template and the one that is added by hand: twenty in all.
MORE = [
    question("rated", "rating", text="How good is the briefing?"),
    question("length", "scale", text="How long should an article be?", left="shorter", right="longer"),
    choice("more_of", "ranking", text="What should we do more of?"),
    choice("less_of", "multiple", text="And less of?"),
    choice("judged", "matrix", text="Are our articles", rows=[{"id": "clear", "text": "clear?"}]),
    question("since", "date", text="Since when do you read us?"),
    question("years", "number", text="For how many years have you worked?", least=0, most=80),
    question("missing", "short_text", text="What is missing?"),
    question("decides", "yes_no", text="Do you decide on what is bought?"),
    question("thanked", "statement", text="Nearly done"),
]
MOST_SAY = {"q1": "a1", "q3": 9, "q5": "a1", "q6": "a2", "q7": "a1", "q8": ["a1"], "q9": True}
OTHERS_SAY = MOST_SAY | {"q6": "a3"}
WITHOUT_AGREEING = {"q1": "a1", "q6": "a2"}


def test_a_reader_survey(page, browser, live_site, settings):
    writing.category("research")
    sign_in(page, someone("Ana"))
    survey = an_editor_builds_it(page)
    it_is_tried_and_opened(page, survey)
    for scripts in (True, False):
        a_reader_answers_on_a_phone(browser, live_site.url, scripts)
    answered(survey, MOST_SAY, times=30)
    answered(survey, OTHERS_SAY, times=10)
    answered(survey, WITHOUT_AGREEING, times=6)
    it_is_closed(page, survey)
    assert [row.answers["q3"] for row in Response.objects.all() if row.answers.get("q3", 9) < 9] == [4, 4]
    its_results_are_published_and_quoted(page, survey)
    an_article_is_made_of_them(page)


def an_editor_builds_it(page):
    page.goto("/admin/surveys/survey/add/")
    page.fill("[name=title]", "Who reads us")
    page.locator("label", has_text="Reader survey").click()
    page.locator("#content [type=submit]").first.click()
    page.wait_for_url("**/builder/**")
    page.get_by_role("button", name="Add a question").first.click()
    page.get_by_role("link", name="Short text").click()
    page.fill("[name=text]", "What would make it a ten?")
    page.get_by_role("button", name="Add the question").click()
    page.get_by_role("heading", name="What would make it a ten?").wait_for()
    survey = Survey.objects.get()
    assert "What would make it a ten?" in [each.text for each in versions.working(survey).pages[0].questions]
    pages = survey.definition["pages"]
    pages[1]["questions"] += MORE
    versions.save(survey, {"pages": pages})
    assert len(versions.working(survey).questions) == 20
    return survey


def it_is_tried_and_opened(page, survey):
    page.goto(f"/admin/surveys/survey/{survey.pk}/overview/")
    with page.context.expect_page() as tried:
        page.get_by_role("button", name="Try the survey").click()
    tried.value.get_by_text("This is a test").wait_for()
    tried.value.close()
    page.get_by_label(re.compile("I have read")).check()
    page.get_by_role("button", name="Open the survey").click()
    page.locator(".messagelist").wait_for()
    survey.refresh_from_db()
    assert survey.state == "open"


def a_reader_answers_on_a_phone(browser, url, scripts):
    agent = f"A phone {'with' if scripts else 'without'} scripts"
    context = browser.new_context(base_url=url, viewport=PHONE, java_script_enabled=scripts, user_agent=agent)
    reader = context.new_page()
    reader.goto("/surveys/who-reads-us/")
    reader.locator("[name='q-q1'][value='a2']").check()
    choose(reader, "q-q3", "4")
    why = reader.get_by_text("What should we do better?")
    assert why.is_visible(), "scripts show it once four is chosen; without them it is there"
    reader.get_by_role("button", name="Save and go on").click()
    reader.get_by_role("heading", name="About you").wait_for()
    reader.get_by_role("button", name="Back").click()
    assert reader.locator("[name='q-q3'][value='4']").is_checked()
    reader.get_by_role("button", name="Save and go on").click()
    reader.get_by_role("button", name="Save and go on").click()
    reader.get_by_role("button", name="Send my answers").click()
    reader.get_by_role("heading", name="Thank you").wait_for()
    assert not context.cookies()
    context.close()


def it_is_closed(page, survey):
    page.goto(f"/admin/surveys/survey/{survey.pk}/overview/")
    page.get_by_label(re.compile("I have read")).check()
    page.get_by_role("button", name="Close the survey").click()
    page.locator(".messagelist").wait_for()
    survey.refresh_from_db()
    settling.settle(survey)


def its_results_are_published_and_quoted(page, survey):
    page.goto(f"/admin/surveys/survey/{survey.pk}/results/")
    assert "36 · 78.3" in shown(page)
    page.fill("[name=place-q6]", "1")
    page.get_by_role("button", name="Publish these results").click()
    page.locator(".messagelist").wait_for()
    page.get_by_label("What do you do?").last.check()
    page.get_by_role("button", name="Quote these").click()
    page.locator(".messagelist").wait_for()
    page.goto("/surveys/who-reads-us/results/")
    assert "36 · 78.3" in shown(page)
    page.goto("/advertise/")
    assert re.search(r"Engineer.*75.*40", shown(page), re.DOTALL)


def shown(page):
    return page.locator("body").text_content().replace("\xa0", " ")


def an_article_is_made_of_them(page):
    survey = Survey.objects.get()
    page.goto(f"/admin/surveys/survey/{survey.pk}/results/")
    page.get_by_role("button", name="Draft an article from the results").click()
    page.wait_for_url("**/articles/article/**")
    if not page.input_value("#id_standfirst"):
        page.fill("#id_standfirst", "Forty of you told us.")
    page.select_option("#id_category", label="Research")
    page.click("input[name=_publish], button[name=_publish]")
    page.locator(".messagelist", has_text="Published").wait_for()
    page.goto("/blog/")
    page.get_by_role("link", name=re.compile("Who reads us")).first.click()
    page.wait_for_url("**/blog/*/")
    assert "36 · 78.3" in shown(page)
