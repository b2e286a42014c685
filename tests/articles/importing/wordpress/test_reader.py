"""A WordPress export comes in, classic or in blocks, and a hostile one is refused."""

from datetime import UTC, datetime

import pytest

from articles.documents import document_of
from articles.importing.posts import ImportRefused
from articles.models import Article, Publication, Redirect
from tests.articles.importing.samples import WXR_HEAD, png, wxr, wxr_item, wxr_meta, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocks(write, bring_in):
    """The blocks of the one post that a body makes."""

    def made(body, *others):
        report = bring_in(write(wxr(wxr_item(1, body), *others), "wp.xml"))
        assert not report.failed, report.entries
        return document_of(Article.objects.get(slug="post-1"))["blocks"]

    return made


ATTACHMENT = wxr_item(
    50,
    "",
    post_type="attachment",
    status="inherit",
    attachment_url="https://old.example/wp-content/uploads/2024/05/a.png",
    extra=wxr_meta("_wp_attachment_image_alt", "A bridge"),
)


def test_a_post_comes_with_its_category_tags_author_dates_and_meta(write, bring_in):
    terms = '<category domain="category" nicename="deep"><![CDATA[Deep]]></category><category domain="category" nicename="field-notes"><![CDATA[Field &amp; notes]]></category><category domain="post_tag" nicename="eth"><![CDATA[ETH]]></category>'
    meta = (
        wxr_meta("_yoast_wpseo_title", "%%title%% %%sep%%")
        + wxr_meta("_yoast_wpseo_metadesc", "Described.")
        + wxr_meta("_thumbnail_id", "50")
        + wxr_meta("_yoast_wpseo_primary_category", "7")
    )
    item = wxr_item(1, "Hello.", extra=f"<excerpt:encoded><![CDATA[<b>Short</b>]]></excerpt:encoded>{terms}{meta}")
    bring_in(write(wxr(item, ATTACHMENT), "wp.xml"))
    document = document_of(Article.objects.get())
    assert (document["category"], document["tags"], document["authors"]) == (
        "field-notes",
        ["deep", "eth"],
        ["ada-lund"],
    )
    assert (document["standfirst"], document["seo"]) == ("Short", {"title": "", "description": "Described."})
    assert document["cover"] == {"src": "https://old.example/wp-content/uploads/2024/05/a.png", "alt": "A bridge"}
    assert Publication.objects.get().published_at == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert dict(Redirect.objects.values_list("path", "target")) == {
        "/2024/05/post-1/": "/blog/post-1/",
        "/?p=1": "/blog/post-1/",
        "/feed/": "/feed.xml",
        "/category/field-notes/": "/blog/category/field-notes/",
        "/tag/eth/": "/blog/tag/eth/",
        "/author/ada/": "/blog/author/ada-lund/",
    }


def test_classic_texts_get_their_paragraphs(blocks):
    body = "First line\nsecond line\n\n<h3>Part</h3>\nThird.\n\n<ul>\n<li>one</li>\n</ul>\n<blockquote>Said\n\nagain</blockquote>\n<pre>a\n\nb</pre>\n<!--more-->\nLast <em>words</em>."
    found = blocks(body)
    assert found[0]["html"].split("\n") == [
        "<p>First line<br>second line</p>",
        "<h3>Part</h3>",
        "<p>Third.</p>",
        "<ul><li>one</li></ul>",
        "<blockquote><p>Said</p><p>again</p></blockquote>",
    ]
    assert found[1] == {"type": "code", "code": "a\n\nb"}
    assert found[2]["html"] == "<p>Last <em>words</em>.</p>"


