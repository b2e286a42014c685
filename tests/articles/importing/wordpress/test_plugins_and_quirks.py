"""What WordPress and its plugins do to an export that no specification says."""

import pytest
from django.test import Client

from articles.documents import document_of
from articles.models import Article, Author, Category, Publication, Redirect, Tag
from tests.articles.importing.samples import wxr, wxr_item, wxr_meta, zipped
from tests.html import one_line

pytestmark = pytest.mark.django_db


def picture(number, **fields):
    """An item for an uploaded picture."""
    address = f"https://old.example/wp-content/uploads/{number}.png"
    fields = {"post_type": "attachment", "status": "inherit", "attachment_url": address} | fields
    return wxr_item(number, "", **fields)


def filed(domain, slug, name):
    return f'<category domain="{domain}" nicename="{slug}"><![CDATA[{name}]]></category>'


@pytest.fixture
def came(write, bring_in):
    """The report and the document of the one post among some items."""

    def made(*items):
        report = bring_in(write(wxr(*items), "wp.xml"))
        assert not report.failed, report.entries
        return report, document_of(Article.objects.get(slug="post-1"))

    return made


def test_entities_and_tags_in_titles_terms_and_summaries_become_words(came):
    extra = filed("category", "r-d", "R &amp;amp; D") + filed("post_tag", "q-a", "Q &amp; A")
    extra += "<excerpt:encoded><![CDATA[<p>Bits &amp; fragments</p><p>it&#8217;s</p>]]></excerpt:encoded>"
    _, document = came(wxr_item(1, "x", title="Bits &amp; <em>bytes</em> &#8211; more", extra=extra))
    assert (document["title"], document["standfirst"]) == ("Bits & bytes – more", "Bits & fragments it’s")
    assert Tag.objects.get().name == "Q & A"


def test_every_author_of_a_shared_byline_comes(came):
    guest = wxr_item(7, "", post_type="guest-author", extra=wxr_meta("cap-user_login", "gil") + wxr_meta("cap-display_name", "Gil Ek"))  # fmt: skip
    _, document = came(
        wxr_item(1, "x", extra=filed("author", "cap-gil", "gil") + filed("author", "cap-ada", "ada")), guest
    )
    assert document["authors"] == ["gil-ek", "ada-lund"]


def test_an_address_is_never_shown_as_a_name(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x")).replace("[ada]]", "[ada.b@old.example]]").replace("Ada Lund", ""), "wp.xml"))
    assert [(author.slug, author.name) for author in Author.objects.all()] == [("ada-b", "Ada B.")]


def test_a_gallery_without_numbers_shows_what_was_uploaded_to_the_post(came):
    one = picture(50, post_parent="1", menu_order="2", extra="<excerpt:encoded><![CDATA[Seen]]></excerpt:encoded>")
    _, document = came(wxr_item(1, "[gallery]"), one, picture(51, post_parent="1", menu_order="1"), picture(52))
    assert [(image["src"][-6:], image.get("caption")) for image in document["blocks"][0]["images"]] == [
        ("51.png", None),
        ("50.png", "Seen"),
    ]


def test_pictures_of_a_gallery_show_their_captions_and_are_links_where_we_have_no_file(came):
    caption = "<excerpt:encoded><![CDATA[Seen from the bridge]]></excerpt:encoded>"
    came(wxr_item(1, '[gallery ids="50,51"]'), picture(50, extra=caption), picture(51))
    html = Publication.objects.get().html
    assert "<figcaption> Seen from the bridge </figcaption>" in one_line(html)
    assert html.count("This image is kept at its source") == 2
    assert "<img" not in html


def test_the_picture_at_the_head_keeps_its_caption(came):
    caption = "<excerpt:encoded><![CDATA[By <b>Ada</b>]]></excerpt:encoded>"
    _, document = came(wxr_item(1, "x", extra=wxr_meta("_thumbnail_id", "50")), picture(50, extra=caption))
    assert document["cover"]["caption"] == "By Ada"


def test_footnotes_kept_apart_from_the_text_stand_in_it(came):
    body = '<!-- wp:paragraph --><p>Said<sup data-fn="a" class="fn"><a href="#a">1</a></sup>.</p><!-- /wp:paragraph --><!-- wp:footnotes /-->'
    _, document = came(wxr_item(1, body, extra=wxr_meta("footnotes", '[{"id":"a","content":"By <em>her</em>."}]')))
    assert document["blocks"][0]["html"] == '<p>Said<small data-footnote="">By <em>her</em>.</small>.</p>'


