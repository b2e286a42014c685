"""A Ghost export comes in, whichever way its texts are stored."""

import json
from datetime import UTC, datetime

import pytest

from articles.documents import document_of
from articles.importing.ghost.reader import read_ghost
from articles.importing.posts import ImportRefused
from articles.models import Article, Author, Publication, Redirect
from tests.articles.importing.samples import ghost_export, png, zipped

pytestmark = pytest.mark.django_db


def lexical(*nodes):
    return json.dumps({"root": {"type": "root", "children": nodes}})


def text(words, form=0):
    return {"type": "extended-text", "text": words, "format": form}


def mobiledoc(sections, cards=[], markups=[], atoms=[]):  # noqa: B006 - read only
    return json.dumps({"version": "0.3.1", "sections": sections, "cards": cards, "markups": markups, "atoms": atoms})


@pytest.fixture
def blocks(write, bring_in):
    """The blocks of the one post that a Ghost row makes."""

    def made(**row):
        report = bring_in(write(ghost_export(row), "export.json"))
        assert not report.failed, report.entries
        return document_of(Article.objects.get())["blocks"]

    return made


def test_a_post_comes_with_its_tags_authors_dates_and_meta(write, bring_in):
    tags = [
        {"id": "t1", "name": "Field notes", "slug": "field-notes"},
        {"id": "t2", "name": "ETH", "slug": "eth"},
        {"id": "t3", "name": "#internal", "slug": "hash-internal"},
    ]
    users = [
        {
            "id": "u1",
            "name": "Ada Lund",
            "slug": "ada",
            "email": "ada@x.example",
            "bio": "Writes & edits.",
            "website": "https://ada.example",
            "twitter": "@ada",
        },
        {"id": "u2", "name": "Bo", "slug": "bo"},
    ]
    meta = [
        {
            "post_id": "p1",
            "meta_title": "For search",
            "meta_description": "Described",
            "feature_image_alt": "A bridge",
            "feature_image_caption": "<span>By <a href='/'>Bo</a></span>",
        }
    ]
    row = {
        "html": "<p>Hi</p>",
        "tags": ["t1", "t3", "t2"],
        "authors": ["u2", "u1"],
        "custom_excerpt": "Short.",
        "feature_image": "https://img.example/a.png",
    }
    report = bring_in(write(ghost_export(row, tags=tags, users=users, posts_meta=meta), "export.json"))
    document = document_of(Article.objects.get())
    assert (document["category"], document["tags"], document["authors"]) == (
        "field-notes",
        ["eth", "field-notes"],
        ["bo", "ada"],
    )
    assert document["seo"] == {"title": "For search", "description": "Described"}
    assert document["cover"] == {"src": "https://img.example/a.png", "alt": "A bridge", "caption": "By Bo"}
    shown = Publication.objects.get()
    assert (shown.published_at, shown.updated_at) == (
        datetime(2024, 5, 1, 8, tzinfo=UTC),
        datetime(2024, 5, 2, 8, tzinfo=UTC),
    )
    ada = Author.objects.get(slug="ada")
    assert (ada.bio, [link["url"] for link in ada.links]) == (
        "Writes & edits.",
        ["https://ada.example", "https://x.com/ada"],
    )
    assert dict(Redirect.objects.values_list("path", "target")) == {
        "/post-1/": "/blog/post-1/",
        "/rss/": "/feed.xml",
        "/tag/field-notes/": "/blog/tag/field-notes/",
        "/tag/eth/": "/blog/tag/eth/",
        "/author/ada/": "/blog/author/ada/",
        "/author/bo/": "/blog/author/bo/",
    }
    assert report.notes.lost["internal tags (#…)"] == 1


def test_lexical_texts_keep_their_marks_lists_and_links(blocks):
    found = blocks(lexical=lexical(
        {"type": "extended-heading", "tag": "h2", "children": [text("Part")]},
        {"type": "paragraph", "children": [text("bold", 1), text(" and "), text("both", 3), {"type": "linebreak"}, {"type": "link", "url": "https://x.example/?a=1&b=2", "children": [text("link")]}]},
        {"type": "list", "listType": "number", "start": 3, "children": [{"type": "listitem", "children": [text("one")]}, {"type": "listitem", "children": [{"type": "list", "listType": "bullet", "children": [{"type": "listitem", "children": [text("in")]}]}]}]},
        {"type": "extended-quote", "children": [text("Said.")]},
        {"type": "aside", "children": [text("Pulled.")]},
        {"type": "horizontalrule"},
    ))  # fmt: skip
    assert found[0]["html"].split("\n") == [
        "<h2>Part</h2>",
        '<p><strong>bold</strong> and <em><strong>both</strong></em><br><a href="https://x.example/?a=1&amp;b=2">link</a></p>',
        '<ol start="3"><li>one</li><li><ul><li>in</li></ul></li></ol>',
        "<blockquote><p>Said.</p></blockquote>",
    ]
    assert found[1] == {"type": "pullquote", "text": "Pulled."}
    assert found[2] == {"type": "richtext", "html": "<hr>"}


