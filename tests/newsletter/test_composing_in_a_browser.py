"""A week's letter written in a real browser: rich text, a part from the menu, a personal word, in the mail that goes out."""

import pytest

from newsletter.models import Briefing, MailTemplate
from tests.articles.test_desk_in_a_browser import add_block, sign_in, someone
from tests.newsletter import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_editor_writes_a_briefing_as_an_article(page):
    weekly = factories.newsletter()
    draft = factories.briefing(weekly, items=[{"heading": "Bridges", "url": "https://example.com/", "text": "Six."}])
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/newsletter/briefing/{draft.pk}/change/")
    page.locator("#id_subject").click()
    page.keyboard.press("Home")
    page.locator(".personal-words summary").click()
    page.get_by_role("button", name="Insert first name").click()
    add_block(page, "Text").locator(".tiptap").click()
    page.keyboard.type("These words were typed.")
    button = add_block(page, "Button")
    button.locator("input[type=text]").first.fill("Vote now")
    button.locator("input[type=text]").last.fill("/awards/")
    page.click("[name=_preview]")
    phone = page.frame_locator('iframe[title="The e-mail on a phone"]')
    phone.get_by_text("These words were typed.").wait_for()
    after = Briefing.objects.get()
    assert after.subject == '{{first name, else "reader"}}Six bridges'
    parts = list(after.items.order_by("ordering").values_list("kind", "text", "label", "url"))
    assert parts[1][:2] == ("text", "These words were typed.")
    assert parts[2][0] == "button"
    assert parts[2][3].endswith("/awards/")


def test_a_new_briefing_begins_at_its_subject_with_something_to_write_in(page):
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    factories.newsletter()
    sign_in(page, someone("Ana"))
    page.goto("/admin/newsletter/briefing/add/")
    page.locator(".order-machine .tiptap").first.wait_for()
    page.keyboard.type("Gas fees, explained")
    assert page.locator("#id_subject").input_value() == "Gas fees, explained"
    assert wrong == []


def test_the_templates_offered_are_those_of_the_newsletter_that_is_chosen(page):
    weekly, notes = factories.newsletter(), factories.newsletter(name="Notes", slug="notes", is_default=False)
    for newsletter, name in ((weekly, "Warm"), (notes, "Plain")):
        MailTemplate.objects.create(newsletter=newsletter, name=name)
    draft = factories.briefing(weekly)
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/newsletter/briefing/{draft.pk}/change/")
    template = page.locator("#id_template")
    assert template.locator("option").all_inner_texts()[1:] == ["Warm"]
    template.select_option(label="Warm")
    page.select_option("#id_newsletter", label="Notes")
    assert (template.locator("option").all_inner_texts()[1:], template.input_value()) == (["Plain"], "")
