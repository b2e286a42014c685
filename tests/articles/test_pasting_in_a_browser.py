"""What other programs put on the clipboard, pasted at the desk in a real browser."""

import base64
from pathlib import Path

import pytest

from articles.blocks import HtmlField
from articles.documents import document_of
from articles.models import Article, ImageAsset
from tests.articles import factories
from tests.articles.test_desk_in_a_browser import sign_in, someone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLIPBOARDS = sorted(
    path for path in Path(__file__).with_name("clipboards").glob("*.html") if ".expected" not in path.name
)
PASTE = """(dom, data) => {
    const clipboardData = new DataTransfer()
    for (const [kind, text] of Object.entries(data)) clipboardData.setData(`text/${kind}`, text)
    dom.editor.commands.focus(null, { scrollIntoView: false })
    dom.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))
    return dom.editor.getHTML()
}"""
FEES = "<table><tr><td><b>Chain</b></td><td><b>Fee</b></td></tr><tr><td>Aqua</td><td>1</td></tr></table>"


def text(words):
    return {"type": "richtext", "html": f"<p>{words}</p>"}


def open_desk(page, *blocks):
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/articles/article/{factories.article(*blocks).pk}/change/")
    page.locator(".tiptap").first.wait_for()


def editor_of(page, words):
    """The editor of the text with these words, all of them selected."""
    page.locator(".desk-still, .tiptap").get_by_text(words, exact=True).first.click()
    editor = page.locator(".tiptap", has_text=words).first
    editor.evaluate("dom => dom.editor.commands.selectAll()")
    return editor.element_handle()


def test_each_program_s_clipboard_becomes_a_plain_text(page):
    open_desk(page, text("Before"), {"type": "callout", "tone": "note", "html": "<p>Aside</p>"})
    editor = editor_of(page, "Before")

    def pasted(**data):
        editor.evaluate("dom => dom.editor.commands.selectAll()")
        return HtmlField().clean(editor.evaluate(PASTE, data))

    for path in CLIPBOARDS:
        expected = path.with_suffix(".expected.html").read_text().replace(">\n<", "><").strip()
        assert (path.stem, pasted(html=path.read_text(), plain="words")) == (path.stem, expected)
    plain = "**not bold** # no heading\n\n- no list\r\n  1. `x`\u200b https://a.example/ <b>"
    assert pasted(plain=plain) == (
        "<p>**not bold** # no heading</p><p>- no list</p><p>  1. `x` https://a.example/ &lt;b&gt;</p>"
    )
    editor.evaluate("dom => dom.editor.commands.setTextSelection(5)")
    within = editor.evaluate(PASTE, {"html": '<p>Words<img src="chart.png" alt="A chart"></p>'})
    assert "Words</p><p>TK picture: A chart</p><p>" in within
    own = '<p data-pm-slice="1 1 []">own&nbsp;&nbsp;words</p>'
    assert pasted(html=own, plain="own words") == "<p>own words</p>"
    assert pasted(html="<span>a <b>word</b></span>", plain="a word") == "<p>a <strong>word</strong></p>"
    rows = editor_of(page, "Aside").evaluate(PASTE, {"html": FEES, "plain": "Chain\tFee"})
    assert rows == "<p>Chain · Fee</p><p>Aqua · 1</p>"


def test_pictures_and_players_in_what_is_pasted_become_blocks(page):
    words = ["Word", "Web", "Player", "Over this", "Behind"]
    open_desk(page, *(text(each) for each in words))
    pict = (
        r"{\*\shppict{\pict{\*\picprop}\picw10\pngblip\bliptag1{\*\blipuid 00}%s}}{\nonshppict{\pict\wmetafile8 0100}}"
    )
    rtf = r"{\rtf1 " + "".join(pict % factories.picture().hex() for _ in range(2)) + "}"
    on_disk = (
        '<p>A</p><p><img width=64 src="file:///C:/msohtmlclip1/01/clip_image002.png" alt="Tides"></p>'
        '<p><v:shape alt="Moon"><v:imagedata src="file:///C:/clip_image003.png"/></v:shape></p><p>B</p>'
    )
    editor_of(page, "Word").evaluate(PASTE, {"html": on_disk, "rtf": rtf, "plain": "A B"})
    page.locator("[name='block-image-1-alt']").wait_for()
    data = f"data:image/png;base64,{base64.b64encode(factories.picture()).decode()}"
    web = (
        f'<p>C <img src="{data}"></p><figure><a href="https://www.google.com/url?q=https://b.example/"><img src="https://a.example/t.jpg" alt="T"></a><figcaption>High</figcaption></figure>'
        '<p>D</p><img src="blob:https://a.example/1" alt="Lost">'
    )
    editor_of(page, "Web").evaluate(PASTE, {"html": web, "plain": "C D"})
    page.get_by_text("Not on the clipboard, insert them as files: Lost").wait_for()
    editor_of(page, "Over this").evaluate(
        PASTE, {"plain": "https://www.google.com/url?q=https://a.example/%3Futm_source%3Dx"}
    )
    page.locator('.tiptap a[href="https://a.example/"]', has_text="Over this").wait_for()
    player = editor_of(page, "Player")
    player.evaluate("dom => dom.editor.commands.clearContent()")
    player.evaluate(PASTE, {"plain": "https://youtu.be/dQw4w9WgXcQ?si=abc"})
    page.get_by_text("This is a player of YouTube.").wait_for()
    page.get_by_role("button", name="Embed it").click()
    page.locator("[name$='-url']:focus").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as version 2").wait_for()
    tides, moon, other = ImageAsset.objects.order_by("pk").values_list("file", flat=True)
    assert document_of(Article.objects.get())["blocks"] == [
        text("A"), {"type": "image", "src": tides, "alt": "Tides"}, {"type": "image", "src": moon, "alt": "Moon"}, text("B"),
        text("C"), {"type": "image", "src": other},
        {"type": "image", "src": "https://a.example/t.jpg", "alt": "T", "caption": "High", "link": "https://b.example/"},
        text("D</p><p>TK picture: Lost"),
        {"type": "embed", "url": "https://youtu.be/dQw4w9WgXcQ"},
        text('<a href="https://a.example/">Over this</a>'), text("Behind"),
    ]  # fmt: skip