def test_notes_within_a_text_are_footnotes(came):
    _, document = came(wxr_item(1, "Said[footnote]By her.[/footnote] and done."))
    assert document["blocks"][0]["html"] == '<p>Said<small data-footnote="">By her.</small> and done.</p>'


@pytest.mark.parametrize(
    ("body", "kinds", "words"),
    [
        ('<div class="wp-block-cover" style="background-image:url(https://i.example/c.jpg)"><p>Over it</p></div>', ["image", "richtext"], "Over it"),
        ('<dl class="wp-caption"><dt><img src="https://i.example/c.jpg"></dt><dd class="wp-caption-dd">Below</dd></dl>', ["image"], "Below"),
        ('<div class="wp-caption"><img src="https://i.example/c.jpg"><p class="wp-caption-text">Below</p></div>', ["image"], "Below"),
        ('<!-- wp:acf/note {"data":{"said":"Kept in a field","_said":"field_1","colour":"#fff"}} /-->', ["richtext"], "<p>Kept in a field</p>"),
        ('<!-- wp:file --><div class="wp-block-file"><a href="https://i.example/a.pdf">Report</a><a href="https://i.example/a.pdf" class="wp-block-file__button">Download</a></div><!-- /wp:file -->', ["richtext"], '<p><a href="https://i.example/a.pdf">Report</a></p>'),
        ('[et_pb_section][et_pb_row][et_pb_image src="https://i.example/c.jpg" alt="A"][/et_pb_image][et_pb_blurb title="Why"]Because.[/et_pb_blurb][/et_pb_row][/et_pb_section]', ["image", "richtext"], "<h3>Why</h3>"),
        ('[vc_row][vc_single_image image="50"][vc_custom_heading text="Part"][vc_btn title="Go" link="url:https%3A%2F%2Fi.example%2Fgo|title:Go"][/vc_row]', ["image", "richtext"], '<a href="https://i.example/go">Go</a>'),
    ],
)  # fmt: skip
def test_what_blocks_and_page_builders_show_is_kept(came, body, kinds, words):
    _, document = came(wxr_item(1, body), picture(50))
    assert [block["type"] for block in document["blocks"]] == kinds
    assert any(words in str(value) for block in document["blocks"] for value in block.values())


def test_what_has_no_place_here_is_named(came):
    extra = filed("series", "s", "S") + wxr_meta("subtitle", "Words") + wxr_meta("_edit_last", "1")
    extra += wxr_meta("enclosure", "https://old.example/1.mp3\n123\naudio/mpeg")
    body = '<figure><img src="https://i.example/c.jpg"><figcaption>By <a href="https://by.example">her</a></figcaption></figure>'
    report, document = came(wxr_item(1, body, is_sticky="1", extra=extra))
    assert [block["type"] for block in document["blocks"]] == ["image", "richtext"]
    assert document["blocks"][1]["html"] == '<p>By <a href="https://by.example">her</a></p>'
    assert set(report.notes.lost) == {
        "terms of “series”",
        "custom field “subtitle”",
        "an audio or video file for podcast players: https://old.example/1.mp3",
        "marks as featured or sticky, because the front page shows the newest",
    }


def test_two_posts_with_one_number_both_come_and_stay_apart(write, bring_in):
    path = write(wxr(wxr_item(1, "x"), wxr_item(1, "y", title="Other", post_name="2024/05/other.html")), "wp.xml")
    assert bring_in(path).counts["new"] == 2
    assert bring_in(path).counts["unchanged"] == 2
    assert set(Article.objects.values_list("slug", flat=True)) == {"post-1", "other"}


def test_a_category_that_is_named_twice_is_one(came):
    twice = "<category><![CDATA[Deep]]></category>" + filed("category", "deep", "Deep")
    report, document = came(
        wxr_item(1, "x", extra=twice + filed("tag", "eth", "ETH") + "<category domain='tag'>ETH</category>")
    )
    assert (document["category"], document["tags"]) == ("deep", ["eth"])
    assert not report.notes.changed


