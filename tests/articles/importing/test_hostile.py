"""What was made to do harm, or by accident, is read in reasonable time or refused; nothing crashes."""

import json
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.importing.detecting import open_export
from articles.importing.ghost.lexical_mobiledoc import lexical_html, mobiledoc_html
from articles.importing.html.images import Picture
from articles.importing.html.to_blocks import convert
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.markdown.dialects import plain_markdown
from articles.importing.markdown.frontmatter import split
from articles.importing.markdown.render import markdown_html
from articles.importing.posts import ConversionNotes, Export, ImportRefused, Post, PostRefused, Refusal, attempt
from articles.importing.wordpress.body import wordpress_html
from tests.articles.importing.samples import csv_of, ghost_export, webflow_row, wxr, wxr_item, zipped


def wordpress(text):
    return wordpress_html(text, ConversionNotes(), pictures={}, reusable={})


def dialect(text):
    return plain_markdown(text, ConversionNotes(), linked=lambda name: "")


@pytest.mark.parametrize(
    ("read", "fragment"),
    [
        (wordpress, "[x a=b "),
        (wordpress, "[caption]"),
        (wordpress, "<pre>"),
        (wordpress, "<!-- wp:x {"),
        (wordpress, "[[a"),
        (wordpress, "<!-- wp:html -->"),
        (dialect, "{{< x "),
        (dialect, "{% highlight x %}"),
        (dialect, ":::note\n"),
        (dialect, "> [!note]\n> x\n"),
        (dialect, "```\n"),
        (dialect, "`"),
        (dialect, "[[a|"),
        (dialect, "%%"),
        (dialect, "## a {#"),
        (dialect, "## a   "),
        (dialect, "!!! note\n    x\n"),
        (markdown_html, "!["),
        (markdown_html, "[a]["),
        (markdown_html, "[x]("),
        (lambda text: convert(text, ConversionNotes()), "<a href="),
        (lambda text: convert(text, ConversionNotes()), "<p>x</p>"),
        (lambda text: convert(text, ConversionNotes()), "<b>x<p>"),
        (lambda text: convert(text, ConversionNotes()), "<table><tr><td>"),
        (lambda text: convert(text, ConversionNotes()), "<ul><li>"),
        (lambda text: convert(text, ConversionNotes()), '<img src="https://x.example/a.png">'),
        (lambda text: convert(text, ConversionNotes()), "<h2>Why?</h2>"),
        (lambda text: split("---\n" + text), "a: b: c\n"),
    ],
)
def test_time_grows_with_the_text_alone(read, fragment):
    started = time.process_time()
    try:
        read(fragment * (60_000 // len(fragment)))
    except PostRefused:
        pass
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "text",
    ["".join(f"{'  ' * at}- item {at}\n" for at in range(30)), ">" * 5000 + " item 29", "[a][" * 5000 + "item 29"],
)
def test_markdown_nested_deeply_keeps_its_words(text):
    assert "item 29" in markdown_html(text).replace("&gt;", "")


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ('<!-- wp:block {"ref":2} /-->' * 5000, {"reusable": {"2": "x" * 5000}}),
        ('[gallery ids="1"]' * 200_000, {"pictures": {"1": Picture("https://i.example/" + "a" * 100)}}),
    ],
)
def test_a_text_that_grows_without_end_is_refused(text, others):
    with pytest.raises(PostRefused, match="larger than 20 MB"):
        wordpress_html(text, ConversionNotes(), **{"pictures": {}, "reusable": {}} | others)


def test_a_text_of_twelve_megabytes_keeps_its_words():
    notes = ConversionNotes()
    found = convert("word " * 2_400_000, notes).blocks
    assert len(found[0]["html"]) > 11_000_000
    assert not notes.lost


_ANY = st.text('ab",;\n\r<p>[]{}:-*_`=%|/!#1\t\x00é', max_size=120)
_JSON = st.recursive(st.none() | st.booleans() | st.integers(-5, 300) | st.text("ab<>", max_size=6), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "children", "text", "root", "sections", "markups", "cards", "atoms", "format", "url", "listType", "tag", "images", "html"]), inner, max_size=5), max_leaves=20)  # fmt: skip


def _bugs(posts):
    """The posts that failed through an error of ours."""
    return [post for post in posts if isinstance(post, Refusal) and post.bug]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ANY, st.integers(0, 400), st.sampled_from(["a.csv", "a.xml", "a.json", "a.md", "a.zip"]))
def test_a_file_with_anything_in_its_middle_is_read_or_refused(tmp_path, noise, at, name):
    whole = {
        "a.csv": lambda: csv_of([webflow_row("One"), webflow_row("Two")]),
        "a.xml": lambda: wxr(wxr_item(1), wxr_item(2)),
        "a.json": lambda: ghost_export({"html": "<p>x</p>"}),
        "a.md": lambda: "---\ntitle: One\ndate: 2024-05-01\n---\nWords\n",
        "a.zip": lambda: "PK\x03\x04 words",
    }[name]()
    path = tmp_path / name
    path.write_text(whole[:at] + noise + whole[at:], encoding="utf-8", errors="replace")
    try:
        posts = list(open_export(path).posts)
    except ImportRefused:
        return
    assert not _bugs(posts)


@settings(max_examples=150, deadline=None)
@given(_JSON)
def test_any_lexical_or_mobiledoc_is_read_or_refused(document):
    for read in (lexical_html, mobiledoc_html):
        try:
            read(json.dumps(document), ConversionNotes())
        except ImportRefused:
            continue


