"""What the checker finds before an article is published."""

import pytest

from articles.desk.checks import blocking, findings_of
from articles.documents import document_of
from articles.models import ImageAsset
from articles.publishing import submit
from articles.rendering import rendered
from tests.articles import factories

pytestmark = pytest.mark.django_db


def found(*blocks, **parts):
    article = factories.article(*blocks, **parts)
    document = document_of(article)
    return " ".join(finding.text for finding in findings_of(document, rendered(document), article))


def text(html):
    return {"type": "richtext", "html": html}


def test_the_checker_names_what_to_look_at():
    assert "has no alternative text" in found({"type": "image", "src": factories.image(alt="").file})
    assert "a level is left out" in found(text("<h2>a</h2><h4>b</h4><p>c</p>"))
    assert "search engines show about" in found(text("<p>x</p>"), title="Long " * 20)
    assert "neither a standfirst nor" in found(text("<p>x</p>"))
    assert "leads to no page" in found(text('<p><a href="/blog/nowhere/">x</a></p>'))
    assert "unfinished mark, “TK”" in found(text("<p>TK</p>"))
    assert "more than 40 words" in found(text(f"<p>{'word ' * 50}.</p>"))
    assert "No author is named" in found(text("<p>x</p>"))
    assert "is not published" in found(text("<p>x</p>"), {"type": "related", "article": "nothing"})
    assert "same title" in found(text("<p>x</p>"), title="Twice") + found(text("<p>x</p>"), title="Twice", slug="other")


def test_a_link_inside_the_site_that_works_is_no_finding():
    shown = factories.publication()
    assert "leads to no page" not in found(
        text(f'<p><a href="{shown.get_absolute_url()}#part">x</a> <a href="/blog/">y</a></p>')
    )


def test_the_link_of_a_picture_is_looked_at_and_needs_words():
    asset = factories.image(alt="")
    ImageAsset.objects.update(is_decorative=True)
    image = {"src": asset.file, "link": "/blog/nowhere/"}
    for block in ({"type": "image", **image}, {"type": "gallery", "images": [image]}):
        told = found(block)
        assert "The link /blog/nowhere/ leads to no page" in told
        assert "is a link: its alternative text has to say" in told
    assert "is a link" not in found({"type": "image", **image, "alt": "More of it"})


def test_what_blocks_is_told_apart_from_advice():
    article = factories.article(text("<p>TK</p>"))
    document = document_of(article)
    assert blocking(document, rendered(document), article) == ["The text still has an unfinished mark, “TK”."]


def test_a_finding_stops_no_review(writer):
    article = factories.article(text("<p>TK</p>"))
    submit(article, by=writer)
    assert article.state == "in_review"


def test_an_anchor_that_leads_nowhere_is_found():
    linked = '<h2>First part</h2><p><a href="#first-part">x</a> <a href="#second-part">y</a></p>'
    assert "The link #second-part leads to no heading" in found(text(linked))
    assert "#first-part leads" not in found(text(linked))


def test_an_address_that_is_neither_a_path_nor_a_site_is_found():
    assert "The link about leads nowhere" in found(text('<p><a href="about">x</a></p>'))
    assert "leads nowhere" not in found(text('<p><a href="www.example.org/x">x</a> <a href="tel:+49301">y</a></p>'))