LEXICAL_CARDS = [
    ({"type": "image", "src": "https://i.example/a.png", "alt": "Alt", "caption": "A <b>caption</b>"}, [{"type": "image", "src": "https://i.example/a.png", "alt": "Alt", "caption": "A caption"}]),
    ({"type": "gallery", "images": [{"src": "https://i.example/a.png"}, {"src": "https://i.example/b.png", "alt": "B"}], "caption": "Two"}, [{"type": "gallery", "images": [{"src": "https://i.example/a.png"}, {"src": "https://i.example/b.png", "alt": "B"}], "caption": "Two"}]),
    ({"type": "codeblock", "code": "if a < b:\n    pass", "language": "python"}, [{"type": "code", "language": "python", "code": "if a < b:\n    pass"}]),
    ({"type": "embed", "url": "https://youtu.be/abcdefghijk", "html": "<iframe src='https://evil.example'></iframe>"}, [{"type": "embed", "url": "https://www.youtube.com/watch?v=abcdefghijk"}]),
    ({"type": "callout", "calloutText": "<p>Mind <b>this</b></p>", "calloutEmoji": "💡", "backgroundColor": "green"}, [{"type": "callout", "tone": "tip", "html": "<p>Mind <b>this</b></p>"}]),
    ({"type": "toggle", "heading": "<span>Why?</span>", "content": "<p>So.</p>"}, [{"type": "faq", "question": "Why?", "answer": "<p>So.</p>"}]),
    ({"type": "bookmark", "url": "https://x.example/", "metadata": {"title": "A page", "description": "About."}}, [{"type": "richtext", "html": '<p><a href="https://x.example/">A page</a> – About.</p>'}]),
    ({"type": "button", "buttonText": "Go", "buttonUrl": "https://x.example/"}, [{"type": "richtext", "html": '<p><a href="https://x.example/">Go</a></p>'}]),
    ({"type": "html", "html": "<h3>Raw</h3><script>x()</script>"}, [{"type": "richtext", "html": "<h3>Raw</h3>"}]),
    ({"type": "markdown", "markdown": "**strong**"}, [{"type": "richtext", "html": "<p><strong>strong</strong></p>"}]),
    ({"type": "signup", "header": "Join"}, [{"type": "signup"}]),
    ({"type": "file", "src": "https://x.example/a.pdf", "fileTitle": "Paper"}, [{"type": "richtext", "html": '<p><a href="https://x.example/a.pdf">Paper</a></p>'}]),
    ({"type": "product", "productTitle": "Thing", "productDescription": "<p>Good.</p>"}, [{"type": "richtext", "html": "<h4>Thing</h4>\n<p>Good.</p>"}]),
    ({"type": "header", "header": "Big", "subheader": "small"}, [{"type": "richtext", "html": "<h2>Big</h2>\n<p>small</p>"}]),
]  # fmt: skip


@pytest.mark.parametrize(("card", "expected"), LEXICAL_CARDS, ids=[card["type"] for card, _ in LEXICAL_CARDS])
def test_a_lexical_card_becomes_a_block(blocks, card, expected):
    assert blocks(lexical=lexical(card)) == expected


@pytest.mark.parametrize(("card", "expected"), LEXICAL_CARDS, ids=[card["type"] for card, _ in LEXICAL_CARDS])
def test_a_mobiledoc_card_becomes_the_same_block(blocks, card, expected):
    name = {"codeblock": "code", "horizontalrule": "hr"}.get(card["type"], card["type"])
    payload = {key: value for key, value in card.items() if key != "type"}
    assert blocks(mobiledoc=mobiledoc([[10, 0]], cards=[[name, payload]])) == expected


def test_mobiledoc_texts_keep_their_marks_lists_and_line_breaks(blocks):
    found = blocks(mobiledoc=mobiledoc(
        [[1, "h2", [[0, [], 0, "Part"]]], [1, "p", [[0, [0], 0, "a "], [0, [1], 2, "b"], [1, [], 0, 0], [0, [2], 1, "link"]]], [3, "ul", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]], [1, "p", []]],
        markups=[["strong"], ["em"], ["a", ["href", "https://x.example/"]]],
        atoms=[["soft-return", "", {}]],
    ))  # fmt: skip
    assert found[0]["html"].split("\n") == [
        "<h2>Part</h2>",
        '<p><strong>a <em>b</em></strong><br><a href="https://x.example/">link</a></p>',
        "<ul><li>one</li><li>two</li></ul>",
    ]


