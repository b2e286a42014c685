"""Folders and zips of Markdown come in, whatever habits their writers had."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from articles.documents import document_of
from articles.importing.detecting import open_export
from articles.importing.posts import ImportRefused
from articles.models import Article, Author, Publication, Redirect
from tests.articles.importing.samples import png, zipped

pytestmark = pytest.mark.django_db

HEAD = "---\ntitle: One\ndate: 2024-05-01\n---\n"


@pytest.fixture
def folder(tmp_path, bring_in):
    """Import a folder with some files."""

    def imported(files, **options):
        root = tmp_path / "posts"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return bring_in(root, **options)

    return imported


@pytest.fixture
def blocks(folder):
    """The blocks of a post with some text."""

    def made(body, **others):
        report = folder({"one.md": HEAD + body, **others})
        assert not report.failed, report.entries
        return document_of(Article.objects.get(slug="one"))["blocks"]

    return made


def test_a_post_comes_with_what_its_front_matter_says(folder):
    head = """---
title: "Bridges: explained"
date: 2024-05-01T10:00:00+02:00
lastmod: 2024-06-01
description: How a bridge holds.
categories: [Field notes, Deep]
tags:
  - ETH
  - "#l2"
author: Ada Lund
image:
  src: img/a.png
  alt: A bridge
