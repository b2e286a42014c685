"""A Webflow CSV comes in whole, once, and says what is wrong with it."""

from datetime import UTC, datetime

import pytest

from articles.documents import apply_document, document_of
from articles.importing.detecting import open_export
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.posts import ImportRefused
from articles.models import Article, Author, Category, Publication, Redirect, Snippet
from tests.articles.importing.samples import csv_of, png, webflow_row

pytestmark = pytest.mark.django_db


def test_a_row_becomes_a_published_article(write, bring_in):
    row = webflow_row("Bridges, explained", **{"Slug": "bridges-explained", "Post Summary": "How a bridge\nholds."})
    report = bring_in(write([row]))
    assert report.counts["new"] == 1
    shown = Publication.objects.get(slug="bridges-explained")
    assert (shown.title, shown.standfirst) == ("Bridges, explained", "How a bridge holds.")
    assert shown.category
    assert shown.category.name == "Field Notes"
    assert [author.name for author in shown.authors.all()] == ["Ada Lund"]
    assert shown.published_at == shown.updated_at == datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


def test_drafts_stay_drafts_archived_posts_archived_and_later_ones_scheduled(write, bring_in):
    rows = [
        webflow_row("One", Draft="true"),
        webflow_row("Two", Archived="true"),
        webflow_row("Three", **{"Published On": "2099-01-01T10:00:00.000Z"}),
        webflow_row("Four", **{"Published On": ""}),
    ]
    bring_in(write(rows))
    assert dict(Article.objects.values_list("title", "state")) == {
        "One": "draft",
        "Two": "archived",
        "Three": "scheduled",
        "Four": "draft",
    }
    assert not Publication.objects.exists()


def test_a_second_run_changes_nothing(write, bring_in):
    path = write([webflow_row("One"), webflow_row("Two")])
    bring_in(path)
    before = (
        list(Article.objects.values_list("slug", "version", "changed_at")),
        list(Publication.objects.values_list("slug", "updated_at")),
    )
    report = bring_in(path)
    assert report.counts["unchanged"] == 2
    assert report.counts["new"] == 0
    assert before == (
        list(Article.objects.values_list("slug", "version", "changed_at")),
        list(Publication.objects.values_list("slug", "updated_at")),
    )


def test_a_post_that_changed_there_changes_here(write, bring_in):
    bring_in(write([webflow_row("One")]))
    report = bring_in(write([webflow_row("One", **{"Post Body": "<p>Better words.</p>"})]))
    assert report.counts["changed"] == 1
    assert "Better words." in Publication.objects.get(slug="one").html


def test_what_an_editor_changed_here_is_not_overwritten(write, bring_in):
    bring_in(write([webflow_row("One")]))
    article = Article.objects.get(slug="one")
    apply_document(article, document_of(article) | {"title": "Ours"})
    report = bring_in(write([webflow_row("One", **{"Post Body": "<p>Theirs.</p>"})]))
    assert report.counts["edited here"] == 1
    assert not report.failed
    assert Article.objects.get(slug="one").title == "Ours"


def test_what_was_deleted_here_does_not_come_back(write, bring_in):
    path = write([webflow_row("One")])
    bring_in(path)
    Article.objects.all().delete()
    assert bring_in(path).counts["deleted here"] == 1
    assert not Article.objects.exists()


def test_a_dry_run_says_the_same_and_writes_nothing(write, bring_in):
    path = write([webflow_row("One"), webflow_row("Two", Slug="one")])
    dry, wet = bring_in(path, dry_run=True), None
    assert not Article.objects.exists()
    assert not Category.objects.exists()
    assert not Author.objects.exists()
    wet = bring_in(path)
    assert [(entry.outcome, entry.slug, entry.state) for entry in dry.entries] == [
        (entry.outcome, entry.slug, entry.state) for entry in wet.entries
    ]
    assert dry.made == wet.made


def test_a_malformed_row_is_reported_with_its_line_and_the_others_come(write, bring_in):
    lines = csv_of([webflow_row("One"), webflow_row("Two"), webflow_row("Three")]).splitlines(keepends=True)
    lines[2] = "Two,two,only three cells\r\n"
    report = bring_in(write("".join(lines)))
    assert [entry.outcome for entry in report.entries] == ["new", "refused", "new"]
    assert report.entries[1].where == "line 3"
    assert "3 columns where the header has 13" in report.entries[1].reason
    assert report.failed


