"""An editor's way from an empty page to readers, in a real browser; and two people in one article."""

import pytest

from articles.models import Article, Publication
from core.models import KeptWork, User
from tests.articles import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-password-for-tests"


def sign_in(page, user):
    page.goto("/accounts/login/?next=/admin/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


def someone(name):
    return User.objects.create_superuser(f"{name.lower()}@example.com", PASSWORD, name=name)


def add_block(page, name):
    """Add a block of a kind at the end; return its form."""
    page.locator(".order-machine-insert-target.last").click()
    page.locator(".plugin-button", has_text=name).first.click()
    return page.locator(".order-machine .inline-related:not(.empty-form)").last


def test_an_editor_writes_previews_and_publishes(page):
    factories.category("research")
    sign_in(page, someone("Ana"))
    page.goto("/admin/articles/article/")
    page.click("#content a.addlink")
    page.fill("#id_title", "Written in a browser")
    page.fill("#id_standfirst", "A standfirst that is long enough to serve as the description for search.")
    page.select_option("#id_category", "research")
    block = add_block(page, "Text")
    block.locator(".tiptap").click()
    page.keyboard.type("These words were typed.")
    block = add_block(page, "Question and answer")
    block.locator("input[type=text]").first.fill("Does it work?")
    block.locator(".tiptap").click()
    page.keyboard.type("It does.")
    page.click("[name=_preview]")
    phone = page.frame_locator("iframe.desk-preview__phone")
    phone.get_by_text("These words were typed.").wait_for()
    article = Article.objects.get()
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.click("[name=_publish]")
    page.goto(Publication.objects.get().get_absolute_url())
    assert page.locator("h1").inner_text() == "Written in a browser"
    page.get_by_text("Does it work?").first.wait_for()
    assert [block.kind for block in article.blocks.all()] == ["richtext", "faq"]


def test_two_people_in_one_article_lose_no_word(page, browser, live_site):
    article = factories.article({"type": "richtext", "html": "<p>The first sentence.</p>"}, title="Shared")
    ana, ben = someone("Ana"), someone("Ben")
    sign_in(page, ana)
    with page.expect_response("**/presence/"):  # Ana is known to be here
        page.goto(f"/admin/articles/article/{article.pk}/change/")
    context = browser.new_context(base_url=live_site.url)
    other = context.new_page()
    sign_in(other, ben)
    other.goto(f"/admin/articles/article/{article.pk}/change/")
    other.get_by_text("Ana has this open since").wait_for()
    editor = other.locator(".inline-related:not(.empty-form) .tiptap").first
    editor.click()
    other.keyboard.press("End")
    other.keyboard.type(" Ben wrote this.")
    other.click("[name=_save]")
    other.get_by_text("Saved as version 2").wait_for()
    context.close()
    page.locator(".inline-related:not(.empty-form) .tiptap").first.click()
    page.keyboard.press("End")
    page.keyboard.type(" Ana wrote that.")
    page.click("[name=_save]")
    page.get_by_text("Everything you wrote is kept").wait_for()
    assert "Ben wrote this." in page.locator(".desk-merge").inner_text()
    assert "Ana wrote that." in page.locator(".desk-merge").inner_text()
    assert "Ana wrote that." in str(KeptWork.objects.get(by=ana).content)
    assert "Ben wrote this." in str(Article.objects.get().blocks.get().data)
    page.get_by_role("button", name="Go on with what is chosen").press("Enter")
    page.locator(".tiptap").first.wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 3").wait_for()
    first, second = (str(block.data) for block in Article.objects.get().blocks.all())
    assert ("Ben wrote this." in first, "Ana wrote that." in second, KeptWork.objects.exists()) == (True, True, False)
