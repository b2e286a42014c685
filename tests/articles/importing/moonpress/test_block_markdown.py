"""Blocks written as Markdown are the same blocks when they are read again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.blocks import clean_data
from articles.importing.moonpress.block_markdown import form_of, read_blocks, write_blocks
from articles.importing.posts import PostRefused
from core.lib.html import clean, text_of


def canonical(blocks):
    return [
        {
            "type": block["type"],
            **clean_data(block["type"], {key: value for key, value in block.items() if key != "type"}),
        }
        for block in blocks
    ]


def again(blocks):
    form = form_of(blocks)
    return canonical(read_blocks(write_blocks(blocks, form), form))


EVERY_BLOCK = canonical(
    [
        {"type": "richtext", "html": "<h2>Part</h2>\n<p>A <strong>bold</strong> claim, <a href=\"/blog/x/\">linked</a>.</p>\n<ul><li>one</li><li>two<ol><li>deep</li></ol></li></ul>"},
        {"type": "richtext", "html": "<p>A second text<small data-footnote=\"\">With a <em>note</em>.</small> right behind.</p>"},
        {"type": "richtext", "html": "<p>H<sub>2</sub>O<br>and <code>a*b</code>, 1. no list, # no heading &amp; &lt;b&gt; _x_ *y*</p>"},
        {"type": "richtext", "html": "<table><tbody><tr><td colspan=\"2\">wide</td></tr></tbody></table>"},
        {"type": "richtext", "html": "<pre><code>```\n:::faq\n\nx\n</code></pre>"},
        {"type": "image", "src": "images/ab/cdef.webp", "alt": "Says: “a”", "caption": "One", "credit": "Ada", "focal": [0.25, 0.75], "link": "/blog/x/"},
        {"type": "gallery", "images": [{"src": "https://x.example/a.png", "alt": "A", "link": "https://x.example/?a=1"}, {"src": "images/ab/b.webp"}], "caption": "Two"},
        {"type": "faq", "question": "Why: a “question”?", "answer": "<p>So.</p><p>And so.</p>"},
        {"type": "faq", "question": "Why?", "answer": "<dl><dt>a</dt><dd>b</dd></dl>"},
        {"type": "cta", "heading": "Come", "body": "Line\n\nline", "label": "Go", "url": "/newsletter/"},
        {"type": "cta", "snippet": "read-on"},
        {"type": "callout", "tone": "warning", "html": "<p>Mind <em>this</em>.</p>"},
        {"type": "pullquote", "text": "Said\nso", "attribution": "Ada"},
        {"type": "table", "caption": "Shares", "csv": 'Coin,Share\n"A, B",10 %\n"C ""c""",2024', "header": True},
        {"type": "table", "csv": "a,b", "header": False},
        {"type": "chart", "kind": "bar", "title": "Votes", "csv": "Name,Votes\nA,10\nB,9", "unit": "%"},
        {"type": "embed", "url": "https://vimeo.com/76979871"},
        {"type": "code", "language": "python", "code": "x = 1\n\n\n```\nnot the end\n```\n"},
        {"type": "code", "code": "  indented"},
        {"type": "award_results", "season": "moon-2025", "category": "etf"},
        {"type": "survey", "survey": "a-poll"},
        {"type": "signup", "newsletter": "weekly"},
        {"type": "signup"},
        {"type": "sponsor_slot"},
        {"type": "related", "article": "two"},
    ]
)  # fmt: skip


def test_every_kind_of_block_comes_back_as_it_was():
    assert again(EVERY_BLOCK) == EVERY_BLOCK


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=lambda block: block["type"])
def test_a_block_by_itself_comes_back_as_it_was(block):
    assert again([block]) == [block]


def test_a_text_is_readable_markdown():
    assert (
        write_blocks(EVERY_BLOCK[:1], "lines")
        == "## Part\n\nA **bold** claim, [linked](/blog/x/).\n\n- one\n- two\n  1. deep\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (":::faq Why?\nSo.", "never closed"),
        ("```python\nx", "never closed"),
        (":::image\n- a\n:::", "should hold names with their values"),
        (":::image\na: [\n:::", "not valid YAML"),
    ],
)
def test_a_broken_block_is_refused_and_says_where(text, reason):
    with pytest.raises(PostRefused, match=reason):
        read_blocks(text, "lines")


_WORDS = st.text("ab *_`#>-+.1)[]<>&:|~\\!\u00a0é\n", min_size=1, max_size=25).filter(str.strip)
_INLINE = st.recursive(
    _WORDS.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    lambda inner: st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", st.sampled_from(["strong", "em", "code", "s", "sub", 'a href="/x"', "b"]).map(lambda tag: tag), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=4,
).map(lambda html: html.replace('</a href="/x">', "</a>"))  # fmt: skip
_ELEMENT = st.one_of(
    st.builds(lambda tag, inner: f"<{tag}>{inner}</{tag}>", st.sampled_from(["p", "h2", "h3", "h4", "pre"]), _INLINE),
    st.builds(lambda tag, items: f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>", st.sampled_from(["ul", "ol"]), st.lists(_INLINE, min_size=1, max_size=3)),
    st.builds(lambda inner: f"<blockquote><p>{inner}</p></blockquote>", _INLINE),
    st.just("<hr>"),
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(_ELEMENT, min_size=1, max_size=5), st.sampled_from(["\n", "", "\n\n"]), st.sampled_from(EVERY_BLOCK))
def test_any_rich_text_comes_back_byte_for_byte(elements, between, other):
    html = clean(between.join(elements)).strip()
    if not text_of(html).strip():
        return
    blocks = [
        *canonical([{"type": "richtext", "html": html}]),
        other,
        *canonical([{"type": "faq", "question": "Why?", "answer": html}]),
    ]
    assert again(blocks) == blocks
