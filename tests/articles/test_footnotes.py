"""Footnotes stand in the text for those who write, and are numbered below it for those who read."""

import lxml.html
import pytest

from articles.document_schema import normalised
from articles.footnotes import lifted
from articles.models import Publication
from articles.rendering import rendered
from core.lib.html import clean
from tests.articles import factories

pytestmark = pytest.mark.django_db


def noted(words):
    return f'<small data-footnote="">{words}</small>'


def text(html):
    return {"type": "richtext", "html": html}


def body_of(*blocks):
    return rendered(normalised(factories.document(blocks=list(blocks))))


def test_a_note_becomes_a_number_that_leads_to_it_and_back():
    body = body_of(text(f"<p>Fees fell {noted('By <em>half</em>.')}.</p>"))
    page = lxml.html.fragment_fromstring(body.html, create_parent="div")
    (reference,) = page.xpath('.//a[@role="doc-noteref"]')
    (back,) = page.xpath('.//*[@role="doc-endnotes"]//a[@role="doc-backlink"]')
    assert (reference.get("href"), reference.get("aria-label")) == ("#note:1", "Note 1")
    assert page.get_element_by_id("note:1").text_content().split() == ["By", "half.", "↩"]
    assert (back.get("href"), reference.get("id")) == ("#to-note:1", "to-note:1")
    assert reference.getparent().getparent().text_content() == "Fees fell1."


def test_notes_are_numbered_through_all_kinds_of_text():
    answer = {"type": "faq", "question": "Why?", "answer": f"<p>So{noted('Two.')}</p>"}
    callout = {"type": "callout", "tone": "note", "html": f"<p>Look{noted('Three.')}</p>"}
    body = body_of(text(f"<p>A{noted('One.')}</p>"), answer, callout)
    notes = lxml.html.fragment_fromstring(body.html, create_parent="div").xpath('.//*[@role="doc-endnotes"]//li')
    assert [note.text_content().split()[0] for note in notes] == ["One.", "Two.", "Three."]
    assert body.faq[0]["answer"] == "<p>So</p>"  # search engines are told no number


def test_a_heading_with_a_note_keeps_its_words_in_the_contents():
    body = body_of(text(f"<h2>Fees{noted('All of them.')}</h2><p>x</p>"))
    assert [(entry["id"], entry["text"]) for entry in body.toc] == [("fees", "Fees")]
    assert "doc-noteref" in body.html


def test_search_finds_a_note_and_no_number_sticks_to_a_word(client):
    factories.publication(text(f"<p>Fees fell{noted('Measured in Reykjavik.')} again.</p>"), slug="fees")
    assert "Fees fell again.\nMeasured in Reykjavik." in Publication.objects.get().text
    assert 'href="/blog/fees/"' in client.get("/blog/search/?q=reykjavik").content.decode()


def test_feeds_and_the_api_have_the_notes_with_links_to_the_page(client, settings):
    factories.publication(text(f"<p>A{noted('One.')}</p>"), slug="fees")
    (item,) = client.get("/feed.json").json()["items"]
    assert f'href="{settings.SITE_URL}/blog/fees/#note:1"' in item["content_html"]
    assert "One." in client.get("/api/v1/articles/fees/").json()["html"]


@pytest.mark.parametrize(
    ("html", "numbered", "notes"),
    [
        ("<p>A<small>not a note</small></p>", 0, []),
        (f"<p>A{noted(' ')}B</p>", 0, []),
        (f"<p>A{noted('one ' + noted('within'))}</p>", 1, ["one within"]),
        (f"<p>A{noted('<small>small</small> words')}</p>", 1, ["small words"]),
        (f"<p>A{noted('one')}{noted('two')}</p>", 2, ["one", "two"]),
        ('<p>A<small lang="de" data-footnote="">eins</small></p>', 1, ["eins"]),
        (f"<p>A{noted('<small lang=de>klein</small> words')}</p>", 1, ["klein words"]),
        ('<p>A<small data-footnote="x" onclick="x()">one</small></p>', 1, ["one"]),
    ],
)
def test_only_marked_words_are_notes_and_none_holds_another(html, numbered, notes):
    found = lifted(clean(html))
    assert (found.numbered.count("doc-noteref"), found.notes) == (numbered, notes)
    assert "data-footnote" not in found.numbered + found.plain