def test_what_ghost_rendered_is_taken_before_what_it_stored(blocks):
    html = '<!--kg-card-begin: html--><p>From HTML</p><!--kg-card-end: html--><div class="kg-card kg-toggle-card"><div class="kg-toggle-heading"><h4 class="kg-toggle-heading-text">Why?</h4><button class="kg-toggle-card-icon"><svg></svg></button></div><div class="kg-toggle-content"><p>So.</p></div></div>'
    found = blocks(html=html, lexical=lexical({"type": "paragraph", "children": [text("From Lexical")]}))
    assert found == [
        {"type": "richtext", "html": "<p>From HTML</p>"},
        {"type": "faq", "question": "Why?", "answer": "<p>So.</p>"},
    ]


def test_an_unknown_card_keeps_its_words_and_is_reported(write, bring_in):
    node = {"type": "hologram", "children": [text("Words in it")]}
    report = bring_in(write(ghost_export({"lexical": lexical(node)}), "export.json"))
    assert "Words in it" in document_of(Article.objects.get())["blocks"][0]["html"]
    assert any("“hologram”" in sentence for sentence in report.notes.lost)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"status": "draft"}, "draft"),
        ({"status": "scheduled", "published_at": "2099-01-01T00:00:00.000Z"}, "scheduled"),
        ({"status": "sent"}, "draft"),
        ({"visibility": "members"}, "draft"),
        ({"visibility": "paid"}, "draft"),
        ({"type": "page"}, "draft"),
        ({"page": 1}, "draft"),
        ({"published_at": 1714550400000}, "published"),
    ],
)
def test_the_state_of_a_post_is_kept_and_nothing_private_is_published(write, bring_in, row, state):
    bring_in(write(ghost_export({"html": "<p>x</p>"} | row), "export.json"))
    assert Article.objects.get().state == state


def test_pictures_in_the_zip_are_stored_and_links_to_the_old_site_become_paths(write, bring_in):
    html = '<figure class="kg-card kg-image-card"><img src="__GHOST_URL__/content/images/size/w600/2024/05/a.png" alt="A"></figure><p><a href="__GHOST_URL__/other/">other</a></p>'
    files = {
        "content/images/2024/05/a.png": png(),
        "site.ghost.2024.json": ghost_export(
            {"html": html, "feature_image": "__GHOST_URL__/content/images/2024/05/a.png"}
        ),
    }
    report = bring_in(write(zipped(files), "ghost.zip"))
    document = document_of(Article.objects.get())
    assert document["cover"]["src"] == document["blocks"][0]["src"]
    assert document["cover"]["src"].startswith("images/")
    assert report.images_stored == 1
    assert '<a href="/other/">' in document["blocks"][1]["html"]


def test_a_dump_of_the_api_is_understood(write, bring_in):
    post = {
        "id": "1",
        "title": "One",
        "slug": "one",
        "html": "<p>x</p>",
        "status": "published",
        "published_at": "2024-05-01T08:00:00.000+02:00",
        "tags": [{"name": "Eth", "slug": "eth"}],
        "authors": [{"name": "Ada", "slug": "ada"}],
    }
    bring_in(write(json.dumps({"posts": [post], "meta": {}}), "posts.json"))
    document = document_of(Article.objects.get())
    assert (document["tags"], document["authors"]) == (["eth"], ["ada"])


