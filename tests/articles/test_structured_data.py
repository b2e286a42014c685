"""What pages say to machines keeps to schema.org's vocabulary, and has what search engines ask for."""

import pytest

from articles import structured_data
from core.models import SiteProfile
from tests.articles import factories
from tests.articles.jsonld import nodes_of, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def full():
    """An article of a newsroom that has said everything about itself."""
    SiteProfile.objects.create(
        name="Perigee", tagline="Research", contact_email="desk@example.com",
        social_links=[{"label": "Mastodon", "url": "https://social.example/@perigee"}],
    )  # fmt: skip
    factories.category("research")
    links = [{"label": "Mastodon", "url": "https://social.example/@ana"}]
    factories.author(
        "ana", role="Reporter", bio_html="<p>Writes.</p>", links=links, portrait=factories.image(alt="Ana")
    )
    factories.tag("fees")
    return factories.publication(
        {"type": "faq", "question": "Is it safe?", "answer": "<p>It <b>depends</b>.</p>"},
        slug="full", title="All of it " * 15, category="research", authors=["ana"], tags=["fees"], standfirst="In short.",
        cover={"src": factories.image().file, "alt": "A picture"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/", ["WebSite", "Organization"]),
        ("/blog/full/", ["Article", "BreadcrumbList", "FAQPage"]),
        ("/blog/", ["BreadcrumbList"]),
        ("/blog/category/research/", ["BreadcrumbList"]),
        ("/blog/tag/fees/", ["BreadcrumbList"]),
        ("/blog/author/ana/", ["ProfilePage", "BreadcrumbList"]),
    ],
)
def test_a_page_is_described_as_schema_org_and_google_want_it(full, client, path, kinds):
    nodes = nodes_of(client.get(path).content.decode())
    assert [node["@type"] for node in nodes] == kinds
    assert problems(nodes) == []


def test_so_is_an_article_of_which_little_is_known(client):
    shown = factories.publication()
    assert problems(nodes_of(client.get(shown.get_absolute_url()).content.decode())) == []
    assert problems(nodes_of(client.get("/").content.decode())) == []


def test_it_says_what_the_page_says(full, client):
    article, trail, faq = nodes_of(client.get("/blog/full/").content.decode())
    assert article["author"][0]["name"] == "Ana"
    assert (article["keywords"], article["articleSection"]) == (["fees".title()], "Research")
    assert [step["name"] for step in trail["itemListElement"]] == ["Perigee", "Articles", "Research", full.title]
    assert [step["position"] for step in trail["itemListElement"]] == [1, 2, 3, 4]
    assert faq["mainEntity"][0]["acceptedAnswer"]["text"] == "It depends."


ORGANIZATION = {"@type": "Organization", "name": "x", "url": "https://x.example/", "logo": "https://x.example/x.svg"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"jobTitle": "Reporter"}, "no such property"),
        ({"nonsense": 1}, "no such property"),
        ({"foundingDate": "soon"}, "none of Date"),
        ({"numberOfEmployees": "many"}, "none of QuantitativeValue"),
        (
            {"founder": {"@type": "Question", "name": "x", "acceptedAnswer": {"@type": "Answer", "text": "x"}}},
            "none of",
        ),
        (
            {"founder": {"@type": "Person", "name": "x", "url": "https://x.example/", "wordCount": 1}},
            "no such property",
        ),
        ({"founder": {"@id": "https://x.example/#nobody"}}, "nothing has the @id"),
        ({"sameAs": ["not an address"]}, "none of URL"),
        ({"isAccessibleForFree": True}, "no such property"),
        ({"name": ""}, "none of Text"),
        ({"@type": "Organisation"}, "no type"),
        ({"logo": None}, "none of"),
    ],
)
def test_the_check_finds_what_is_wrong(change, complaint):
    assert problems([ORGANIZATION]) == []
    (problem,) = problems([{**ORGANIZATION, **change}])
    assert complaint in problem
    assert problems([{"@type": "Organization", "name": "x"}]) == ["Organization: lacks logo", "Organization: lacks url"]


def test_nobody_can_end_the_script_element():
    assert "</" not in structured_data.script_text({"name": "</script><script>alert(1)</script>"})


@pytest.mark.parametrize(("path", "robots"), [("/blog/", False), ("/blog/search/?q=x", True)])
def test_lists_are_indexed_and_searches_are_not(client, path, robots):
    page = client.get(path).content.decode()
    assert ('name="robots" content="noindex' in page) is robots


def test_a_list_names_its_own_address_and_feed(full, client):
    page = client.get("/blog/tag/fees/?utm_source=x").content.decode()
    assert '<link rel="canonical" href="http://localhost:8000/blog/tag/fees/">' in page
    assert 'href="/blog/tag/fees/feed.xml"' in page
