"""HTML of other systems becomes clean blocks, and loses no word."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.blocks import clean_data
from articles.importing.html import limits
from articles.importing.html.to_blocks import convert, words_of
from articles.importing.posts import ConversionNotes
from core.lib.html import clean


def blocks(html, notes=None, site=""):
    notes = notes or ConversionNotes()
    converted = convert(html, notes, site=site)
    return limits.enforce([*converted.blocks, *converted.disclaimer], notes)


def richtext(html):
    found = blocks(html)
    assert [block["type"] for block in found] == ["richtext"], found
    return str(found[0]["html"])


def test_empty_paragraphs_and_wrappers_and_ids_go():
    html = '<div class="w-richtext"><p id="">One.</p><p>\u200d</p><p>&nbsp;</p><div><p id="">Two.</p></div></div>'
    assert richtext(html) == "<p>One.</p>\n<p>Two.</p>"


def test_a_first_level_heading_becomes_a_second():
    assert richtext("<h1>Part</h1><h5>Small</h5><p>x</p>") == "<h2>Part</h2>\n<h4>Small</h4>\n<p>x</p>"


@pytest.mark.parametrize(
    "html",
    [
        (
            '<p>Said<sup id="fnref1"><a href="#fn1">1</a></sup>.</p><section class="footnotes"><hr><ol><li id="fn1">'
            '<p>By <em>her</em>.&nbsp;<a href="#fnref1">↩</a></p></li></ol></section>'
        ),
        (
            '<p>Said<a href="#_ftn1" name="_ftnref1">[1]</a>.</p><hr><div id="ftn1"><p><a href="#_ftnref1" name="_ftn1">[1]</a>'
            " By <em>her</em>.</p></div>"
        ),
        '<p>Said<sup><a href="#n" id="r">1</a></sup>.</p><h2>Notes</h2><ol><li id="n">By <em>her</em>. <a href="#r">back</a></li></ol>',
    ],
)
def test_a_number_and_a_note_that_lead_to_each_other_become_a_footnote(html):
    assert richtext(html).rstrip() == '<p>Said<small data-footnote="">By <em>her</em>.</small>.</p>'


def test_what_only_looks_like_a_footnote_stays_as_it_is():
    html = '<p>See <a href="#part">below</a>.</p><h2 id="part">Part</h2><p>x <a href="#top">up</a></p>'
    assert "data-footnote" not in richtext(html)


def test_bold_in_a_heading_goes_and_an_empty_heading_too():
    assert richtext('<h2 id=""><strong>Part</strong></h2><h3><br></h3><p>x</p>') == "<h2>Part</h2>\n<p>x</p>"


def test_words_outside_of_any_element_become_paragraphs():
    assert richtext("loose <b>words</b><h2>Then</h2>more") == "<p>loose <b>words</b></p>\n<h2>Then</h2>\n<p>more</p>"


def test_two_line_breaks_divide_a_paragraph():
    assert richtext("<p>One<br><br>two<br>three</p>") == "<p>One</p>\n<p>two<br>three</p>"


def test_no_break_spaces_stay_only_where_they_hold_a_figure_together():
    assert richtext("<p>a\u00a0word and 10\u00a0km</p>") == "<p>a word and 10&nbsp;km</p>"


def test_a_joiner_inside_an_emoji_stays():
    assert richtext("<p>👩\u200d🚀 here\u200d</p>") == "<p>👩\u200d🚀 here</p>"


def test_links_and_lists_stay():
    html = '<p><strong>Also read - </strong><a href="/blog/two"><strong>Two</strong></a></p><ul role="list"><li>a<ul><li>b</li></ul></li></ul>'
    assert '<a href="/blog/two">' in richtext(html)
    assert "<ul><li>a<ul><li>b</li></ul></li></ul>" in richtext(html)


def test_links_to_the_old_address_become_paths():
    found = blocks(
        '<p><a href="https://www.old.example/2020/one/?x=1#y">a</a> <a href="https://else.example/">b</a></p>',
        site="http://old.example",
    )
    assert 'href="/2020/one/?x=1#y"' in found[0]["html"]
    assert 'href="https://else.example/"' in found[0]["html"]


def test_a_link_to_a_heading_follows_it_to_its_new_anchor():
    assert '<a href="#the-second-part">' in richtext('<p><a href="#p2">go</a></p><h2 id="p2">The second part</h2>')


def test_a_contents_list_goes():
    notes = ConversionNotes()
    html = '<ul><li><a href="#a">One</a></li><li><a href="#b">Two</a></li></ul><h2 id="a">One</h2><p>x</p><h2 id="b">Two</h2><p>y</p>'
    assert "<ul>" not in blocks(html, notes)[0]["html"]
    assert "contents lists removed: the page makes its own" in notes.changed


def test_a_figure_becomes_an_image_with_its_caption():
    html = '<p>a</p><figure class="w-richtext-align-center"><div><img src="https://x.example/a.png" alt="A chart"></div><figcaption>Two <b>lines</b></figcaption></figure><p>b</p>'
    assert blocks(html)[1] == {
        "type": "image",
        "src": "https://x.example/a.png",
        "alt": "A chart",
        "caption": "Two lines",
    }


def test_what_webflow_writes_for_no_alternative_text_is_none():
    assert "alt" not in blocks('<img src="https://x.example/a.png" alt="__wf_reserved_inherit">')[0]


def test_a_picture_between_two_sentences_stands_between_them():
    found = blocks(
        '<p>Before. <a href="https://x.example/a.png"><img src="https://x.example/a-300x200.png"></a> After.</p>'
    )
    assert [block["type"] for block in found] == ["richtext", "image", "richtext"]
    assert found[1]["src"] == "https://x.example/a.png"


def test_a_picture_within_a_sentence_does_not_part_it():
    found = blocks('<p>Turn <b>the <img src="https://x.example/knob.png" alt="knob"> knob</b> left.</p>')
    assert found == [
        {"type": "richtext", "html": "<p>Turn <b>the knob</b> left.</p>"},
        {"type": "image", "src": "https://x.example/knob.png", "alt": "knob"},
    ]


def test_a_picture_in_a_list_stands_below_it():
    assert [block["type"] for block in blocks('<ul><li>a <img src="https://x.example/a.png"></li></ul>')] == [
        "richtext",
        "image",
    ]


def test_a_lazy_picture_is_found_and_a_counting_pixel_is_not_kept():
    html = '<img src="data:image/gif;base64,R0lGOD" data-src="https://x.example/real.jpg"><img src="https://t.example/p" width="1" height="1">'
    assert [block["src"] for block in blocks(html)] == ["https://x.example/real.jpg"]


def test_a_plain_table_becomes_a_table_block():
    html = "<table><thead><tr><th>Coin</th><th>Share</th></tr></thead><tbody><tr><td>A, B</td><td>10 %</td></tr></tbody></table>"
    assert blocks(html) == [{"type": "table", "csv": 'Coin,Share\n"A, B",10 %', "header": True}]


@pytest.mark.parametrize(
    "cell", ['<td><a href="/x">link</a></td>', '<td colspan="2">wide</td>', "<td><ul><li>a</li></ul></td>"]
)
def test_a_table_that_csv_cannot_hold_stays_rich_text(cell):
    assert "<table>" in richtext(f"<table><tr><td>a</td><td>b</td></tr><tr>{cell}</tr></table>")


@pytest.mark.parametrize("tag", ["pre", "code"])
def test_code_with_line_breaks_keeps_the_spaces_that_its_lines_begin_with(tag):
    (block,) = blocks(f"<{tag}>if <b>x</b>:<br />    y<br>      z<br></{tag}>")
    assert block["code"] == "if x:\n    y\n      z"


def test_code_keeps_its_language_and_its_spaces():
    html = '<pre class="wp-block-code"><code class="language-python">if x:\n    y = "&lt;b&gt;"</code></pre>'
    assert blocks(html) == [{"type": "code", "language": "python", "code": 'if x:\n    y = "<b>"'}]


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<iframe src="https://www.youtube.com/embed/abcdefghijk?rel=0"></iframe>', "https://www.youtube.com/watch?v=abcdefghijk"),
        ('<figure class="w-richtext-figure-type-video"><div><iframe src="//youtu.be/abcdefghijk"></iframe></div></figure>', "https://www.youtube.com/watch?v=abcdefghijk"),
        ('<iframe class="embedly-embed" src="//cdn.embedly.com/widgets/media.html?src=x&url=https%3A%2F%2Fvimeo.com%2F76979871"></iframe>', "https://vimeo.com/76979871"),
        ('<blockquote class="twitter-tweet"><p>words</p>— A <a href="https://twitter.com/a/status/1234567890123">day</a></blockquote>', "https://x.com/a/status/1234567890123"),
        ("<p>https://x.com/a/status/1234567890123</p>", "https://x.com/a/status/1234567890123"),
    ],
)  # fmt: skip
def test_known_players_become_embeds(html, url):
    assert blocks(html) == [{"type": "embed", "url": url}]


def test_an_unknown_frame_becomes_a_link_and_is_reported():
    notes = ConversionNotes()
    found = blocks('<iframe src="https://evil.example/x" title="A form"></iframe>', notes)
    assert found == [{"type": "richtext", "html": '<p><a href="https://evil.example/x">A form</a></p>'}]
    assert any("evil.example" in sentence for sentence in notes.lost)


def test_hostile_html_is_cleaned_and_reported():
    notes = ConversionNotes()
    html = '<p onclick="x()">Hi <a href="javascript:alert(1)">there</a></p><script>alert(2)</script><svg onload=x()></svg><style>p{}</style>\x00'
    assert blocks(html, notes) == [{"type": "richtext", "html": "<p>Hi there</p>"}]
    assert {"scripts removed", "event handlers removed", "links that run a script removed"} <= set(notes.changed)


def test_elements_nested_thousands_deep_leave_their_words():
    assert blocks("<div>" * 30_000 + "deep <b>words</b>") == [{"type": "richtext", "html": "<p>deep words</p>"}]


def test_a_folded_question_becomes_a_faq_entry_and_another_fold_a_heading():
    found = blocks("<details><summary>Why?</summary><p>So.</p></details><details><summary>More</summary>text</details>")
    assert found[0] == {"type": "faq", "question": "Why?", "answer": "<p>So.</p>"}
    assert found[1]["html"] == "<h3>More</h3>\n<p>text</p>"


_TAGS = ["p", "div", "h1", "h2", "h3", "ul", "ol", "li", "blockquote", "b", "em", "a", "span", "figure", "figcaption", "table", "tr", "td", "th", "pre", "code", "details", "summary", "section", "br", "hr", "img", "iframe", "script", "font", "custom-tag"]  # fmt: skip
_WORDS = st.text("abc Q1.?:\u00a0\u200d<&>\"'é漢\x00\ud800\n", max_size=30)
_ATTRIBUTES = st.sampled_from(["", ' class="kg-callout-card"', ' class="gallery"', ' href="javascript:x"', ' href="/a"', ' src="https://x.example/a.png"', ' src="data:image/png;base64,xx"', ' onclick="x"', ' id="z"', ' style="x"', ' class="wp-block-embed"', ' class="kg-toggle-card"'])  # fmt: skip
_ELEMENT = st.builds(
    lambda tag, attribute, inner, closed: f"<{tag}{attribute}>{inner}" + (f"</{tag}>" if closed else ""),
    st.sampled_from(_TAGS),
    _ATTRIBUTES,
    _WORDS,
    st.booleans(),
)
_HTML = st.recursive(
    _ELEMENT | _WORDS,
    lambda inner: st.builds(
        lambda tag, attribute, parts: f"<{tag}{attribute}>{''.join(parts)}</{tag}>",
        st.sampled_from(_TAGS),
        _ATTRIBUTES,
        st.lists(inner, max_size=5),
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(_HTML)
def test_any_html_becomes_blocks_that_the_desk_takes_and_that_are_clean(html):
    notes = ConversionNotes()
    for block in blocks(html, notes):
        assert clean_data(block["type"], {key: value for key, value in block.items() if key != "type"})
        for text in (block.get("html", ""), block.get("answer", "")):
            assert clean(text) == text
            assert not re.search(r"<(script|iframe|img|div|h1)|<[^>]*(javascript:|\sonclick)", text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p", "h2", "h3", "ul", "li", "blockquote", "div", "span", "td"]),
            st.text("abcde xyz?", min_size=1, max_size=40),
        ),
        max_size=12,
    )
)
def test_no_word_is_lost(parts):
    html = "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts if tag != "td")
    notes = ConversionNotes()
    expected = re.findall(r"\w+", " ".join(text for tag, text in parts if tag != "td"))
    assert re.findall(r"\w+", words_of(blocks(html, notes))) == expected or "span" in html
    assert not notes.lost


def test_a_word_that_found_no_place_would_be_reported():
    notes = ConversionNotes()
    blocks('<ul><li>a</li></ul><div class="sharedaddy">Share this</div>', notes)
    assert any("Share this" in sentence for sentence in notes.lost)


def test_a_link_around_more_than_words_stays_one():
    notes = ConversionNotes()
    card = '<a href="https://x.example/"><div><img src="https://i.example/a.png"></div><h3>Read</h3><div>More <b>here</b></div></a>'
    found = blocks(card, notes)
    assert found[0] == {"type": "image", "src": "https://i.example/a.png", "link": "https://x.example/"}
    assert found[1]["html"] == (
        '<h3><a href="https://x.example/">Read</a></h3>\n<p><a href="https://x.example/">More <b>here</b></a></p>'
    )
    assert not notes.lost


SHOWN = '<img src="https://i.example/a.png" alt="A">'


@pytest.mark.parametrize(
    "html",
    [
        f'<p><a href="https://x.example/">{SHOWN}</a></p>',
        f'<figure><a href="https://x.example/"><picture>{SHOWN}</picture></a><figcaption></figcaption></figure>',
        f'<ul><li><a href="https://x.example/">{SHOWN}</a></li></ul>',
        f'<blockquote><p><a href="https://x.example/"><em>{SHOWN}</em></a></p></blockquote>',
        f'<table><tr><td><a href="https://x.example/">{SHOWN}</a></td></tr></table>',
        f'<h2><a href="https://x.example/">{SHOWN}</a></h2>',
    ],
)
def test_a_link_around_a_picture_comes_with_it_wherever_it_stands(html):
    assert blocks(html) == [
        {"type": "image", "src": "https://i.example/a.png", "alt": "A", "link": "https://x.example/"}
    ]


def test_a_caption_with_links_stands_below_its_picture_which_leads_nowhere():
    one, two = ('<a href="https://one.example/">one</a>', '<a href="https://two.example/">two</a>')
    for said in (one, f"{one} and {two}"):
        picture, text = blocks(f"<figure>{SHOWN}<figcaption>By {said}</figcaption></figure>")
        assert picture == {"type": "image", "src": "https://i.example/a.png", "alt": "A"}
        assert text == {"type": "richtext", "html": f"<p>By {said}</p>"}
    gallery = f'<figure class="wp-block-gallery"><figure>{SHOWN}</figure><figure>{SHOWN}</figure><figcaption>{one}</figcaption></figure>'
    assert [block["type"] for block in blocks(gallery)] == ["gallery", "richtext"]


def test_a_link_in_the_caption_of_a_table_stands_below_it():
    link = '<a href="https://one.example/">one</a>'
    table, text = blocks(f"<table><caption>By {link}</caption><tr><th>a</th></tr><tr><td>b</td></tr></table>")
    assert (table["type"], text["html"]) == ("table", f"<p>By {link}</p>")


def test_each_picture_of_a_gallery_keeps_its_link_and_one_to_the_old_site_becomes_local():
    links = [f'<figure><a href="{address}">{SHOWN}</a></figure>' for address in ("https://old.example/a/", "/b/")]
    [gallery] = blocks(f'<figure class="wp-block-gallery">{"".join(links)}</figure>', site="https://old.example")
    assert [image["link"] for image in gallery["images"]] == ["/a/", "/b/"]


def test_a_link_to_the_same_picture_is_none_and_one_that_cannot_be_published_is_named():
    notes = ConversionNotes()
    larger = '<a href="https://i.example/a.png"><img src="https://i.example/a-300x200.png"></a>'
    other = '<a href="https://i.example/other.png"><img src="https://i.example/a.png"></a>'
    found = blocks(f'{larger}{other}<a href="https://intranet/">{SHOWN}</a>', notes)
    assert [(block["src"][-5:], block.get("link")) for block in found] == [
        ("a.png", None), ("a.png", "https://i.example/other.png"), ("a.png", None),
    ]  # fmt: skip
    assert notes.lost == {"a link around a picture, to https://intranet/, which cannot be published": 1}


UPLOADS = "https://old.example/wp-content/uploads/"


@pytest.mark.parametrize(
    ("link", "shown", "kept"),
    [
        ("a.jpg", "a-300x200.jpg", "a.jpg"),
        ("a-scaled.jpg", "a-1024x683.jpg", "a-scaled.jpg"),
        ("a.jpg", "a-scaled.jpg", "a.jpg"),
        ("a-rotated.jpg", "a-rotated-300x200.jpg", "a-rotated.jpg"),
        ("a-e1600000123.jpg", "a-e1600000123-300x200.jpg", "a-e1600000123.jpg"),
        ("a.jpg", "a-e1600000123-300x200.jpg", "a-e1600000123-300x200.jpg"),
    ],
)
def test_a_link_to_another_version_of_the_picture_is_none_and_the_largest_that_shows_the_same_comes(link, shown, kept):
    notes = ConversionNotes()
    html = f'<p><a href="{UPLOADS}{link}"><img src="{UPLOADS}{shown}" alt="A"></a></p>'
    assert blocks(html, notes, "https://old.example") == [{"type": "image", "src": UPLOADS + kept, "alt": "A"}]
    assert not notes.lost


def test_a_link_to_another_picture_file_of_the_old_site_is_left_out_and_counted():
    notes = ConversionNotes()
    html = f'<a href="/wp-content/uploads/map.png"><img src="{UPLOADS}a.jpg" alt="A"></a>'
    assert blocks(html, notes, "https://old.example") == [{"type": "image", "src": UPLOADS + "a.jpg", "alt": "A"}]
    assert notes.lost == {"links of pictures to other picture files of the old site, left out": 1}


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://old.example/post/a/" rel="attachment wp-att-5">',
        '<a href="https://old.example/?attachment_id=5">',
    ],
)
def test_a_page_that_showed_nothing_but_the_picture_is_no_link(link):
    notes = ConversionNotes()
    assert blocks(f"<p>{link}{SHOWN}</a></p>", notes, "https://old.example") == [
        {"type": "image", "src": "https://i.example/a.png", "alt": "A"}
    ]
    assert notes.changed["links of pictures to a page that showed the same picture, left out"] == 1
    assert not notes.lost


@pytest.mark.parametrize("around", ["<p>Words {} more</p>", "<ul><li>Words {} more</li></ul>"])
def test_no_empty_link_is_left_where_a_picture_was(around):
    html = around.format(f'<a href="https://x.example/">{SHOWN}</a>')
    texts = " ".join(str(block.get("html", "")) for block in blocks(html))
    assert ("Words" in texts, "more" in texts, "<a" in texts) == (True, True, False)


def test_a_paid_link_around_a_picture_says_that_its_mark_is_lost():
    notes = ConversionNotes()
    blocks(f'<a href="https://x.example/" rel="sponsored noopener">{SHOWN}</a>', notes)
    assert notes.lost == {"“sponsored” of links around pictures, which lead there without it": 1}
