"""Questions become FAQ entries and a closing disclaimer is told apart."""

import pytest

from articles.importing.html.to_blocks import convert
from articles.importing.posts import ConversionNotes


def faqs(html):
    return [
        (block["question"], block["answer"])
        for block in convert(html, ConversionNotes()).blocks
        if block["type"] == "faq"
    ]


def kinds(blocks):
    return [block["type"] for block in blocks]


def test_headings_under_a_faq_heading_become_entries_until_the_next_section():
    html = """<h2>Frequently Asked Questions</h2><h3>Q1. What is it?</h3><p>A thing.</p><p>Truly.</p>
    <h3>Q2. Is it <em>safe</em>?</h3><ul><li>Yes.</li></ul><h2>Conclusion</h2><p>The end.</p>"""
    assert faqs(html) == [("What is it?", "<p>A thing.</p>\n<p>Truly.</p>"), ("Is it safe?", "<ul><li>Yes.</li></ul>")]
    converted = convert(html, ConversionNotes())
    assert kinds(converted.blocks) == ["richtext", "faq", "faq", "richtext"]
    assert converted.blocks[0]["html"] == "<h2>Frequently Asked Questions</h2>"
    assert converted.blocks[-1]["html"] == "<h2>Conclusion</h2>\n<p>The end.</p>"


def test_a_heading_marked_faq_is_an_entry_by_itself():
    assert faqs("<p>Text.</p><h3>FAQ: How fast is it?</h3><p>Fast.</p><h3>FAQ: Why?</h3><p>So.</p>") == [
        ("How fast is it?", "<p>Fast.</p>"),
        ("Why?", "<p>So.</p>"),
    ]


def test_three_questions_that_end_a_text_are_its_faq():
    html = "<h2>Part</h2><p>x</p>" + "".join(f"<h2>What about {n}?</h2><p>Answer {n}.</p>" for n in "abc")
    assert [question for question, _ in faqs(html)] == ["What about a?", "What about b?", "What about c?"]
    assert len(faqs(html + "<h2>Conclusion</h2><p>Done.</p>")) == 3


def test_questions_in_the_middle_of_a_text_stay_headings():
    html = "<h2>What is it?</h2><p>x</p><h2>How does it work?</h2><p>y</p><h2>Why now?</h2><p>z</p><h2>The market</h2><p>w</p>"
    assert faqs(html) == []


@pytest.mark.parametrize(
    "html",
    [
        "<h2>FAQs</h2><p><strong>What is it?</strong></p><p>A thing.</p><p><strong>Why?</strong></p><p>So.</p>",
        "<h2>FAQ</h2><p><strong>Q: What is it?</strong><br>A: A thing.</p><p><b>Q: Why?</b><br>A: So.</p>",
        "<h2>FAQ</h2><ol><li><strong>What is it?</strong><br>A thing.</li><li><strong>Why?</strong> So.</li></ol>",
        "<h2>FAQ</h2><p>Q1: What is it?</p><p>A: A thing.</p><p>Q2: Why?</p><p>A: So.</p>",
        ('<div class="schema-faq"><div class="schema-faq-section"><strong class="schema-faq-question">What is it?</strong><p class="schema-faq-answer">A thing.</p></div>'
        '<div class="schema-faq-section"><strong class="schema-faq-question">Why?</strong><p>So.</p></div></div>'),
    ],
)  # fmt: skip
def test_questions_in_bold_or_in_lists_or_of_a_plugin_become_entries(html):
    assert faqs(html) == [("What is it?", "<p>A thing.</p>"), ("Why?", "<p>So.</p>")]


def test_a_deeper_heading_and_a_table_stay_in_the_answer_and_a_picture_follows_it():
    html = '<h2>FAQ</h2><h3>Why?</h3><h4>First</h4><p>So.</p><img src="https://x.example/a.png"><pre>code</pre><h3>And?</h3><p>Yes.</p>'
    converted = convert(html, ConversionNotes())
    assert kinds(converted.blocks) == ["richtext", "faq", "image", "faq"]
    assert "<h4>First</h4>" in converted.blocks[1]["answer"]
    assert "<pre><code>code</code></pre>" in converted.blocks[1]["answer"]


def test_a_faq_heading_without_questions_stays_a_heading():
    assert kinds(convert("<h2>FAQ</h2><p>Write to us.</p>", ConversionNotes()).blocks) == ["richtext"]


def test_dropped_numbers_are_reported():
    notes = ConversionNotes()
    convert("<h2>FAQ</h2><h3>Q1. Why?</h3><p>So.</p>", notes)
    assert notes.changed["numbers and marks before questions (“Q1.”, “FAQ:”) dropped"] == 1
    assert not notes.lost


@pytest.mark.parametrize(
    "ending",
    [
        "<h2>Disclaimer</h2><p>This is no advice.</p><p>Ask someone.</p>",
        "<p>Disclaimer: This is no advice.</p>",
        "<hr><p><strong>Disclaimer:</strong> <em>This is no advice.</em></p>",
        "<p><strong>Disclaimer</strong></p><p>This is no advice.</p>",
        "<h3>Investment Disclaimer:</h3><ul><li>No advice.</li></ul>",
    ],
)
def test_a_disclaimer_that_ends_a_text_is_told_apart(ending):
    converted = convert(f"<h2>Part</h2><p>Words.</p>{ending}", ConversionNotes())
    assert converted.blocks == [{"type": "richtext", "html": "<h2>Part</h2>\n<p>Words.</p>"}]
    assert "advice" in converted.disclaimer[0]["html"]


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Disclaimer</h2><p>No advice.</p><h2>Part</h2><p>Words.</p>",
        "<p>Words with the disclaimer: none.</p>",
        f"<h2>Disclaimer</h2><p>{'long ' * 1000}</p>",
    ],
)
def test_what_does_not_end_the_text_as_a_disclaimer_stays_in_it(html):
    assert convert(html, ConversionNotes()).disclaimer == []
