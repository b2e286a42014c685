"""The canonical document: what goes in comes out, what is wrong is said, what is hostile is cleaned."""

import string

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.document_schema import RESERVED, Document, DocumentError, normalised
from articles.documents import StaleVersion, apply_document, create_article, document_of
from articles.models import Article, Block, Revision
from tests.articles import factories
from tests.articles.desk import url

HOSTILE = [
    "<script>alert(1)</script><p>Words</p>",
    '<p onclick="alert(1)">Words</p>',
    '<a href="javascript:alert(1)">Words</a>',
    '<a href=" java\nscript:alert(1)">Words</a>',
    "<img src=x onerror=alert(1)><p>Words</p>",
    '<iframe src="https://evil.example"></iframe><p>Words</p>',
    '<p style="position:fixed">Words</p>',
    "<svg><script>alert(1)</script></svg><p>Words</p>",
    "<p>Words<!--slot:sponsor_slot:--></p>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math><p>Words</p>",
]
FORBIDDEN = ("<script", "onclick", "onerror", "javascript:", "<iframe", "style=", "<img", "<!--", "<svg")

words = st.text(string.ascii_letters + string.digits + " .,;:!?äöü“”-", min_size=1, max_size=60).filter(str.strip)
html = words.map(lambda text: f"<p>{text.strip()}</p>")
slugs = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12).filter(
    lambda slug: slug not in RESERVED
)
cells = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
blocks = st.one_of(
    st.fixed_dictionaries({"type": st.just("richtext"), "html": html}),
    st.fixed_dictionaries({"type": st.just("faq"), "question": words, "answer": html}),
    st.fixed_dictionaries({"type": st.just("callout"), "tone": st.sampled_from(["note", "tip", "warning"]), "html": html}),
    st.fixed_dictionaries({"type": st.just("pullquote"), "text": words}, optional={"attribution": words}),
    st.fixed_dictionaries({"type": st.just("image"), "src": slugs.map(lambda slug: f"images/{slug}.webp"), "alt": words},
                          optional={"caption": words, "focal": st.lists(st.floats(0, 1), min_size=2, max_size=2)}),
    st.fixed_dictionaries({"type": st.just("table"), "header": st.booleans(),
                           "csv": st.lists(st.tuples(cells, cells), min_size=2, max_size=5).map(lambda rows: "\n".join(map(",".join, rows)))}),
    st.fixed_dictionaries({"type": st.just("code"), "language": st.just("python"), "code": words}),
    st.fixed_dictionaries({"type": st.just("cta"), "heading": words, "label": words, "url": st.just("/newsletter/")}),
    st.fixed_dictionaries({"type": st.just("award_results"), "season": slugs, "category": slugs}),
    st.fixed_dictionaries({"type": st.just("survey"), "survey": slugs}),
    st.just({"type": "sponsor_slot"}),
    st.fixed_dictionaries({"type": st.just("related"), "article": slugs}),
)  # fmt: skip
documents = st.fixed_dictionaries(
    {"title": words, "slug": slugs, "standfirst": words, "blocks": st.lists(blocks, max_size=8)},
    optional={
        "reading_minutes": st.integers(1, 60),
        "seo": st.fixed_dictionaries({"title": words, "description": words}),
    },
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(documents)
def test_what_is_stored_is_what_comes_back(document):
    Article.objects.all().delete()
    wanted = normalised(document)
    stored = create_article(document)
    assert document_of(Article.objects.get(pk=stored.pk)) == wanted


@settings(max_examples=150, deadline=None)
@given(documents)
def test_the_canonical_form_is_its_own_canonical_form(document):
    once = normalised(document)
    assert normalised(once) == once


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["title", "slug", "blocks", "type", "html", "seo", "authors", "cover", "src", "images"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_taken_or_refused_with_reasons(value):
    problems = []
    try:
        normalised(value)
    except DocumentError as error:
        problems = error.problems or [""]
    assert all(problems)


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_document_stores_clean_html(hostile):
    stored = factories.article(
        {"type": "richtext", "html": hostile},
        {"type": "faq", "question": "Why?", "answer": hostile},
        {"type": "callout", "tone": "tip", "html": hostile},
    )
    for block in stored.blocks.all():
        assert "Words" in str(block.data)
        assert not any(bad in str(block.data).lower() for bad in FORBIDDEN)


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
def test_saving_a_block_cleans_it_too(hostile):
    block = Block(parent=factories.article(), region="main", ordering=99, kind="richtext", data={"html": hostile})
    block.save()
    assert not any(bad in block.data["html"].lower() for bad in FORBIDDEN)


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
def test_authors_and_snippets_store_clean_html(hostile):
    stored = [factories.author(bio_html=hostile).bio_html, factories.card(html=hostile).html]
    assert not any(bad in html.lower() for bad in FORBIDDEN for html in stored)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "title is missing"),
        ({"title": 7}, "“title” should be text"),
        ({"title": "x" * 201}, "at most 200 fit"),
        ({"category": "Not A Slug"}, "not a slug"),
        ({"colour": "red"}, "not a part of a document"),
        ({"version": 2}, "version 1 is understood"),
        ({"authors": "ana"}, "list of slugs"),
        ({"reading_minutes": True}, "whole number"),
        ({"cover": {"src": "../etc/passwd"}}, "neither one of our images"),
        ({"blocks": "none"}, "is a list"),
        ({"blocks": [{"type": "marquee"}]}, "Block 1 (marquee) has an unknown type"),
        ({"blocks": [{"type": "richtext", "html": ""}]}, "Block 1 (richtext): html: This field is required"),
        ({"blocks": [{"type": "richtext", "html": "<p>a</p>", "size": 3}]}, "“size” is not a value of this block"),
        ({"blocks": [{"type": "image", "src": "images/a.webp", "link": "javascript:x"}]}, "Write an address that starts with https"),
        ({"cover": {"src": "images/a.webp", "link": "https://x.example/"}}, "“link” is not a value of this block"),
        ({"blocks": [{"type": "table", "csv": "a,b\nc"}]}, "Row 2 has 1 cells, the first row has 2"),
        ({"blocks": [{"type": "chart", "kind": "bar", "title": "t", "csv": "a,b\nc,many"}]}, "“many” in row 2 is not a number"),
        ({"blocks": [{"type": "embed", "url": "https://evil.example/player"}]}, "Players can be embedded from"),
        ({"blocks": [{"type": "cta", "heading": "h", "label": "l", "url": "javascript:alert(1)"}]}, "starts with https://"),
        ({"blocks": [{"type": "cta", "heading": "h", "label": "l", "url": "//evil.example"}]}, "starts with https://"),
        ({"blocks": [{"type": "image", "src": "images/a.webp", "focal": [2, 0]}]}, "between 0 and 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(wrong, said):
    with pytest.raises(DocumentError) as caught:
        normalised(factories.document(**wrong))
    assert said in str(caught.value)


@pytest.mark.django_db
def test_a_refused_document_changes_nothing():
    stored = factories.article()
    before = document_of(stored)
    with pytest.raises(DocumentError, match="There is no category “nowhere”"):
        apply_document(stored, {**before, "title": "Another", "category": "nowhere"})
    assert document_of(Article.objects.get(pk=stored.pk)) == before
    assert stored.revisions.count() == 1


@pytest.mark.django_db
def test_the_same_document_makes_no_revision():
    stored = factories.article()
    assert apply_document(stored, document_of(stored)) is None
    assert Revision.objects.filter(article=stored).count() == 1


@pytest.mark.django_db
def test_who_saves_second_is_refused():
    stored = factories.article()
    apply_document(stored, {**document_of(stored), "title": "First"}, expected_version=1)
    with pytest.raises(StaleVersion):
        apply_document(stored, {**document_of(stored), "title": "Second"}, expected_version=1)
    assert Article.objects.get(pk=stored.pk).title == "First"


@pytest.mark.django_db
def test_a_slug_that_is_taken_gets_a_number():
    assert [factories.article(slug="here").slug for _ in range(3)] == ["here", "here-2", "here-3"]
    assert factories.article(slug="search").slug == "search-2"


@pytest.mark.django_db
def test_a_slug_stays_when_its_article_is_saved_again():
    stored = [factories.article(slug="here") for _ in range(2)][-1]
    apply_document(stored, {**document_of(stored), "title": "Another"})
    assert stored.slug == "here-2"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("title", "slug"),
    [("Größenwahn", "groessenwahn"), ("Привет, мир", "privet-mir"), ("東京の新聞", "dongjingnoxinwen"), ("🚀🚀", "rocket-rocket"),
     ("שלום", "slvm"), ("…!", "article")],
)  # fmt: skip
def test_a_title_in_any_script_can_be_published(title, slug, client):
    shown = factories.publication(title=title, slug="")
    assert client.get(f"/blog/{slug}/").status_code == 200
    assert (shown.title, shown.slug) == (title, slug)


@pytest.mark.parametrize(
    ("typed", "slug"), [("Not A Slug!", "not-a-slug"), ("/blog/Über/", "blog-ueber"), ("x" * 300, "x" * 120)]
)
def test_a_typed_slug_is_put_right_instead_of_refused(typed, slug):
    assert normalised(factories.document(slug=typed))["slug"] == slug


@pytest.mark.django_db
def test_a_slug_that_readers_know_is_taken_too():
    shown = factories.publication(slug="known").article
    apply_document(shown, {**document_of(shown), "slug": "renamed"})
    assert factories.article(slug="known").slug == "known-2"


@pytest.mark.django_db
def test_authors_keep_their_order():
    for slug in ("ana", "ben", "cem"):
        factories.author(slug)
    stored = factories.article(authors=["cem", "ana", "ben"])
    assert document_of(stored)["authors"] == ["cem", "ana", "ben"]


@pytest.mark.django_db
def test_a_block_of_no_known_kind_is_refused():
    with pytest.raises(ValidationError, match="unknown type"):
        Block(parent=factories.article(), region="main", ordering=1, kind="marquee", data={}).save()


# Every part of a document, and something else than factories make it.
CHANGED = {
    "title": "Changed",
    "slug": "changed",
    "standfirst": "Changed.",
    "language": "de",
    "category": "research",
    "authors": ["bo", "ana"],
    "tags": ["bitcoin"],
    "seo": {
        "title": "Changed", "description": "Changed", "social_title": "Changed", "social_image": "images/elsewhere.png",
        "canonical": "https://elsewhere.example/a", "noindex": True,
    },
    "cta": "subscribe",
    "cover": {"src": "https://elsewhere.example/a.png", "caption": "Changed"},
    "reading_minutes": 9,
    "corrections": [{"date": "2026-05-03", "text": "The fee is 2 %, not 3 %."}],
    "blocks": [{"type": "code", "code": "x = 1"}],
    "series": "fees-explained",
    "part": 2,
}  # fmt: skip


def test_no_part_of_a_document_is_forgotten_here():
    assert {*CHANGED, "version", "kind"} == set(Document.__annotations__)


@pytest.fixture
def named(db):
    """The rows that CHANGED names."""
    factories.category("research")
    factories.author("ana")
    factories.author("bo")
    factories.tag("bitcoin")
    factories.card("subscribe")
    factories.series("fees-explained")


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_every_part_of_a_document_is_stored_and_comes_back(named, name):
    of_what = {"series": CHANGED["series"]} if name == "part" else {}  # a number is one of a series
    article = factories.article(**of_what)
    wanted = {**document_of(article), name: CHANGED[name]}
    assert wanted != document_of(article)
    apply_document(article, wanted)
    assert document_of(Article.objects.get()) == wanted


def test_the_form_of_an_article_shows_every_part_of_its_document(named, editor, client):
    article = factories.article(**CHANGED)
    form = client.get(url("change", article.pk)).context["adminform"].form
    assert form.document(CHANGED["blocks"]) == document_of(article)