def test_block_texts_lose_their_comments_and_keep_their_meaning(blocks):
    body = """<!-- wp:paragraph {"dropCap":true} -->\n<p>One.</p>\n<!-- /wp:paragraph -->
<!-- wp:heading -->\n<h2 class="wp-block-heading">Part</h2>\n<!-- /wp:heading -->
<!-- wp:image {"id":50,"sizeSlug":"large"} -->\n<figure class="wp-block-image size-large"><img src="https://old.example/wp-content/uploads/2024/05/a-1024x500.png" alt="A" class="wp-image-50"/><figcaption class="wp-element-caption">Seen</figcaption></figure>\n<!-- /wp:image -->
<!-- wp:embed {"url":"https://youtu.be/abcdefghijk","type":"video"} -->\n<figure class="wp-block-embed is-provider-youtube"><div class="wp-block-embed__wrapper">\nhttps://youtu.be/abcdefghijk\n</div><figcaption>A talk</figcaption></figure>\n<!-- /wp:embed -->
<!-- wp:pullquote -->\n<figure class="wp-block-pullquote"><blockquote><p>Pulled.</p><cite>Ada</cite></blockquote></figure>\n<!-- /wp:pullquote -->
<!-- wp:table -->\n<figure class="wp-block-table"><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table><figcaption>Numbers</figcaption></figure>\n<!-- /wp:table -->
<!-- wp:gallery {"linkTo":"none"} -->\n<figure class="wp-block-gallery has-nested-images"><!-- wp:image --><figure class="wp-block-image"><img src="https://i.example/1.png" alt=""/></figure><!-- /wp:image --><!-- wp:image --><figure class="wp-block-image"><img src="https://i.example/2.png" alt=""/><figcaption>Two</figcaption></figure><!-- /wp:image --></figure>\n<!-- /wp:gallery -->
<!-- wp:code -->\n<pre class="wp-block-code"><code>[not a shortcode]</code></pre>\n<!-- /wp:code -->
<!-- wp:details -->\n<details class="wp-block-details"><summary>Why?</summary><!-- wp:paragraph --><p>So.</p><!-- /wp:paragraph --></details>\n<!-- /wp:details -->
<!-- wp:latest-posts /-->"""  # fmt: skip
    found = blocks(body, ATTACHMENT)
    assert [block["type"] for block in found] == [
        "richtext",
        "image",
        "embed",
        "richtext",
        "pullquote",
        "table",
        "gallery",
        "code",
        "faq",
    ]
    assert found[0]["html"] == "<p>One.</p>\n<h2>Part</h2>"
    assert found[1] == {
        "type": "image",
        "src": "https://old.example/wp-content/uploads/2024/05/a.png",
        "alt": "A",
        "caption": "Seen",
    }
    assert found[4] == {"type": "pullquote", "text": "Pulled.", "attribution": "Ada"}
    assert found[5] == {"type": "table", "caption": "Numbers", "csv": "a\n1", "header": True}
    assert [image.get("caption") for image in found[6]["images"]] == [None, "Two"]
    assert found[7]["code"] == "[not a shortcode]"


def test_a_reusable_block_stands_where_it_was_used(blocks):
    kept = wxr_item(60, "<!-- wp:paragraph --><p>Kept elsewhere.</p><!-- /wp:paragraph -->", post_type="wp_block")
    assert "Kept elsewhere." in blocks('<!-- wp:block {"ref":60} /-->', kept)[0]["html"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('[caption id="a" width="300"]<img src="https://i.example/a.png" alt="A" /> Seen <i>here</i>[/caption]', [{"type": "image", "src": "https://i.example/a.png", "alt": "A", "caption": "Seen here"}]),
        ("[embed]https://vimeo.com/76979871[/embed]", [{"type": "embed", "url": "https://vimeo.com/76979871"}]),
        ("https://youtu.be/abcdefghijk", [{"type": "embed", "url": "https://www.youtube.com/watch?v=abcdefghijk"}]),
        ("[youtube https://www.youtube.com/watch?v=abcdefghijk]", [{"type": "embed", "url": "https://www.youtube.com/watch?v=abcdefghijk"}]),
        ('[sourcecode language="python"]if a &lt; b:\n    [x][/sourcecode]', [{"type": "code", "language": "python", "code": "if a < b:\n    [x]"}]),
        ("He said [sic] and [1] and [[gallery]].", [{"type": "richtext", "html": "<p>He said [sic] and [1] and [gallery].</p>"}]),
        ('[vc_row][vc_column width="1/2"]Words[/vc_column][/vc_row]', [{"type": "richtext", "html": "<p>Words</p>"}]),
        ('Before [contact-form-7 id="1" title="x"] after', [{"type": "richtext", "html": "<p>Before after</p>"}]),
        ('[gallery ids="50,50"]', [{"type": "gallery", "images": [{"src": "https://old.example/wp-content/uploads/2024/05/a.png", "alt": "A bridge"}] * 2}]),
    ],
)  # fmt: skip
def test_shortcodes_become_what_they_showed(blocks, body, expected):
    assert blocks(body, ATTACHMENT) == expected


def test_links_and_pictures_of_the_old_site_are_led_home(write, bring_in):
    body = '<a href="https://old.example/2023/01/other/">other</a>\n\n<img src="/wp-content/uploads/2024/05/b.png">'
    report = bring_in(write(wxr(wxr_item(1, body)), "wp.xml"))
    assert '<a href="/2023/01/other/">' in document_of(Article.objects.get())["blocks"][0]["html"]
    assert list(report.images_kept) == ["https://old.example/wp-content/uploads/2024/05/b.png"]