def test_a_second_run_changes_nothing(write, bring_in):
    path = write(ghost_export({"html": "<p>x</p>"}, {"lexical": lexical(), "status": "draft"}), "export.json")
    bring_in(path)
    assert bring_in(path).counts["unchanged"] == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"db": [{"data": {"posts": [{"title": "One"', "Line 1: the JSON is broken .*cut off"),
        ('{"users": []}', "not a Ghost export"),
        ("[" * 200_000, "nested too deeply"),
        ('{"db": [{"data": {"posts": "x"}}]}', "not a Ghost export"),
    ],
)
def test_a_file_that_is_no_export_is_refused(write, bring_in, content, reason):
    with pytest.raises(ImportRefused, match=reason):
        bring_in(write(content, "export.json"), "ghost")
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        {"lexical": "{oops"},
        {"mobiledoc": '{"sections": [[10, 99]]}'},
        {"lexical": "[]"},
        {"title": "", "slug": ""},
    ],
)
def test_a_damaged_post_is_refused_and_the_others_come(write, bring_in, row):
    report = bring_in(write(ghost_export(row, {"html": "<p>x</p>"}), "export.json"))
    assert [entry.outcome for entry in report.entries] == ["refused", "new"]


def test_a_date_that_cannot_be_read_makes_a_draft(write, bring_in):
    row = {"published_at": "soon", "updated_at": None, "html": "<p>x</p>"}
    report = bring_in(write(ghost_export(row), "export.json"))
    assert Article.objects.get().state == "draft"
    assert report.notes.lost == {"the date of publication “soon”, which cannot be read": 1}


def test_a_post_with_half_a_letter_and_zeros_comes(write, bring_in):
    bring_in(write(ghost_export({"title": "A\ud800b\x00c", "html": "<p>x\x00\ud800y</p>"}), "export.json"))
    assert Article.objects.get().title == "Abc"
    assert document_of(Article.objects.get())["blocks"][0]["html"] == "<p>xy</p>"


def test_pictures_without_a_host_come_once_the_address_of_the_old_site_is_named(write, bring_in):
    path = write(ghost_export({"html": '<p>x</p><img src="__GHOST_URL__/content/images/a.png">'}), "export.json")
    report = bring_in(path)
    assert "run the import again with --site" in report.remarks[0]
    assert bring_in(path, site="https://old.example").counts["changed"] == 1
    assert document_of(Article.objects.get())["blocks"][1]["src"] == "https://old.example/content/images/a.png"
    assert bring_in(path, site="https://old.example").counts["unchanged"] == 1


def test_what_the_old_site_said_of_itself_is_told_and_not_taken_over(write, bring_in):
    settings = [
        {"key": "title", "value": "Old News"},
        {"key": "navigation", "value": '[{"label": "About", "url": "/about/"}]'},
        {"key": "codeinjection_head", "value": "<script></script>"},
    ]
    report = bring_in(write(ghost_export({"html": "<p>x</p>", "featured": 1}, settings=settings), "export.json"))
    assert report.remarks == [
        "The old site was called “Old News”. The profile of this site was not changed.",
        "Its navigation, which you can set up again in the site profile: About (/about/).",
    ]
    assert report.notes.lost == {
        "code injected into the whole site": 1,
        "marks as featured or sticky, because the front page shows the newest": 1,
    }


def test_files_of_the_old_site_keep_their_links_and_are_counted(write, bring_in):
    note = "links to files of the old site (PDF, audio, …), which are not imported: they still lead there"
    card = '<p><a href="__GHOST_URL__/content/files/a.pdf">The report</a></p>'
    report = bring_in(write(ghost_export({"html": card}), "pdf.json"), site="https://old.example")
    assert "https://old.example/content/files/a.pdf" in document_of(Article.objects.get())["blocks"][0]["html"]
    assert report.notes.lost[note] == 1


def test_a_recording_of_the_old_site_becomes_a_link_to_it(write, bring_in):
    card = '<div class="kg-card kg-audio-card"><audio src="__GHOST_URL__/content/media/a.mp3"></audio><div class="kg-audio-title">One</div></div>'
    report = bring_in(write(ghost_export({"html": card}), "export.json"), site="https://old.example")
    assert "https://old.example/content/media/a.mp3" in document_of(Article.objects.get())["blocks"][0]["html"]
    assert report.notes.lost["sound and video files became links"] == 1


def test_a_json_list_of_another_system_is_refused_for_what_it_is(write):
    letters = write('[{"subject": "Spring", "body": "All of it", "slug": "spring"}]', "letters.json")
    with pytest.raises(
        ImportRefused, match=r"is not a Ghost export: none of its posts has a text .* They have body, slug, subject"
    ):
        read_ghost(letters)


def test_a_text_without_title_and_address_comes_all_the_same(write, bring_in):
    bring_in(write(ghost_export({"title": "", "slug": "", "html": "<p>Words</p>"}), "export.json"))
    assert Article.objects.get().title == "Untitled"


def test_cards_that_no_reader_saw_are_counted(write, bring_in):
    lexical = json.dumps({"root": {"children": [{"type": "email", "html": "<p>Hi</p>"}, {"type": "paywall"}]}})
    report = bring_in(write(ghost_export({"lexical": lexical}), "export.json"))
    assert report.notes.lost == {"cards that appeared only in e-mails": 1}
    assert report.notes.changed == {"paywall marks removed": 1}