aliases: [/old/bridges/]
weight: 3
---
"""
    report = folder(
        {
            "content/notes/bridges.md": head + "# Bridges: explained\n\nText with *stress*.",
            "content/notes/img/a.png": png(),
        }
    )
    document = document_of(Article.objects.get(slug="bridges"))
    assert (document["title"], document["standfirst"], document["category"]) == (
        "Bridges: explained",
        "How a bridge holds.",
        "field-notes",
    )
    assert (document["tags"], document["authors"]) == (["deep", "eth", "l2"], ["ada-lund"])
    assert document["cover"]["src"].startswith("images/")
    assert document["blocks"] == [{"type": "richtext", "html": "<p>Text with <em>stress</em>.</p>"}]
    shown = Publication.objects.get()
    assert (shown.published_at, shown.updated_at) == (
        datetime(2024, 5, 1, 8, tzinfo=UTC),
        datetime(2024, 6, 1, tzinfo=UTC),
    )
    assert set(Redirect.objects.values_list("path", flat=True)) == {"/old/bridges/", "/notes/bridges/"}
    assert report.notes.lost == {"front matter “weight”": 1}


@pytest.mark.parametrize(
    "head",
    [
        '+++\ntitle = "One"\ndate = 2024-05-01T00:00:00Z\n[params]\nx = 1\n+++\n',
        '{"title": "One", "date": "2024-05-01"}\n',
        "---\r\ntitle: One\r\ndate: 2024-05-01\r\n---\r\n",
        "\ufeff---\nTitle: One\nDate: May 1, 2024\n...\n",
        "---\ntitle: One\ndate: 2024-05-01 00:00:00 +0000\nsummary: Ether: a primer\n---\n",
    ],
)
def test_front_matter_of_every_kind_is_read(folder, head):
    folder({"one.md": head + "Words."})
    shown = Publication.objects.get()
    assert (shown.title, shown.published_at.date().isoformat()) == ("One", "2024-05-01")


def test_the_habits_of_jekyll_are_read(folder):
    folder({
        "_posts/2024-05-01-one.md": '---\nlayout: post\ncategories: notes deep\nauthor: ada\n---\n# The first\n\n{% highlight ruby %}\nputs 1\n{% endhighlight %}\n\n![A]({{ "/assets/a.png" | relative_url }}){: .wide}\n\n[two]({% post_url 2024-05-02-two %})\n',
        "_posts/2024-05-02-two.md": "---\ntitle: Two\n---\nx",
        "_drafts/three.md": "---\ntitle: Three\ndate: 2024-01-01\n---\nx",
        "_data/authors.yml": "ada:\n  name: Ada Lund\n  bio: Edits.\n",
        "assets/a.png": png(),
        "README.md": "# About",
        "_layouts/x.md": "x",
    })  # fmt: skip
    one = document_of(Article.objects.get(slug="one"))
    assert (one["title"], one["category"], one["tags"], one["authors"]) == ("The first", "notes", ["deep"], ["ada"])
    assert [block["type"] for block in one["blocks"]] == ["code", "image", "richtext"]
    assert one["blocks"][2]["html"] == '<p><a href="/blog/two/">two</a></p>'
    assert Author.objects.get(slug="ada").name == "Ada Lund"
    assert Article.objects.get(slug="three").state == "draft"
    assert Redirect.objects.get(path="/notes/deep/2024/05/01/one.html").target == "/blog/one/"
    assert Article.objects.count() == 3


def test_the_habits_of_hugo_are_read(folder):
    body = '{{< figure src="a.png" alt="A" caption="Seen" >}}\n\n{{< youtube abcdefghijk >}}\n\n{{< highlight go "linenos=table" >}}\nx := 1\n{{< /highlight >}}\n\n[o]({{< ref "other.md" >}}) {{% mystery %}}inside{{% /mystery %}}\n<!--more-->\nrest'
    report = folder(
        {
            "content/posts/one/index.md": HEAD + body,
            "content/posts/one/a.png": png(),
            "content/posts/other.md": HEAD + "x",
            "content/posts/_index.md": "---\ntitle: All\n---\n",
        }
    )
    found = document_of(Article.objects.get(slug="one"))["blocks"]
    assert [block["type"] for block in found] == ["image", "embed", "code", "richtext"]
    assert found[0]["caption"] == "Seen"
    assert found[0]["src"].startswith("images/")
    assert found[2] == {"type": "code", "language": "go", "code": "x := 1"}
    assert found[3]["html"] == '<p><a href="/blog/other/">o</a> inside<br>rest</p>' or "inside" in found[3]["html"]
    assert any("mystery" in sentence for sentence in report.notes.lost)
    assert Redirect.objects.get(path="/posts/one/").target == "/blog/one/"


def test_the_habits_of_obsidian_are_read(folder):
    body = "![[dot.png|300]]\n\nSee [[Other note|the other]] and [[Nowhere]].\n\n> [!warning] Mind\n> This **is** so.\n\n==marked== %%hidden%% #tag\n"
    folder(
        {
            "ConversionNotes/one.md": HEAD + body,
            "Attachments/dot.png": png(),
            "ConversionNotes/Other note.md": HEAD.replace("One", "Other note") + "x",
            ".obsidian/app.json": "{}",
        }
    )
    found = document_of(Article.objects.get(slug="one"))["blocks"]
    assert found[0]["src"].startswith("images/")
    assert found[1]["html"] == '<p>See <a href="/blog/other-note/">the other</a> and Nowhere.</p>'
    assert found[2] == {
        "type": "callout",
        "tone": "warning",
        "html": "<p><strong>Mind</strong></p>\n<p>This <strong>is</strong> so.</p>",
    }
    assert found[3]["html"] == "<p><mark>marked</mark> #tag</p>"


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["table"]),
        ("```js\nlet a = '{{ x }}'\n```", ["code"]),
        ("## FAQ\n\n### Why?\n\nSo.\n\n### How?\n\nThus.", ["richtext", "faq", "faq"]),
        ("https://youtu.be/abcdefghijk", ["embed"]),
        ('!!! tip "Do"\n    This.\n\nmore', ["callout", "richtext"]),
        (":::warning\nMind.\n:::", ["callout"]),
        ("Text[^1].\n\n[^1]: A note.", ["richtext"]),
    ],
)
def test_markdown_becomes_blocks(blocks, body, kinds):
    found = blocks(body)
    assert [block["type"] for block in found] == kinds
    if "[^1]" in body:
        assert "A note." in found[0]["html"]
    if "{{ x }}" in body:
        assert found[0]["code"] == "let a = '{{ x }}'"


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ("date: 2024-05-01\ndraft: true", "draft"),
        ("date: 2024-05-01\npublished: false", "draft"),
        ("published: 2024-05-01", "published"),
        ("date: 2024-05-01\nstatus: private", "draft"),
        ("date: 2099-05-01", "scheduled"),
        ("date: 2024-05-01\nexpiryDate: 2024-06-01", "archived"),
        ("date: 2024-05-01\nlayout: page", "draft"),
        ("layout: post", "draft"),
    ],
)
def test_the_state_of_a_post_is_what_its_front_matter_says(folder, head, state):
    folder({"one.md": f"---\ntitle: One\n{head}\n---\nWords."})
    assert Article.objects.get().state == state


def test_a_second_run_changes_nothing(folder):
    files = {
        "one.md": HEAD + "x ![a](a.png)",
        "two.md": "no front matter at all",
        "a.png": png(),
    }
    folder(files)
    assert folder(files).counts["unchanged"] == 2


def test_a_single_file_is_an_export_of_one(write, bring_in):
    bring_in(write(HEAD + "Words.", "one.md"))
    assert Article.objects.get().slug == "one"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("---\ntitle: [oops\n---\nx", "not valid YAML at line"),
        ("---\ntitle: One\nno end", "never closed"),
        ('+++\ntitle = "One\n+++\nx', "not valid TOML"),
        ("---\n- a list\n---\nx", "does not consist of names and values"),
        ("---\na: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n---\nx", "anchors"),
        (b"---\ntitle: Gr\xfc\xdfe\n---\nx", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_the_others_come(folder, content, reason):
    report = folder({"bad.md": content, "good.md": HEAD + "x"})
    assert {entry.where or entry.slug: entry.outcome for entry in report.entries} == {
        "bad.md": "refused",
        "good.md": "new",
    }
    assert reason in report.entries[0].reason


def _zip_with(name, content=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.md", HEAD + "x")
        archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


@pytest.mark.parametrize("name", ["../evil.md", "/etc/evil.md", "a/../../evil.md", "C:/evil.md", "..\\evil.md"])
def test_a_zip_that_points_outside_of_itself_is_refused(write, bring_in, name):
    with pytest.raises(ImportRefused, match="points outside of it"):
        bring_in(write(_zip_with(name), "posts.zip"), "markdown")
    assert not Article.objects.exists()


def test_a_zip_that_would_fill_the_memory_is_refused(write, bring_in):
    bomb = zipped({"one.md": HEAD + "x", "bomb.md": b"\0" * (60 << 20)})
    with pytest.raises(ImportRefused, match="would unpack to 60 MB"):
        bring_in(write(bomb, "posts.zip"))


@pytest.mark.parametrize("content", [b"PK\x03\x04 not really a zip", b""])
def test_a_damaged_zip_is_refused(write, bring_in, content):
    with pytest.raises(ImportRefused):
        bring_in(write(content, "posts.zip"), "markdown")


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "link.png").symlink_to(tmp_path / "secret.png")
    report = folder({"one.md": HEAD + "Words ![a](../secret.png) ![b](link.png)"})
    assert report.images_stored == 0
    assert [block["type"] for block in document_of(Article.objects.get())["blocks"]] == ["richtext"]


def test_an_empty_folder_is_refused(tmp_path, bring_in):
    with pytest.raises(ImportRefused, match="no Markdown file"):
        bring_in(tmp_path)


BYLINES = {
    "Ann Alder, Executive Director": [("Ann Alder", "Executive Director")],
    "Ann Alder, Engineer, The Paper & Bo Berg": [("Ann Alder", "Engineer, The Paper"), ("Bo Berg", "")],
    "Ann Alder, Bo Berg, and Cy Dahl": [("Ann Alder", ""), ("Bo Berg", ""), ("Cy Dahl", "")],
    "Ann Alder, Vitalik, Bo Berg": [("Ann Alder", ""), ("Vitalik", ""), ("Bo Berg", "")],
    "Ann Alder, 0xbo and Cy": [("Ann Alder", ""), ("0xbo", ""), ("Cy", "")],
    "Ann Alder, Editor, Bo Berg, Head of News": [("Ann Alder", "Editor"), ("Bo Berg", "Head of News")],
    "Ann Alder and Madonna": [("Ann Alder", ""), ("Madonna", "")],
    "ann, bo": [("Ann", ""), ("Bo", "")],
}


@pytest.mark.parametrize(("line", "people"), BYLINES.items())
def test_what_a_byline_says_of_somebody_is_no_author(write, line, people):
    [post] = open_export(write(f"---\ntitle: A\nauthor: {line}\n---\nWords.\n", "a.md")).posts
    assert [(author.name, author.role) for author in post.authors] == people
    assert [said.split("”")[0][1:] for said in post.notes.changed if "byline" in said] == [
        role for _, role in people if role
    ]


def test_whom_the_site_describes_is_an_author_behind_any_role(write):
    head = "---\ntitle: A\nauthor: Ann Alder, Editor, Bo Berg\n---\nWords.\n"
    files = {"site/_posts/2024-01-02-a.md": head, "site/_data/authors.yml": "bo:\n  name: Bo Berg\n"}
    [post] = open_export(write(zipped(files), "a.zip")).posts
    assert [(author.name, author.role) for author in post.authors] == [("Ann Alder", "Editor"), ("Bo Berg", "")]
