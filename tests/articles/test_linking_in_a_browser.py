"""The link dialog at the desk, by keyboard, in a real browser."""

import pytest

from tests.articles import factories
from tests.articles.test_pasting_in_a_browser import editor_of, open_desk, text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_link_to_an_article_is_made_changed_and_removed_by_keyboard(page):
    factories.publication(title="What fees are", slug="what-fees-are")
    factories.article(title="Fees to come", slug="to-come")
    open_desk(page, text("Read on"))
    editor = editor_of(page, "Read on")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Address, or the title of one of our articles")
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.type("fees")
    page.get_by_role("option", name="Fees to come draft, not published").wait_for()
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == page.get_by_role(
        "option", name="What fees are"
    ).get_attribute("id")
    page.keyboard.press("Enter")
    assert field.input_value() == "/blog/what-fees-are/"
    page.keyboard.press("Enter")
    assert 'href="/blog/what-fees-are/"' in editor.evaluate("dom => dom.editor.getHTML()")
    assert editor.evaluate("dom => dom === document.activeElement")

    editor.evaluate("dom => dom.editor.commands.setTextSelection(3)")
    page.keyboard.press("Control+k")
    page.get_by_role("heading", name="Edit the link").wait_for()
    page.keyboard.type("javascript:alert(1)")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("A link starts with https://").wait_for()
    field.fill("example.org:8080/x")
    page.keyboard.press("Enter")
    assert editor.evaluate("dom => dom.querySelector('a').getAttribute('href')") == "https://example.org:8080/x"
    page.keyboard.press("Control+k")
    page.get_by_role("button", name="Remove the link").press("Enter")
    assert editor.evaluate("dom => dom.editor.getHTML()") == "<p>Read on</p>"

    editor.evaluate("dom => dom.editor.commands.setTextSelection(8)")
    page.keyboard.press("Control+k")
    page.keyboard.type("fees")
    page.get_by_role("option", name="Fees to come").click()
    page.get_by_role("button", name="Link", exact=True).click()
    assert editor.evaluate("dom => dom.editor.getHTML()").endswith(
        'Read on<a href="/blog/to-come/">Fees to come</a></p>'
    )
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
