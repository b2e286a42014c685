"""Pictures, players, code and links of every spelling come, and what cannot come is named."""

import pytest

from articles.importing.html.to_blocks import convert
from articles.importing.posts import ConversionNotes


def converted(html, site="https://old.example", page="/2024/here/"):
    notes = ConversionNotes()
    return convert(html, notes, site=site, page=page).blocks, notes


def html_of(html):
    return "\n".join(block.get("html", "") for block in converted(html)[0])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<picture><source srcset="/a.webp"><img src="https://x.example/a.jpg" alt="Sea"></picture>', ("image", "src", "https://x.example/a.jpg")),
        ('<picture><source srcset="https://x.example/a.webp 2x"></picture>', ("image", "src", "https://x.example/a.webp")),
        ('<object data="x"><param name="movie" value="http://www.youtube.com/v/abcdefghijk"></object>', ("embed", "url", "https://www.youtube.com/watch?v=abcdefghijk")),
        ('<embed src="https://www.youtube.com/v/abcdefghijk">', ("embed", "url", "https://www.youtube.com/watch?v=abcdefghijk")),
        ('<pre lang="ruby">a</pre>', ("code", "language", "ruby")),
        ('<pre class="lang:python decode:true">a</pre>', ("code", "language", "python")),
        ('<pre><code class="hljs go">a</code></pre>', ("code", "language", "go")),
        ("<pre><code class='language-js{1,3}'>a</code></pre>", ("code", "language", "js")),
        ("<p><code>if a:\n    b()</code></p>", ("code", "code", "if a:\n    b()")),
        ("<table class='rouge-table'><tr><td><pre>1\n2</pre></td><td><pre>a\n  b</pre></td></tr></table>", ("code", "code", "a\n  b")),
    ],
)  # fmt: skip
def test_each_spelling_of_a_picture_a_player_or_code_is_read(html, expected):
    kind, field, value = expected
    [block] = converted(f"{html}")[0]
    assert (block["type"], block[field]) == (kind, value)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<video controls><source src="https://x.example/v.mp4">Old browser</video> after', 'href="https://x.example/v.mp4"'),
        ("<p>https://www.tiktok.example/@a/video/1</p>", '<a href="https://www.tiktok.example/@a/video/1">'),
        ('<object data="https://x.example/m.pdf"></object>', '<a href="https://x.example/m.pdf">m.pdf</a>'),
        ('<script src="https://gist.github.com/ada/1.js"></script>', '<a href="https://gist.github.com/ada/1">'),
        ('<p>Well <img class="emoji" alt="👍" src="https://s.w.org/1.svg"> done</p>', "<p>Well 👍 done</p>"),
        ('<p>Press <img src="/i.png" alt="Start" width="16"> now</p>', "<p>Press Start now</p>"),
        ('<p><a href="tel:+49301">Call</a></p>', '<a href="tel:+49301">Call</a>'),
        ('<h2 id="x">One part</h2><p id="y">It</p><p><a href="#x">a</a><a href="#y">b</a><a href="#one-part">c</a></p>', '<a href="#one-part">a</a><a href="#one-part">b</a><a href="#one-part">c</a>'),
        ('<p><a href="https://old.example/up/r.pdf">r</a> <a href="/up/r.pdf">r</a></p>', '<a href="https://old.example/up/r.pdf">r</a> <a href="https://old.example/up/r.pdf">r</a>'),
        ('<p><a href="../other/">o</a> <a href="https://www.old.example/other/">o</a></p>', '<a href="/2024/other/">o</a> <a href="/other/">o</a>'),
    ],
)  # fmt: skip
def test_each_spelling_of_a_link_or_a_sentence_is_kept(html, expected):
    assert expected in html_of(html)


@pytest.mark.parametrize(
    ("html", "lost"),
    [
        ('<p><a href="ftp://x.example/a">files</a></p>', "a link to ftp://x.example/a, which is of a kind that cannot be published (its words are kept)"),
        ('<p><a href="#nowhere">there</a></p>', "links within a page that lead to no heading (their words are kept)"),
        ('<p><a href="/a.zip">all</a></p>', "links to files of the old site (PDF, audio, …), which are not imported: they still lead there"),
        ('<script src="https://charts.example/c.js"></script><p>x</p>', "what a script of charts.example showed"),
        ('<p>a <img src="/i.png" alt="b" width="16"> c</p>', "icons within sentences became their words"),
    ],
)  # fmt: skip
def test_what_is_lost_is_named(html, lost):
    assert converted(html)[1].lost == {lost: 1}


def test_a_file_on_a_site_that_is_not_known_leads_nowhere_and_that_is_said():
    _, notes = converted('<p><a href="/a.zip">all</a></p>', site="")
    assert list(notes.lost) == [
        "links to files of the old site, whose address is not known (give it with --site): they lead nowhere"
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<div class="wp-block-file"><a href="https://x.example/r.pdf">Report</a><a class="wp-block-file__button" href="https://x.example/r.pdf">Download</a></div>',
        '<figure><a href="https://x.example/big.jpg"><img src="https://x.example/big-300x200.jpg" alt="a"></a></figure>',
        '<p>One<a href="https://x.example/">two</a></p>',
    ],
)
def test_nothing_is_called_lost_that_came(html):
    assert not converted(html)[1].lost


def test_links_below_another_site_of_the_same_host_stay():
    found, _ = converted('<p><a href="https://uni.example/~bob/">Bob</a></p>', site="https://uni.example/~ann/")
    assert 'href="https://uni.example/~bob/"' in found[0]["html"]
