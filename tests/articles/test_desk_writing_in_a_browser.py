"""Writing at the desk in a real browser: long articles, the keyboard, pictures."""

import base64

import pytest
from django.contrib.auth.models import Permission

from articles.documents import create_article, document_of
from articles.models import Article, ImageAsset
from core.models import KeptWork, User
from tests.articles import factories
from tests.articles.test_desk_in_a_browser import PASSWORD, sign_in, someone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BLOCK = ".order-machine > .inline-related:not(.empty-form)"


def open_desk(page, article):
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.locator(".tiptap").first.wait_for()


def save(page):
    """Save by keyboard; the blocks that are stored then."""
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 2").wait_for()
    return document_of(Article.objects.get())["blocks"]


def text(words):
    return {"type": "richtext", "html": f"<p>{words}</p>"}


def test_a_long_article_makes_editors_only_where_somebody_turns_to_them(page):
    article = factories.article(*(text(f"<strong>Part</strong> {number}") for number in range(80)))
    before = document_of(article)["blocks"]
    open_desk(page, article)
    assert page.locator(".tiptap").count() == 1
    page.locator(".desk-still p").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" and more")
    assert page.locator(".tiptap").count() == 2
    page.get_by_text("Unsaved changes").wait_for()
    page.get_by_text("162 words · 1 min to read").wait_for()
    assert page.locator(f"{BLOCK} .inline_label").nth(1).inner_text() == "Part 1 and more"
    after = save(page)
    assert after[1]["html"] == "<p><strong>Part</strong> 1 and more</p>"
    assert after[0:1] + after[2:] == before[0:1] + before[2:]


def test_a_slash_on_an_empty_line_parts_the_text_for_a_block(page):
    open_desk(page, factories.article(text("Before</p><p>After")))
    page.locator(".tiptap p").first.click(position={"x": 400, "y": 8})
    page.wait_for_function("document.querySelector('.tiptap').editor.state.selection.from === 7")
    page.keyboard.press("Enter")
    page.keyboard.type("/pull")
    page.keyboard.press("Enter")
    page.locator("textarea:focus").wait_for()
    page.keyboard.type("Well said")
    assert save(page) == [text("Before"), {"type": "pullquote", "text": "Well said"}, text("After")]


def test_blocks_are_added_moved_copied_and_removed_by_keyboard(page):
    open_desk(page, factories.article(text("One"), {"type": "sponsor_slot"}, text("Two")))
    page.get_by_role("button", name="Move Text down").first.press("Enter")
    page.get_by_role("button", name="Copy Text").last.press("Enter")
    page.get_by_role("button", name="Insert a block at the end").press("Enter")
    page.keyboard.type("code")
    page.keyboard.press("Enter")
    page.locator(f"{BLOCK} [name$='-code']").fill("x = 1")
    kinds = page.locator(BLOCK).evaluate_all("blocks => blocks.map(block => block.querySelector('h3 b').textContent)")
    assert kinds == ["Sponsor slot", "Text", "Text", "Text", "Code"]  # the Tab key finds them in this order too
    page.get_by_role("button", name="Remove Text").nth(1).press("Enter")
    page.get_by_role("button", name="Remove Sponsor slot").click()
    page.get_by_role("button", name="Put Sponsor slot back").press("Enter")
    code = {"type": "code", "code": "x = 1"}
    assert save(page) == [{"type": "sponsor_slot"}, text("One"), text("Two"), code]


def test_pictures_and_authors_are_put_in_order(page):
    ana, ben = factories.author("ana").slug, factories.author("ben").slug
    images = [{"src": factories.image(name=name).file} for name in ("one.png", "two.png")]
    open_desk(page, factories.article({"type": "gallery", "images": images}, text("x"), authors=[ana, ben]))
    page.get_by_role("button", name="Move two.png up").press("Enter")
    page.locator(".desk-order--gallery").get_by_label("Caption").first.fill("The second picture")
    page.locator(".desk-order--gallery input[type=file]").first.set_input_files(
        [{"name": "three.png", "mimeType": "image/png", "buffer": factories.picture()}]
    )
    page.get_by_role("button", name="Take one.png out").click()
    page.get_by_role("button", name="Move three.png up").wait_for()
    page.locator(".field-authors .desk-order__handle").first.drag_to(
        page.locator(".field-authors li").last, target_position={"x": 60, "y": 30}
    )
    page.get_by_role("button", name="Copy Gallery").press("Enter")
    third = ImageAsset.objects.get(name="three.png").file
    [gallery, copied, _] = save(page)
    assert copied == gallery
    assert gallery["images"] == [{"src": images[1]["src"], "caption": "The second picture"}, {"src": third}]
    assert document_of(Article.objects.get())["authors"] == [ben, ana]


PASTE = """(editor, [name, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([bytes], name, { type: "image/png" }))
    editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))
}"""