def test_pictures_beside_the_export_are_stored(write, bring_in):
    body = '<img src="https://old.example/wp-content/uploads/2024/05/a.png" alt="A">'
    report = bring_in(
        write(zipped({"site/wp.xml": wxr(wxr_item(1, body)), "site/wp-content/uploads/2024/05/a.png": png()}), "wp.zip")
    )
    assert report.images_stored == 1
    assert document_of(Article.objects.get())["blocks"][0]["src"].startswith("images/")


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"status": "draft", "post_date_gmt": "0000-00-00 00:00:00"}, "draft"),
        ({"status": "pending"}, "in_review"),
        ({"status": "private"}, "draft"),
        ({"status": "future", "post_date_gmt": "2099-01-01 00:00:00"}, "scheduled"),
        ({"post_password": "secret"}, "draft"),
        ({"post_type": "page"}, "draft"),
    ],
)
def test_the_state_of_a_post_is_kept_and_nothing_private_is_published(write, bring_in, fields, state):
    bring_in(write(wxr(wxr_item(1, "x", **fields)), "wp.xml"))
    assert Article.objects.get().state == state


def test_what_is_no_post_is_counted(write, bring_in):
    comment = "<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_content>Nice</wp:comment_content></wp:comment>"
    items = [
        wxr_item(1, "x", extra=comment * 3),
        wxr_item(2, "x", post_type="nav_menu_item"),
        wxr_item(3, "x", status="trash"),
        ATTACHMENT,
    ]
    report = bring_in(write(wxr(*items), "wp.xml"))
    assert report.lost == {
        "comments": 3,
        "items of the type “nav_menu_item”": 1,
        "posts in the trash or never saved": 1,
        "files of the media library that no post shows": 1,
    }
    assert len(report.entries) == 1


def test_an_older_slug_leads_to_the_post(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x", extra=wxr_meta("_wp_old_slug", "first-name"))), "wp.xml"))
    assert Redirect.objects.get(path="/2024/05/first-name/").target == "/blog/post-1/"


def test_older_versions_of_the_format_are_read(write, bring_in):
    for version in ("1.0", "1.1"):
        bring_in(write(wxr(wxr_item(int(version[-1]) + 1, "x")).replace("export/1.2", f"export/{version}"), "wp.xml"))
    assert Article.objects.count() == 2


def test_slugs_in_other_scripts_are_read(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x", title="Биткоин", post_name="%d0%b1%d0%b8%d1%82")), "wp.xml"))
    assert Article.objects.get().slug


def test_a_second_run_changes_nothing(write, bring_in):
    path = write(wxr(wxr_item(1), wxr_item(2, status="draft"), wxr_item(3, post_type="page")), "wp.xml")
    bring_in(path)
    assert bring_in(path).counts["unchanged"] == 3


def test_control_characters_and_a_byte_order_mark_are_no_obstacle(write, bring_in):
    text = wxr(wxr_item(1, "a\x08b\x00c"))
    bring_in(write(b"\xef\xbb\xbf\n" + text.encode(), "wp.xml"))
    assert "abc" in Publication.objects.get().html


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB + "<rss><channel><title>&j;</title></channel></rss>", "declares entities"),
        (BOMB.replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16") + "<rss><channel><title a='&j;'>x</title></channel></rss>".encode("utf-16-le"), "declares entities"),
        ('<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>', "declares entities"),
        (wxr(wxr_item(1))[:-40], "XML is broken .*cut off"),
        (WXR_HEAD + "<item><title>a < b</title></item></channel></rss>", "Line 11: the XML is broken"),
        ("<html><body>Not found</body></html>", "not a WordPress export"),
        ("<rss><channel><title>A feed</title></channel></rss>", "not a WordPress export"),
        ("<rss>" * 100_000, "XML is broken"),
    ],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_whole(write, bring_in, content, reason):
    with pytest.raises(ImportRefused, match=reason):
        bring_in(write(content, "wp.xml"), "wordpress")
    assert not Article.objects.exists()


def test_a_field_without_end_is_refused_and_the_others_come(write, bring_in):
    report = bring_in(write(wxr(wxr_item(1, "x " * (11 << 20)), wxr_item(2)), "wp.xml"))
    assert [entry.outcome for entry in report.entries] == ["refused", "new"]
    assert "22 MB large" in report.entries[0].reason


def test_a_comment_within_an_item_is_passed_over(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x", extra="<!-- by a script --><?of another?>")), "wp.xml"))
    assert Article.objects.get().title == "Post 1"


@pytest.mark.parametrize(
    "text",
    [
        "The [then-mayor] said so [source], and [her_own] words [the video]: [Quote] [ref].",
        "Take a[i-1], [video] or [embed] and [footnote].",
        'See <a href="https://a.example/x">[source]</a> for more.',
    ],
)
def test_the_brackets_of_an_author_stay_as_typed(blocks, text):
    assert blocks(text) == [{"type": "richtext", "html": f"<p>{text}</p>"}]


def test_an_address_after_an_equals_sign_is_a_player(blocks):
    assert blocks("[youtube=https://www.youtube.com/watch?v=abcdefghijk]")[0]["type"] == "embed"


def test_a_post_keeps_the_id_that_readers_of_feeds_know(write, bring_in):
    bring_in(write(wxr(wxr_item(12)), "wp.xml"))
    assert Article.objects.get().feed_id == "https://old.example/?p=12"