@settings(max_examples=200, deadline=None)
@given(_ANY)
def test_any_text_with_shortcodes_or_dialect_is_read(text):
    for read in (wordpress, dialect):
        convert(read(text), ConversionNotes())


_GHOST_FIELDS = ["id", "uuid", "title", "slug", "html", "lexical", "mobiledoc", "status", "published_at", "updated_at", "type", "visibility", "feature_image", "tags", "authors", "name", "post_id", "tag_id", "sort_order", "key", "value", "bio", "website"]  # fmt: skip
_HEAD_FIELDS = ["title", "slug", "date", "published", "lastmod", "draft", "categories", "tags", "author", "authors", "description", "seo", "cover", "images", "aliases", "permalink", "layout", "expirydate"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_GHOST_FIELDS), _JSON), st.dictionaries(st.sampled_from(_GHOST_FIELDS), _JSON))
def test_any_value_in_any_field_of_a_ghost_export_is_read_or_refused(tmp_path, row, other):
    path = tmp_path / "e.json"
    names = ("tags", "users", "settings", "posts_tags", "posts_authors", "posts_meta")
    tables = {name: [other, row] for name in names}
    path.write_text(json.dumps({"posts": [row, other]} | tables))
    try:
        posts = open_export(path, "ghost").posts
    except ImportRefused:
        return
    assert not _bugs(posts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_HEAD_FIELDS), _JSON | st.just("2024-05-01")))
def test_any_value_in_any_field_of_front_matter_is_read_or_refused(tmp_path, head):
    path = tmp_path / "a.md"
    path.write_text(json.dumps(head) + "\nWords")
    assert not _bugs(open_export(path).posts)


@pytest.mark.django_db
def test_a_ghost_export_with_anything_in_its_tables_is_read(write, bring_in):
    odd = [{"id": {"a": 1}, "post_id": [1], "tag_id": {"x": 1}, "key": [], "value": {}}, None, 5, "x"]
    posts = [
        {"id": {"a": 1}, "title": ["x"], "slug": {"y": 1}, "html": {"z": 1}, "published_at": [1]},
        None,
        5,
        {"title": "ok", "html": "<p>x</p>"},
    ]
    path = write(json.dumps({"posts": posts} | dict.fromkeys(("tags", "users", "settings", "posts_tags", "posts_meta"), odd)), "e.json")  # fmt: skip
    assert [entry.outcome for entry in bring_in(path, dry_run=True).entries] == ["new", "new"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("articles/a.md", "---\ntitle: T\nslug: t\n---\n\n:::image\nalt: no address\n:::\n"),
        ("articles/a.md", "---\ntitle: T\nslug: t\n---\n\n:::gallery\nimages: [{src: 5}]\n:::\n"),
        ("articles/a.md", "---\ntitle: T\nslug: t\n---\n\n:::richtext\nx: y\n:::\n"),
        ("articles/a.md", "---\ntitle: T\nslug: t\ncover: {src: a.png, focal: [a, b]}\n---\n"),
        ("categories.yaml", "- slug: a\n  position: first\n"),
        ("authors.yaml", "- slug: a\n  bio: [1]\n"),
        ("images.yaml", "- file: a\n  focal: [a, b]\n"),
    ],
)
@pytest.mark.django_db
def test_an_export_of_ours_with_values_of_the_wrong_kind_is_refused(write, bring_in, name, content):
    whole = {"moonpress.yaml": "moonpress: 1\n", "articles/b.md": "---\ntitle: B\nslug: b\n---\n"}
    try:
        outcomes = [entry.outcome for entry in bring_in(write(zipped(whole | {name: content}), "m.zip")).entries]
    except ImportRefused:
        outcomes = ["refused", "new"]
    assert outcomes == ["refused", "new"]


@pytest.mark.django_db
def test_a_redirect_to_no_address_is_reported(write, bring_in):
    files = {"moonpress.yaml": "moonpress: 1\n", "articles/b.md": "---\ntitle: B\nslug: b\n---\n", "redirects.yaml": "- {from: /a, to: nowhere}\n"}  # fmt: skip
    report = bring_in(write(zipped(files), "m.zip"))
    assert any(sentence.startswith("the old address /a/ cannot be redirected") for sentence in report.lost)


def test_a_text_nested_without_end_is_refused():
    node = {"type": "paragraph"}
    for _ in range(450):
        node = {"type": "list", "children": [node]}
    with pytest.raises(ImportRefused, match="nested too deeply"):
        lexical_html(json.dumps({"root": node}), ConversionNotes())


def test_an_error_of_ours_is_logged_with_its_traceback_and_told_as_ours(caplog):
    refusal = attempt(lambda: Post("1", "One", slug="x"[5]), "line 3", "One")
    assert isinstance(refusal, Refusal)
    assert refusal.bug
    assert re.fullmatch(
        r"An error in Moonpress, not in the export: IndexError in tests/\S+test_hostile.py, line \d+. Please report .*",
        refusal.reason,
    )
    assert "Traceback" in caplog.text


@pytest.mark.django_db
def test_a_post_that_fails_through_an_error_of_ours_stops_no_other(caplog):
    wrong = {"category": 5}
    posts = [Post("1", "One", html="<p>x</p>", **wrong), Post("2", "Two", html="<p>x</p>")]
    report = load(Export("ghost", iter(posts)), source="e.json", fetcher=Fetcher(max_bytes=1, enabled=False))
    assert [(entry.title, entry.outcome) for entry in report.entries] == [("One", "failed"), ("Two", "new")]
    assert "Failed through an error in Moonpress:" in list(report.lines())
    assert report.failed
    assert "Traceback" in caplog.text
