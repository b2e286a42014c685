"""Brackets that are an author's own stay, shortcodes say what they hold, and a tag left open ends where it was meant to."""

import time

import pytest

from articles.importing.html.to_blocks import convert
from articles.importing.posts import ConversionNotes
from articles.importing.wordpress.body import wordpress_html


def read(body):
    notes = ConversionNotes()
    html = wordpress_html(body, notes, pictures={}, reusable={})
    return convert(html, notes).blocks, notes


def html_of(body):
    return "\n".join(block.get("html", "") for block in read(body)[0])


@pytest.mark.parametrize(
    "text",
    ["The [then-mayor] and the [re-]opened [video] [source] [quote]", "a[i-1] = b[j]", "[see the court] [1] [sic]", "[[two]] brackets", "See [via https://x.example] it"],
)  # fmt: skip
def test_brackets_of_an_author_stay_as_typed(text):
    assert html_of(text) == f"<p>{text}</p>"


def test_a_link_in_brackets_keeps_its_address():
    assert (
        html_of('See <a href="https://x.example/">[source]</a>.')
        == '<p>See <a href="https://x.example/">[source]</a>.</p>'
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('[toggle title="What it costs"]Little.[/toggle]', "<h3>What it costs</h3>\n<p>Little.</p>"),
        ('[button link="https://x.example/go" text="Go there"]', '<p><a href="https://x.example/go">Go there</a></p>'),
        ('[download link="https://x.example/f.zip"]The file[/download]', '<p><a href="https://x.example/f.zip">The file</a></p>'),
        ('[pdf-embedder url="https://x.example/f.pdf"]', '<p><a href="https://x.example/f.pdf">f.pdf</a></p>'),
        ('[quote author="Ada Lund"]So it was.[/quote]', "<blockquote><p>So it was.</p><p><cite>Ada Lund</cite></p></blockquote>"),
        ("[gist https://gist.github.com/ada/1]", '<p><a href="https://gist.github.com/ada/1">https://gist.github.com/ada/1</a></p>'),
        ('[soundcloud url="https://api.soundcloud.example/1" params="x=1"]', '<p><a href="https://api.soundcloud.example/1">https://api.soundcloud.example/1</a></p>'),
        ("[quote]a [quote]b[/quote][/quote]", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
    ],
)  # fmt: skip
def test_a_shortcode_shows_what_its_attributes_and_its_content_say(body, expected):
    assert html_of(body) == expected


def test_youtube_behind_an_equals_sign_is_a_player():
    [block] = read("[youtube=http://www.youtube.com/watch?v=abcdefghijk&w=448]")[0]
    assert block == {"type": "embed", "url": "https://www.youtube.com/watch?v=abcdefghijk"}


def test_a_shortcode_of_which_nothing_is_kept_is_named_whole():
    assert read('[contact-form-7 id="1" title="Contact"] x')[1].lost == {
        'shortcode left out: [contact-form-7 id="1" title="Contact"]': 1
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<ul><li>a<li>b</ul>\n\nOne.\n\nTwo.", "<ul><li>a</li><li>b</li></ul>\n<p>One.</p>\n<p>Two.</p>"),
        ("<ul><li>a<li>b\n\nOne.\n\nTwo.", "<ul><li>a</li><li>b</li></ul>\n<p>One.</p>\n<p>Two.</p>"),
        ("<p>One.\n\n<p>Two.\n\nThree.", "<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>"),
        ("<h2>Head\n\nOne.\n\nTwo.", "<h2>Head</h2>\n<p>One.</p>\n<p>Two.</p>"),
        ("<ul><li>a\n\nstill a</li></ul>\n\nOne.", "<ul><li>a <p>still a</p></li></ul>\n<p>One.</p>"),
    ],
)
def test_a_tag_that_was_never_closed_swallows_nothing(body, expected):
    assert html_of(body) == expected


@pytest.mark.parametrize(
    ("body", "language", "code"),
    [
        ('<!-- wp:code {"language":"go"} --><pre class="wp-block-code"><code>package a</code></pre><!-- /wp:code -->', "go", "package a"),
        ('<!-- wp:kevinbatdorf/code-block-pro {"language":"rust"} --><pre class="shiki"><code><span>fn a</span></code></pre><!-- /wp:kevinbatdorf/code-block-pro -->', "rust", "fn a"),
        ("<code>\ndef a\n  [b]\nend\n</code>", "", "def a\n  [b]\nend"),
        ('<code><pre class="brush: ruby">a\n\n  b</pre></code>', "ruby", "a\n\n  b"),
        ("[php]$a[1] = 2;[/php]", "php", "$a[1] = 2;"),
    ],
)  # fmt: skip
def test_code_keeps_its_language_and_its_lines(body, language, code):
    assert read(body)[0] == [{"type": "code", "language": language, "code": code}]


def test_twenty_thousand_pairs_take_seconds():
    started = time.process_time()
    html = wordpress_html("[box]a[/box] " * 20_000, ConversionNotes(), pictures={}, reusable={})
    assert html.count("a") >= 20_000
    assert time.process_time() - started < 10