def test_a_pasted_image_becomes_a_block_of_its_own(page):
    open_desk(page, factories.article(text("Before")))
    editor = page.locator(".tiptap").first
    editor.click()
    editor.evaluate(PASTE, ["chart.png", base64.b64encode(factories.picture()).decode()])
    page.locator("[name$='-alt']:focus").wait_for()
    page.keyboard.type("A chart")
    image = {"type": "image", "src": ImageAsset.objects.get().file, "alt": "A chart"}
    assert save(page) == [text("Before"), image]


def test_a_new_article_is_written_from_the_title_down(page):
    sign_in(page, someone("Ana"))
    page.goto("/admin/articles/article/add/")
    page.locator(".tiptap").wait_for()
    page.get_by_text("Not saved yet").wait_for()
    page.keyboard.type("What fees are")
    page.keyboard.press("Enter")
    page.keyboard.type("In short.")
    page.locator(".tiptap").click()
    page.keyboard.type("They are a price.")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 1").wait_for()
    stored = document_of(Article.objects.get())
    assert (stored["title"], stored["standfirst"]) == ("What fees are", "In short.")
    assert stored["blocks"] == [text("They are a price.")]


def test_settings_stand_beside_the_text_and_below_it_on_a_phone(page):
    open_desk(page, factories.article(text("Words")))
    body, settings = page.locator(".desk-sheet__text"), page.locator(".desk-sheet__about")
    assert settings.bounding_box()["x"] > body.bounding_box()["x"] + body.bounding_box()["width"]
    page.set_viewport_size({"width": 390, "height": 800})
    assert settings.bounding_box()["y"] >= body.bounding_box()["y"] + body.bounding_box()["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_is_refused_is_shown_where_it_is_and_nothing_typed_is_lost(page):
    open_desk(page, factories.article(text("Before"), *[text("Between")] * 20, {"type": "table", "csv": "a,b"}))
    page.locator("[name='block-table-0-csv']").fill("a,b\nc")
    page.keyboard.press("Control+s")
    page.get_by_text("Row 2 has 1 cells").wait_for()
    page.locator("[name='block-table-0-csv']:focus").fill("a,b\nc,d")
    assert save(page)[-1] == {"type": "table", "csv": "a,b\nc,d", "header": True}


def add_by_keyboard(page, name):
    """Add a block of a kind at the end; what has the focus then, if it is in that block."""
    page.get_by_role("button", name="Insert a block at the end").press("Enter")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    return page.locator(BLOCK).last.locator(":focus")


def test_an_empty_article_has_a_text_and_a_chosen_file_is_kept_whatever_else_is_refused(page):
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/articles/article/{create_article(factories.document(blocks=[])).pk}/change/")
    page.locator(f"{BLOCK} .tiptap").wait_for()
    add_by_keyboard(page, "gallery").and_(page.locator(".select2-selection")).wait_for()
    add_by_keyboard(page, "sponsor").and_(page.get_by_label("Move Sponsor slot up")).wait_for()
    add_by_keyboard(page, "image").and_(page.locator(".select2-selection")).wait_for()
    file = {"name": "chart.png", "mimeType": "image/png", "buffer": factories.picture()}
    page.locator("[name='block-image-0-upload']").set_input_files([file])
    page.locator(".desk-image").wait_for()
    page.get_by_text("Unsaved changes, kept at").wait_for()
    [source] = ImageAsset.objects.values_list("file", flat=True)
    assert KeptWork.objects.get().content["blocks"][-1]["src"] == source
    page.keyboard.press("Control+s")
    page.get_by_text("This block (Gallery) is empty").wait_for()
    page.wait_for_load_state()
    page.get_by_role("button", name="Remove Gallery").press("Enter")
    page.get_by_role("button", name="Put Gallery back").and_(page.locator(":focus")).wait_for()
    assert save(page) == [{"type": "sponsor_slot"}, {"type": "image", "src": source}]
    assert not KeptWork.objects.exists()


def test_a_new_article_waits_for_its_first_word(page):
    sign_in(page, someone("Ana"))
    page.goto("/admin/articles/article/add/")
    page.locator(".tiptap").wait_for()
    assert page.locator(".desk-saved").inner_text() == "Not saved yet"
    page.keyboard.type("A title")
    page.get_by_text("Unsaved changes, kept at").wait_for()
    assert KeptWork.objects.get().content["title"] == "A title"


def test_who_may_only_look_is_told_so_and_keeps_nothing(page):
    reader = User.objects.create_user("reader@example.com", PASSWORD)
    reader.user_permissions.add(Permission.objects.get(codename="view_article"))
    article = factories.article(text("Look at me"))
    sign_in(page, reader)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.get_by_text("Version 1, read-only").wait_for()
    page.get_by_text("Look at me").last.click()
    page.wait_for_timeout(1000)  # a refused request would be an error on the console
    assert not KeptWork.objects.exists()
