"""How each kind of block becomes what readers see."""

import re

import pytest
from django.template import Context, Template, TemplateSyntaxError

from articles import slots
from articles.blocks import KINDS
from articles.document_schema import normalised
from articles.embeds import embed_of
from articles.rendering import RENDERERS, rendered
from tests.articles import factories

pytestmark = pytest.mark.django_db


def render(*blocks):
    return rendered(normalised(factories.document(blocks=list(blocks))))


def test_every_kind_has_a_renderer():
    assert set(RENDERERS) == set(KINDS)


def test_headings_get_anchors_of_their_own_and_stand_in_the_contents():
    body = render(
        {"type": "richtext", "html": "<h2>The same</h2><h4>Too deep</h4>"},
        {"type": "richtext", "html": "<h2>The same</h2><h3>Below</h3>"},
    )
    assert [(entry["id"], entry["level"]) for entry in body.toc] == [("the-same", 2), ("the-same-2", 2), ("below", 3)]
    assert 'id="the-same-2"' in body.html


def test_questions_in_a_row_share_one_section():
    question = {"type": "faq", "question": "Why?", "answer": "<p>Because.</p>"}
    body = render(question, question, {"type": "richtext", "html": "<p>Between</p>"}, question)
    assert body.html.count('id="faq"') == 1
    assert body.html.count("<section") == 2
    assert len(body.faq) == 3


def test_questions_under_a_heading_of_their_own_get_no_second_one():
    body = render(
        {"type": "richtext", "html": "<h2>Questions</h2>"}, {"type": "faq", "question": "Why?", "answer": "<p>So.</p>"}
    )
    assert 'id="faq"' not in body.html


def test_a_table_knows_its_numbers():
    body = render({"type": "table", "caption": "Fees", "header": True, "csv": "Day;Fee\nMon;1,200\nTue;3 %"})
    assert "<caption>Fees</caption>" in body.html
    assert body.html.count('class="num"') == 3


def test_a_chart_has_its_table_beside_it():
    body = render({"type": "chart", "kind": "bar", "title": "Votes", "csv": "Name,Votes\nA,10\nB,5", "unit": "votes"})
    assert "<svg" in body.html
    assert "<table" in body.html
    assert "style=" not in body.html


def test_an_embed_loads_nothing_by_itself():
    body = render({"type": "embed", "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ"})
    assert "<iframe" not in body.html
    assert "youtube-nocookie.com/embed/dQw4w9WgXcQ" in body.html


@pytest.mark.parametrize(
    "url",
    [
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "http://youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/x",
        "javascript:alert(1)",
        'https://www.youtube.com/watch?v=dQw4w9WgXcQ"onload="x',
    ],
)
def test_only_the_providers_own_addresses_are_embedded(url):
    found = embed_of(url)
    assert found is None or '"' not in found.embed_url


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://youtu.be/dQw4w9WgXcQ?t=90", "dQw4w9WgXcQ?start=90"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1h2m3s", "dQw4w9WgXcQ?start=3723"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&start=5&feature=x", "dQw4w9WgXcQ?start=5"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ#t=2m", "dQw4w9WgXcQ?start=120"),
        ("https://vimeo.com/123456#t=30s", "123456?dnt=1#t=30s"),
        ("https://youtu.be/dQw4w9WgXcQ?t=soon", "/dQw4w9WgXcQ"),
    ],
)
def test_a_player_starts_where_the_address_says(url, end):
    assert embed_of(url).embed_url.endswith(end)


def test_code_is_shown_as_it_is():
    body = render({"type": "code", "language": "html", "code": "<script>alert(1)</script>"})
    assert "&lt;script&gt;" in body.html
    assert "<script>" not in body.html


def test_an_image_comes_with_its_renditions_and_its_size():
    asset = factories.image()
    body = render({"type": "image", "src": asset.file, "alt": "A chart", "caption": "What it shows"})
    assert 'type="image/avif"' in body.html
    assert f'width="{asset.width}"' in body.html
    assert "What it shows" in body.html


def test_an_image_leads_where_its_link_does_and_says_so_also_without_words():
    source = factories.image(alt="").file
    image = {"type": "image", "src": source, "alt": "A chart", "link": "/blog/x/"}
    assert re.search(
        r'<a href="/blog/x/" class="figure__link"\s*>\s*<picture>.*</picture>\s*</a>', render(image).html, re.DOTALL
    )
    del image["alt"]
    assert 'aria-label="What it shows"' in render({**image, "caption": "What it shows"}).html
    assert 'aria-label="/blog/x/"' in render({"type": "gallery", "images": [{"src": source, "link": "/blog/x/"}]}).html
    missing = render({**image, "src": "https://elsewhere.example/a.png"}).html
    assert '<a href="/blog/x/">/blog/x/</a>' in missing


def test_an_image_that_was_not_fetched_is_a_link():
    body = render({"type": "image", "src": "https://elsewhere.example/a.png", "alt": "A chart"})
    assert 'href="https://elsewhere.example/a.png"' in body.html
    assert "<img" not in body.html


def test_nobody_can_forge_a_slot():
    body = render(
        {"type": "richtext", "html": "<p>x<!--slot:cta:card-->y</p>"},
        {"type": "pullquote", "text": "<!--slot:cta:card-->"},
    )
    assert slots.strip(body.html) == body.html


def test_other_parts_plug_their_slots_in():
    slots.register("test_part", lambda page, season: f"<b>{season}</b>")
    assert slots.render(slots.mark("test_part", "s2026"), {}) == "<b>s2026</b>"


def test_empty_blocks_of_the_page_do_not_break_it():
    assert render({"type": "award_results", "season": "s", "category": "c"}, {"type": "sponsor_slot"}).words > 0


def test_a_template_marks_a_slot_by_its_name_and_only_one_that_there_is():
    assert Template('{% load slots %}{% slot "related" %}').render(Context()) == slots.mark("related")
    with pytest.raises(TemplateSyntaxError, match="no slot “relatde”"):
        Template('{% load slots %}{% slot "relatde" %}').render(Context())