def test_a_quote_that_is_never_closed_spoils_only_its_own_row(write, bring_in):
    lines = csv_of([webflow_row("One"), webflow_row("Two"), webflow_row("Three")]).splitlines(keepends=True)
    lines[2] = lines[2].replace("<p>Words of the post.</p>", '"<p>Words of')
    report = bring_in(write("".join(lines)))
    assert [(entry.outcome, entry.where) for entry in report.entries] == [
        ("new", "line 2"),
        ("refused", "line 3"),
        ("new", "line 4"),
    ]


@pytest.mark.parametrize("cut", [30, 90, 150])
@pytest.mark.parametrize("body", ["<p>Plain.</p>", '<p>With "quotes", and\nlines.</p>' * 8])
def test_a_file_that_was_cut_off_is_refused_whole(write, bring_in, cut, body):
    text = csv_of([webflow_row("One"), webflow_row("Two", **{"Post Body": body})])
    end = text.index("Two") + min(cut, len(text) - text.index("Two") - 4)
    with pytest.raises(ImportRefused, match=r"middle of the row that starts at line 3"):
        bring_in(write(text[:end]))
    assert not Article.objects.exists()


def test_a_file_without_a_body_or_title_column_is_refused_with_what_it_has(write, bring_in):
    with pytest.raises(
        ImportRefused, match=r"no column for a title .* and none for a body .*Its columns are: Slug, Colour"
    ):
        bring_in(write("Slug,Colour\na,red\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_what_is_written_in_unicode_is_read(write, bring_in, encoding):
    bring_in(write(csv_of([webflow_row("Fünf Brücken", Slug="funf")]).encode(encoding)))
    assert Article.objects.get().title == "Fünf Brücken"


def test_a_wrong_encoding_is_refused_with_its_line_and_the_way_out(write, bring_in):
    path = write(csv_of([webflow_row("One"), webflow_row("It’s", Slug="its")]).encode("cp1252"))
    with pytest.raises(ImportRefused, match=r"Line 3: byte 0x92 is not UTF-8.*“.*It’s.*--encoding cp1252"):
        bring_in(path)
    assert not Article.objects.exists()
    bring_in(path, encoding="cp1252")
    assert Article.objects.filter(title="It’s").exists()


def test_column_names_of_other_sites_are_understood(write, bring_in):
    row = {"Title": "One", "URL Slug": "one", "Body Content": "<p>x</p>", "Excerpt": "Short.", "Categories": "News; deep-dives", "Tags": "btc;eth", "Writer": "Ada Lund, Bo Ek", "Date": "March 5, 2025", "Meta Title": "Seo", "Meta Description": "Desc", "Main Image": "https://x.example/a.png", "Main Image Alt Text": "An a"}  # fmt: skip
    report = bring_in(write([row]))
    document = document_of(Article.objects.get())
    assert (document["category"], document["tags"], document["authors"]) == (
        "news",
        ["btc", "deep-dives", "eth"],
        ["ada-lund", "bo-ek"],
    )
    assert document["seo"] == {"title": "Seo", "description": "Desc"}
    assert document["cover"] == {"src": "https://x.example/a.png", "alt": "An a"}
    assert report.images_kept == {"https://x.example/a.png": "not fetched"}


def test_a_column_that_means_nothing_here_is_reported(write, bring_in):
    report = bring_in(write([webflow_row("One", Mood="blue"), webflow_row("Two", Mood="")]))
    assert report.lost == {"column “Mood”, which has no equivalent here": 1}


def test_a_semicolon_file_is_read(write, bring_in):
    bring_in(write("Name;Slug;Post Body\nOne;one;<p>a, b</p>\n"))
    assert Article.objects.get().slug == "one"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Name": " ", "Slug": ""}, "The title is missing."),
        ({"Published On": "03/04/2025"}, "“03/04/2025” is not one we can read"),
        ({"Published On": "yesterday"}, "“yesterday” is not one we can read"),
        ({"Post Body": "x" * (21 << 20)}, "A cell holds 21 MB of text"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_says_why(write, bring_in, cells, reason):
    report = bring_in(write([webflow_row("One", **cells), webflow_row("Two")]))
    assert reason in report.entries[0].reason
    assert report.entries[1].outcome == "new"


def test_a_row_that_stands_there_twice_comes_once(write, bring_in):
    report = bring_in(write([webflow_row("One"), webflow_row("One")]))
    assert report.entries[1].reason == "The file contains it twice: line 2 has the same id."


def test_an_address_that_another_article_has_gets_a_number(write, bring_in):
    article = Article()
    apply_document(article, {"title": "Ours", "slug": "one", "blocks": []})
    report = bring_in(write([webflow_row("One")]))
    assert report.entries[0].slug == "one-2"
    assert any("belongs to another article" in sentence for sentence in report.notes.changed)


_WITH_DISCLAIMER = {"Post Body": "<p>Words.</p><h2>Disclaimer</h2><p>Not advice.</p>"}


def test_a_disclaimer_is_dropped_where_the_category_prints_its_own(write, bring_in):
    snippet = Snippet.objects.create(slug="d", kind="disclaimer", html="<p>Ours.</p>")
    Category.objects.create(slug="field-notes", name="Field notes", disclaimer=snippet)
    report = bring_in(write([webflow_row("One", **_WITH_DISCLAIMER)]))
    assert "Not advice" not in Publication.objects.get().html
    assert any("shows its own" in sentence for sentence in report.notes.changed)


def test_a_disclaimer_stays_in_the_text_where_the_category_has_none(write, bring_in):
    bring_in(write([webflow_row("One", **_WITH_DISCLAIMER)]))
    assert Publication.objects.get().html.count("Not advice") == 1


def test_a_category_and_author_that_are_here_by_name_are_used(write, bring_in):
    Category.objects.create(slug="basics", name="Field Notes")
    Author.objects.create(slug="ada", name="Ada Lund")
    report = bring_in(write([webflow_row("One", Category="Field notes", Author="ada lund")]))
    assert report.made == {}
    assert document_of(Article.objects.get())["authors"] == ["ada"]


def test_an_old_address_that_changed_is_redirected(write, bring_in):
    bring_in(write([webflow_row("One", Slug="One & Only")]))
    redirect = Redirect.objects.get()
    assert redirect.path == "/blog/One%20%26%20Only/"
    assert redirect.target == Publication.objects.get().get_absolute_url()


def test_a_picture_in_the_file_itself_is_stored(write, bring_in):
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    html = f'<img src="data:image/png;base64,{png}" alt="Dot"><img src="data:image/svg+xml;base64,PHN2Zz4=">'
    report = bring_in(write([webflow_row("One", **{"Post Body": "<p>a</p>" + html})]))
    image = document_of(Article.objects.get())["blocks"][1]
    assert image["src"].startswith("images/")
    assert image["alt"] == "Dot"
    assert report.images_stored == 1
    assert any("SVG" in sentence for sentence in report.notes.lost)


def test_a_body_in_several_columns_is_one(write, bring_in):
    row = {"Name": "One", "Slug": "one", "Rich Text 1": "<p>First.</p>", "Rich Text 2": "<p>Second.</p>"}
    report = bring_in(write([row]))
    assert document_of(Article.objects.get())["blocks"][0]["html"] == "<p>First.</p>\n<p>Second.</p>"
    assert report.remarks == ["The body continues in “Rich Text 2”."]


def test_a_title_of_another_name_stands_before_the_slug(write, bring_in):
    report = bring_in(write([{"Headline (long)": "One", "Slug": "one", "Body": "<p>x</p>"}]))
    assert Article.objects.get().title == "One"
    assert "“Headline (long)”" in report.remarks[0]


def test_where_posts_were_is_seen_from_their_links(write, bring_in):
    link = {
        "Post Body": '<p>Also read <a href="/insights/two">Two</a> and <a href="https://else.example/x/two">this</a></p>'
    }
    bring_in(write([webflow_row("One", **link), webflow_row("Two")]))
    assert dict(Redirect.objects.values_list("path", "target")) == {
        "/insights/one/": "/blog/one/",
        "/insights/two/": "/blog/two/",
    }


COPIES = "".join(f'<a href="https://www.partner.example/post/{slug}">x</a>' for slug in ("one", "two"))


def test_links_to_copies_elsewhere_stay_unless_that_is_said_to_be_the_old_site(write, bring_in):
    path = write([webflow_row("One", **{"Post Body": f"<p>{COPIES}</p>"}), webflow_row("Two")])
    report = bring_in(path)
    assert (
        'href="https://www.partner.example/post/two"'
        in document_of(Article.objects.get(slug="one"))["blocks"][0]["html"]
    )
    assert "import with --site https://www.partner.example" in report.remarks[-1]
    bring_in(path, site="https://partner.example")
    assert 'href="/post/two"' in document_of(Article.objects.get(slug="one"))["blocks"][0]["html"]
    assert Redirect.objects.get(path="/post/two/").target == "/blog/two/"


def test_a_column_that_looks_like_a_summary_is_offered_and_taken_when_chosen(write):
    said = "A sentence or two about what the post says."
    path = write([webflow_row(name, **{"Post Summary": "", "Short Words": said}) for name in ("One", "Two")])
    header = path.read_text().replace("Post Summary,", "Other,")
    path.write_text(header)
    offered, chosen, wrong = (open_export(path) for _ in range(3))
    assert "on the command line with --column standfirst=“Short Words”" in offered.remarks[-1]
    assert [post.standfirst for post in offered.posts] == ["", ""]
    chosen.columns["standfirst"] = "short words"
    assert [post.standfirst for post in chosen.posts] == [said, said]
    wrong.columns["standfirst"] = "Nowhere"
    with pytest.raises(ImportRefused, match="no column “Nowhere”"):
        list(wrong.posts)


def test_a_post_that_ended_is_archived_and_one_that_will_end_has_its_end(write):
    rows = [webflow_row("One", **{"Expiry Date": "2020-01-01"}), webflow_row("Two", **{"Expiry Date": "2099-01-01"})]
    past, future = open_export(write(rows)).posts
    assert (past.status, future.status, future.ends_at.year) == ("archived", "published", 2099)


def test_a_picture_that_could_not_be_fetched_is_stored_by_a_later_run(write, bring_in):
    path = write([webflow_row("One", **{"Post Body": f'<p>a</p><img src="{PICTURE}" alt="Dot">'})])
    bring_in(path)
    before = Publication.objects.get()
    report = load(open_export(path), source="x", fetcher=Answering(max_bytes=1000))
    assert report.counts["changed"] == 1
    assert document_of(Article.objects.get())["blocks"][1]["src"].startswith("images/")
    shown = Publication.objects.get()
    assert (shown.published_at, shown.updated_at) == (before.published_at, before.updated_at)
    assert load(open_export(path), source="x", fetcher=Answering(max_bytes=1000)).counts["unchanged"] == 1


PICTURE = "https://pictures.example/dot.png"


class Answering(Fetcher):
    """A network on which one picture is."""

    def fetch(self, address):
        assert address == PICTURE
        return png()


def test_the_date_that_the_site_showed_comes_before_that_of_its_last_publication(write, bring_in):
    shown = "Mon Jan 06 2020 00:00:00 GMT+0000 (Coordinated Universal Time)"
    rows = [webflow_row("One", **{"Publish Date": shown}), webflow_row("Two", **{"Publish Date": "Spring 2023"})]
    report = bring_in(write(rows))
    dates = dict(Article.objects.values_list("slug", "published_at__date"))
    assert {slug: date.isoformat() for slug, date in dates.items()} == {"one": "2020-01-06", "two": "2025-03-03"}
    assert report.notes.lost == {"the date “Spring 2023”, which cannot be read": 1}


def test_a_row_without_a_title_is_named_for_its_address(write, bring_in):
    bring_in(write([webflow_row("x", Name="", Slug="why-eth-fell")]))
    assert Article.objects.get().title == "Why ETH Fell"


def test_spaces_without_width_go_wherever_they_stand(write, bring_in):
    body = '<p id="">\u200d</p><p>Words</p><p>\u200d</p>' + "<h2>Part</h2><pre><code>x</code></pre>" * 30
    bring_in(write([webflow_row("One", **{"Post Body": body})]))
    assert "\u200d" not in str(document_of(Article.objects.get()))
