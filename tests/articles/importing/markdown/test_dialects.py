"""What site generators write around Markdown: configurations, includes, notices, components."""

import pytest

from articles.documents import document_of
from articles.models import Article, Redirect
from tests.articles.importing.samples import zipped

pytestmark = pytest.mark.django_db
HEAD = "---\ntitle: One\ndate: 2024-05-01\n---\n"


@pytest.fixture
def site(write, bring_in):
    """Import the files of a site."""

    def brought(files):
        return bring_in(write(zipped(files), "site.zip"))

    return brought


def blocks_of(slug="one"):
    return document_of(Article.objects.get(slug=slug))["blocks"]


@pytest.mark.parametrize(
    ("config", "name", "old"),
    [
        ({"_config.yml": "permalink: /:year/:title/\n"}, "_posts/2024-05-01-one.md", "/2024/one/"),
        ({"_config.yml": "permalink: pretty\nbaseurl: /news\n"}, "_posts/2024-05-01-one.md", "/news/2024/05/01/one/"),
        ({}, "_posts/2024-05-01-one.md", "/2024/05/01/one.html"),
        ({"hugo.toml": '[permalinks]\nposts = "/:year/:month/:slug/"\n'}, "content/posts/one.md", "/2024/05/one/"),
        ({"config.yaml": "baseURL: https://old.example\n"}, "content/posts/one/index.md", "/posts/one/"),
    ],
)
def test_old_addresses_follow_the_configuration(site, config, name, old):
    site(config | {name: HEAD + "x"})
    assert list(Redirect.objects.values_list("path", flat=True)) == [old]


def test_links_to_the_site_that_its_configuration_names_become_its_own(site):
    site(
        {
            "_config.yml": "url: https://old.example\n",
            "_posts/2024-05-01-one.md": HEAD + "[two](https://old.example/two/)",
        }
    )
    assert blocks_of()[0]["html"] == '<p><a href="/two/">two</a></p>'


def test_posts_in_html_come_and_those_in_other_formats_are_named(site):
    report = site(
        {"_posts/2024-05-01-one.html": HEAD + "<p>Words *as they are*</p>", "_posts/2024-05-02-two.textile": "h1. Two"}
    )
    assert blocks_of()[0]["html"] == "<p>Words *as they are*</p>"
    assert report.lost == {"posts in a format that cannot be read (_posts/2024-05-02-two.textile)": 1}


@pytest.mark.parametrize(
    "date", ["Jul 08 2022", "July 8, 2022", "8th July 2022", "2022-07-08T00:00:00.000Z", "Friday, July 8, 2022"]
)
def test_dates_are_read_as_people_write_them(site, date):
    site({"one.md": f"---\ntitle: One\npubDate: '{date}'\n---\nx"})
    assert Article.objects.get().published_at.date().isoformat() == "2022-07-08"


def test_a_date_that_cannot_be_read_makes_a_draft_and_is_named(site):
    report = site({"one.md": "---\ntitle: One\ndate: someday\n---\nx"})
    assert Article.objects.get().state == "draft"
    assert report.notes.lost == {"the date “someday”, which cannot be read": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{% include figure.html src="https://i.example/a.png" caption="Seen" %}', {"type": "image", "src": "https://i.example/a.png", "caption": "Seen"}),
        ('{% image "https://i.example/a.png", "A bridge" %}', {"type": "image", "src": "https://i.example/a.png", "alt": "A bridge"}),
        ('{% include youtube.html id="abcdefghijk" %}', {"type": "embed", "url": "https://www.youtube.com/watch?v=abcdefghijk"}),
        ('{{% notice warning "Mind" %}}Hot.{{% /notice %}}', {"type": "callout", "tone": "warning", "html": "<p><strong>Mind</strong></p>\n<p>Hot.</p>"}),
        ("{{< gist ada 12 >}}", {"type": "richtext", "html": '<p><a href="https://gist.github.com/ada/12">https://gist.github.com/ada/12</a></p>'}),
        ("* TOC\n{:toc}\n\nWords ^a1b2c3\n", {"type": "richtext", "html": "<p>Words</p>"}),
        ("Said[^1].\n\n[^1]: By her.\n", {"type": "richtext", "html": '<p>Said<small data-footnote="">By her.</small>.</p>'}),
    ],
)  # fmt: skip
def test_what_generators_fill_in_becomes_what_it_showed(site, text, expected):
    site({"one.md": HEAD + text})
    assert blocks_of() == [expected]


def test_components_leave_their_words_and_are_named(site):
    text = 'import A from \'a\'\n\n<Chart data={[1, 2]} />\n\n<Box type="x">**Careful**</Box>\n\n<YouTube id="abcdefghijk" />\n\nHello {name}\n'
    report = site({"one.mdx": HEAD + text})
    assert [block.get("html") or block["url"] for block in blocks_of()] == [
        "<p><strong>Careful</strong></p>",
        "https://www.youtube.com/watch?v=abcdefghijk",
        "<p>Hello</p>",
    ]
    assert set(report.notes.lost) == {
        "component left out: <Chart data={[1, 2]} />",
        "component <Box>, which is unknown here (its content was kept)",
        "an expression that is evaluated when a page is built: {name}",
    }


def test_an_address_that_is_a_template_is_no_address(site):
    site({"one.md": "---\ntitle: One\ndate: 2024-05-01\npermalink: '/{{ page.x }}/index.html'\n---\nx"})
    assert not Redirect.objects.exists()


@pytest.mark.parametrize(
    "head",
    [
        "title:\tOne\ntags:\n\t- a\n",
        "title: One\ntags:\n- a\t\t\n",
        "title: One\t\n\ttags: a\n",
        "title: One: the first\t\ntags:\n-\ta\n",
    ],
)
def test_tabs_in_front_matter_are_no_obstacle(site, head):
    site({"one.md": f"---\n{head}---\nx"})
    assert document_of(Article.objects.get())["tags"] == ["a"]


def test_a_text_that_begins_with_a_rule_has_no_front_matter(site):
    site({"one.md": "---\n\nWords after a rule\n\n---\n\nMore words\n"})
    assert blocks_of()[0]["html"] == "<hr>\n<p>Words after a rule</p>\n<hr>\n<p>More words</p>"


def test_the_id_of_a_heading_is_no_part_of_it_and_links_still_find_it(site):
    site(
        {
            "one.md": HEAD
            + "Go to [part](#first).\n\n## Part one {#first .wide}\n\n## Part two {.wide}\n\n## Use {name}\n"
        }
    )
    assert blocks_of()[0]["html"] == (
        '<p>Go to <a href="#part-one">part</a>.</p>\n<h2>Part one</h2>\n<h2>Part two</h2>\n<h2>Use {name}</h2>'
    )
