"""The tags of Hugo, Jekyll, Hexo and MDX show what they hold; dates and folders are read as the generators do."""

from datetime import UTC, datetime

import pytest

from articles.importing.html.to_blocks import convert
from articles.importing.markdown.reader import read_markdown
from articles.importing.posts import ConversionNotes


@pytest.fixture
def read(tmp_path):
    """Read one Markdown file, and return its post."""

    def one(text, name="_posts/2024-05-01-one.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        [post] = read_markdown(tmp_path).posts
        return post

    return one


def blocks(post):
    return convert(post.html, ConversionNotes()).blocks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{< def name="Ledger" >}}', "<p>Ledger</p>"),
        ('{{< details summary="More" >}}Words{{< /details >}}', "<h3>More</h3>\n<p>Words</p>"),
        ("{{</* youtube a */>}}", "<p><code>{{&lt; youtube a &gt;}}</code></p>"),
        ("{% raw %}{{ user.name }}{% endraw %}", "<p>{{ user.name }}</p>"),
        ("a{% comment %} not this {% endcomment %}b", "<p>ab</p>"),
        ("{% blockquote Ada Lund, Notes https://x.example/ The notes %}\nSo it was.\n{% endblockquote %}", '<blockquote><p>So it was.</p><p><cite>Ada Lund, Notes <a href="https://x.example/">The notes</a></cite></p></blockquote>'),
        ("Go to [it](#part).\n\n## Part one {#part}", '<p>Go to <a href="#part-one">it</a>.</p>\n<h2>Part one</h2>'),
        ("A line with a name {#x}\n\n{.wide}", "<p>A line with a name</p>"),
        ("if (a == b && c == d)", "<p>if (a == b &amp;&amp; c == d)</p>"),
        (":::tip[A title]\nWords\n:::", "<p><strong>A title</strong></p>\n<p>Words</p>"),
        ("`` {{ b }} `` stays", "<p><code>{{ b }}</code> stays</p>"),
    ],
)  # fmt: skip
def test_tags_show_what_they_hold(read, text, expected):
    assert "\n".join(block["html"] for block in blocks(read(f"---\ntitle: One\n---\n{text}\n"))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<Tabs>\n<Tab label="First">\nWords\n</Tab>\n</Tabs>', "<p><strong>First</strong></p>\n<p>Words</p>"),
        ('<Quote author="Ada">So it was.</Quote>', "<blockquote><p>So it was.</p><p><cite>Ada</cite></p></blockquote>"),
        ('A <Term hint={"x > y"}>word</Term> in it', "<p>A word in it</p>"),
        ('{/* a remark */}\n\n{"Words"} stay', "<p>Words stay</p>"),
    ],
)
def test_components_show_what_they_hold(read, text, expected):
    post = read(f"---\ntitle: One\ndate: 2024-05-01\n---\n{text}\n", "content/one.mdx")
    assert "\n".join(block["html"] for block in blocks(post)) == expected


def test_a_figure_says_its_title_its_caption_and_its_credit(read):
    [image] = blocks(
        read('---\ntitle: One\n---\n{{< figure src="/a.png" title="Sea" caption="At **dawn**" attr="Ada" >}}\n')
    )
    assert image["caption"] == "Sea. At dawn (Ada)"


@pytest.mark.parametrize(
    ("fence", "found"),
    [
        ('```js {1,3} title="app.js"\n{{ a }}\n```', [("richtext", "<p><strong>app.js</strong></p>"), ("code", "{{ a }}")]),
        ("```js{1,3}\na\n```", [("code", "a")]),
        ("1. One\n\n   ```\n   {{ a }}\n   ```", None),
        ("Words\n\n    a == b == c\n", [("richtext", "<p>Words</p>"), ("code", "a == b == c")]),
        ("{% codeblock Title lang:ruby %}\na\n{% endcodeblock %}", [("richtext", "<p><strong>Title</strong></p>"), ("code", "a")]),
    ],
)  # fmt: skip
def test_code_is_never_read_as_tags(read, fence, found):
    made = blocks(read(f"---\ntitle: One\n---\n{fence}\n"))
    if found is None:
        assert "{{ a }}" in made[0]["html"]
    else:
        assert [(block["type"], block.get("html") or block["code"]) for block in made] == found


@pytest.mark.parametrize(
    ("head", "status", "at", "ends"),
    [
        ("date: 2024-01-01\npublishDate: 2099-05-05\nexpiryDate: 2100-01-01", "published", 2099, 2100),
        ("date: 2024-01-01\npublish_date: 2023-05-05", "published", 2024, None),
        ("date: 2024-01-01\nexpiryDate: 2024-02-01", "archived", 2024, 2024),
        ("date: 2024-01-01\nunlisted: true", "draft", 2024, None),
    ],
)
def test_a_later_day_of_publication_holds_and_an_end_is_kept(read, head, status, at, ends):
    post = read(f"---\ntitle: One\n{head}\n---\nx")
    assert (post.status, post.published_at.year, post.ends_at and post.ends_at.year) == (status, at, ends)


def test_the_folder_of_posts_alone_gives_the_same_posts_and_addresses(tmp_path):
    for name, text in (
        ("_config.yml", "url: https://old.example\npermalink: /:year/:title/"),
        ("_posts/2024-05-01-one.md", "---\ntitle: One\n---\nx"),
        ("_posts/2024-05-02-two.html", "---\ntitle: Two\n---\n<p>x</p>"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    whole, part = (list(read_markdown(path).posts) for path in (tmp_path, tmp_path / "_posts"))
    assert [(post.source_id, post.old_urls) for post in part] == [(post.source_id, post.old_urls) for post in whole]
    assert [post.old_urls for post in part] == [["/2024/one/"], ["/2024/two/"]]
    assert part[0].published_at == datetime(2024, 5, 1, tzinfo=UTC)


def test_how_many_old_addresses_are_guesses_is_said(read, tmp_path):
    read("---\ntitle: One\n---\nx")
    assert "the old addresses of 1 posts follow the defaults" in read_markdown(tmp_path).remarks[0]
