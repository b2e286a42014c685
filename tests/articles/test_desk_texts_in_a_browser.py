"""What works on the words of an article at the desk, by keyboard, in a real browser: find and replace, footnotes, passages."""

import pytest

from articles.documents import document_of
from articles.models import Article
from tests.articles.test_pasting_in_a_browser import editor_of, open_desk, text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def said(page):
    return page.locator(".desk-find__said").inner_text()


def values(page):
    """What would be posted of the rich texts."""
    return page.eval_on_selector_all(
        "textarea[data-desk-prose]:not([id*=__prefix__])", "fields => fields.map(field => field.value)"
    )


def test_words_are_found_and_replaced_in_every_block_and_taken_back(page):
    question = {"type": "faq", "question": "What is a fee?", "answer": "<p>A <em>fe</em>e. No coffee.</p>"}
    open_desk(page, text("The fee and the Fee"), question, {"type": "code", "code": "fee = 1"})
    page.keyboard.press("Control+h")
    page.keyboard.type("fee")
    assert said(page) == "6 found"
    page.get_by_label("Whole words").check()
    assert said(page) == "5 found"  # not the coffee
    page.get_by_label("As written, capitals too").check()
    assert said(page) == "4 found"
    find = page.get_by_label("Find", exact=True)
    find.press("Enter")
    find.press("Shift+Enter")
    assert said(page) == "4 of 4"
    page.get_by_label("Replace with").fill("$& charge")
    page.get_by_role("button", name="Replace all").click()
    assert said(page) == "4 replaced in 4 texts."
    assert values(page) == ["<p>The $&amp; charge and the Fee</p>", "<p>A <em>$&amp; charge</em>. No coffee.</p>"]
    assert page.locator("[name$='-code']").first.input_value() == "$& charge = 1"
    page.get_by_role("button", name="Undo", exact=True).click()
    assert values(page) == ["<p>The fee and the Fee</p>", "<p>A <em>fe</em>e. No coffee.</p>"]
    page.get_by_label("Replace with").press("Enter")
    page.get_by_label("Replace with").press("Enter")
    assert values(page)[0] == "<p>The $&amp; charge and the Fee</p>"
    page.keyboard.press("Escape")
    assert page.locator("#desk-find").is_hidden()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 2.").wait_for()
    assert "$&amp; charge and" in str(document_of(Article.objects.get())["blocks"])


def test_signs_in_what_is_looked_for_are_signs(page):
    """Nothing is left in hand from the words that were typed before the sign."""
    open_desk(page, text("Send an e-mail, and/or call; each e is ours (e.g. [x])."))
    page.keyboard.press("Control+h")
    for words in ("e-", "e-mail", "and/or", "(e.g. [x])."):
        page.get_by_label("Find", exact=True).fill("")
        page.keyboard.type(words)
        assert said(page) == "1 found", words
    page.get_by_label("Find", exact=True).fill("e-mail")
    page.get_by_label("Replace with").fill("message")
    page.get_by_role("button", name="Replace all").click()
    assert values(page) == ["<p>Send an message, and/or call; each e is ours (e.g. [x]).</p>"]


def test_undo_leaves_what_was_typed_since(page):
    open_desk(page, text("One fee"))
    page.keyboard.press("Control+h")
    page.keyboard.type("fee")
    page.get_by_label("Replace with").fill("charge")
    page.get_by_role("button", name="Replace all").click()
    editor = editor_of(page, "One charge")
    editor.evaluate("dom => dom.editor.commands.insertContent('Typed')")
    page.get_by_role("button", name="Undo", exact=True).click()
    assert said(page) == "Taken back, but for 1 changed since."
    assert values(page) == ["<p>Typed</p>"]


def test_a_footnote_is_begun_left_and_made_text_again_by_keyboard(page):
    open_desk(page, text("Fees fell."))
    editor = editor_of(page, "Fees fell.")
    editor.evaluate("dom => dom.editor.commands.setTextSelection(10)")
    page.keyboard.press("Control+Alt+f")
    page.keyboard.type("By half")
    page.keyboard.press("Escape")
    page.keyboard.type(" again")
    html = '<p>Fees fell<small data-footnote="">By half</small> again.</p>'
    assert editor.evaluate("dom => dom.editor.getHTML()") == html
    editor.evaluate("dom => dom.editor.commands.setTextSelection(12)")
    page.get_by_role("button", name="Footnote").click()
    assert editor.evaluate("dom => dom.editor.getHTML()") == "<p>Fees fellBy half again.</p>"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 2.").wait_for()
    assert document_of(Article.objects.get())["blocks"][0]["html"] == html


def test_a_passage_is_commented_on_by_keyboard_and_found_again_after_edits_around_it(page):
    open_desk(page, text("The fee was three cents."), text("And the fee was three cents here."))
    editor_of(page, "And the fee was three cents here.").evaluate(
        "dom => dom.editor.commands.setTextSelection({ from: 17, to: 28 })"
    )
    page.keyboard.press("Control+Alt+m")
    page.get_by_label("Your comment").fill("Is it?")
    page.locator("#desk-passage").get_by_role("button", name="Comment").click()
    thread = page.locator(".desk-comment")
    thread.get_by_text("three cents").wait_for()
    assert Article.objects.get().comments.get().passage["exact"] == "three cents"
    editor = editor_of(page, "And the fee was three cents here.")
    editor.evaluate("dom => dom.editor.commands.insertContentAt(1, 'Listen. ')")
    marked = "() => [...(CSS.highlights.get('desk-passage') ?? [])].map(range => range.startContainer.data).join()"
    page.wait_for_function(f"() => ({marked})().startsWith('Listen. And the fee')")  # the second, by what is around it
    thread.get_by_role("button", name="Show in the text").click()
    page.wait_for_function("() => CSS.highlights.has('desk-passage-now')")
    editor.evaluate("dom => dom.editor.commands.setContent('<p>Nothing.</p>', { emitUpdate: true })")
    page.wait_for_function(f"() => ({marked})() === 'The fee was three cents.'")  # the same words elsewhere
    thread.get_by_role("button", name="Resolve").click()
    page.get_by_text("· resolved").wait_for()
    page.wait_for_function("() => !CSS.highlights.has('desk-passage')")
    assert page.evaluate("document.activeElement.className").startswith("desk-comment")