def test_a_plain_feed_is_read_as_far_as_it_goes(write, bring_in):
    item = "<item><title>One</title><link>https://f.example/one/</link><pubDate>Wed, 01 May 2024 08:00:00 +0000</pubDate><guid>https://f.example/?p=1</guid><category>News</category><description>&lt;p&gt;Words&lt;/p&gt;</description></item>"
    feed = f'<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>F</title><link>https://f.example</link>{item}</channel></rss>'
    report = bring_in(write(feed, "feed.xml"))
    assert "often only their beginnings" in report.remarks[0]
    assert document_of(Article.objects.get())["blocks"] == [{"type": "richtext", "html": "<p>Words</p>"}]
    assert Publication.objects.get().published_at.isoformat() == "2024-05-01T08:00:00+00:00"


def test_a_state_of_a_plugin_is_a_draft(write, bring_in):
    report = bring_in(write(wxr(wxr_item(1, "x", status="in-progress"), wxr_item(2, "x", status="inherit")), "wp.xml"))
    assert [entry.state for entry in report.entries] == ["draft"]
    assert report.notes.changed["posts in the state “in-progress” became drafts"] == 1


def test_categories_below_others_are_led_to_from_their_long_addresses(write, bring_in):
    item = wxr_item(1, "x", extra=filed("category", "deep", "Deep"))
    text = wxr(item).replace("<wp:cat_name><![CDATA[Deep]]>", "<wp:category_parent><![CDATA[field-notes]]></wp:category_parent><wp:cat_name><![CDATA[Deep]]>")  # fmt: skip
    report = bring_in(write(text, "wp.xml"))
    assert Redirect.objects.get(path="/category/field-notes/deep/").target == Category.objects.get().get_absolute_url()
    assert report.lost["places of categories below others, because there is only one level here"] == 1


def test_a_short_link_leads_to_its_post(write, bring_in):
    bring_in(write(wxr(wxr_item(12, "x")), "wp.xml"))
    answer = Client().get("/?p=12")
    assert (answer.status_code, answer["Location"]) == (301, "/blog/post-12/")
    assert Client().get("/?p=13").status_code == 200


def test_an_address_that_runs_a_script_is_no_old_address(write, bring_in):
    text = wxr(wxr_item(12, "x")).replace("https://old.example/2024/05/post-12/", "javascript:alert(1)")
    bring_in(write(text, "wp.xml"))
    assert set(Redirect.objects.values_list("path", flat=True)) == {"/?p=12", "/feed/", "/author/ada/"}


def test_an_address_that_another_post_has_already_is_left_to_it(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x")), "wp.xml"))
    other = wxr(wxr_item(1, "y", title="Other")).replace("https://old.example<", "https://old.example/two<")
    report = bring_in(write(other, "two.xml"))
    assert Redirect.objects.get(path="/2024/05/post-1/").target == "/blog/post-1/"
    assert report.lost["the old address /2024/05/post-1/ still leads to /blog/post-1/, as before"] == 1
    assert Publication.objects.count() == 2


def test_the_files_of_a_large_site_come_together(write, bring_in):
    parts = {f"site/old.{number}.xml": wxr(wxr_item(number, "x")) for number in (1, 2, 3)}
    assert bring_in(write(zipped(parts), "wp.zip")).counts["new"] == 3


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        (b"Bits & bytes", "Bits & bytes"),
        (b"Bits&nbsp;and&hellip;", "Bits and…"),
        (b"Bits&#x1F; and", "Bits and"),
        (b"Caf\xe9 \xe2\x82\xac", "Café €"),
        (b"Bits\xef\xbf\xbf", "Bits"),
    ],
)
def test_xml_that_is_nearly_well_formed_is_mended_and_says_so(write, bring_in, broken, title):
    text = wxr(wxr_item(1, "a & b &nbsp; <![CDATA[", title="T")).encode()
    report = bring_in(write(text.replace(b"<![CDATA[T]]>", broken), "wp.xml"))
    assert Article.objects.get().title == title
    assert "was mended" in report.remarks[0]


def test_an_encoding_that_is_named_is_used(write, bring_in):
    text = wxr(wxr_item(1, "x", title="Café")).replace(' encoding="UTF-8"', "")
    bring_in(write(text.encode("cp1252"), "wp.xml"), encoding="cp1252")
    assert Article.objects.get().title == "Café"


def test_a_slug_in_two_scripts_keeps_both_apart(write, bring_in):
    bring_in(write(wxr(wxr_item(1, "x", post_name="биткоин-2024"), wxr_item(2, "x", post_name="эфир-2024")), "wp.xml"))
    slugs = set(Article.objects.values_list("slug", flat=True))
    assert len(slugs) == 2
    assert not slugs & {"2024", "2024-2"}
