"""Nothing that readers can find in an article escapes: every text of every block, and of the rows it shows."""

import pytest
from django import forms

from articles import texts
from articles.blocks import KINDS, Kind
from articles.document_schema import KEYS, empty_document
from sponsors.names import register_of
from tests.articles import factories

NAME = "Northwind Custody"
LINK = "https://northwind.example/x"
REGISTER = register_of(((1, NAME, (), "https://northwind.example"),))
IMAGE = {"src": "images/aa/picture.webp", "alt": "x"}
# For each kind of block, what it holds with a sponsor in one place after the other.
BLOCKS = {
    "richtext": [
        {"html": f"<p>x {NAME}</p>"},
        {"html": "<p>North<strong>wind</strong> Cus<em>tody</em></p>"},
        {"html": f'<p><a href="{LINK}">here</a></p>'},
        {"html": f'<p><abbr title="{NAME}">NC</abbr></p>'},
        {"html": f'<blockquote cite="{LINK}"><p>x</p></blockquote>'},
        {"html": f'<p>x<small data-footnote="">{NAME}</small></p>'},
        {"html": f"<table><tr><td>{NAME}</td></tr></table>"},
    ],
    "image": [{**IMAGE, key: NAME} for key in ("alt", "caption", "credit")] + [{**IMAGE, "src": f"{LINK}.png"}],
    "gallery": [{"images": [IMAGE, {**IMAGE, "caption": NAME}]}, {"images": [IMAGE], "caption": NAME}],
    "faq": [{"question": NAME, "answer": "x"}, {"question": "x", "answer": f'<a href="{LINK}">x</a>'}],
    "cta": [
        {"heading": NAME, "label": "x", "url": "/x/"},
        {"heading": "x", "body": NAME, "label": "x", "url": "/x/"},
        {"heading": "x", "label": NAME, "url": "/x/"},
        {"heading": "x", "label": "x", "url": LINK},
        {"snippet": "card"},
    ],
    "callout": [{"tone": "note", "html": NAME}],
    "pullquote": [{"text": NAME}, {"text": "x", "attribution": NAME}],
    "table": [{"caption": NAME, "csv": "a,b"}, {"csv": f"a,{NAME}"}],
    "chart": [
        {"kind": "bar", "title": NAME, "csv": "a,b\nc,1"},
        {"kind": "bar", "title": "x", "csv": f"a,b\n{NAME},1"},
        {"kind": "bar", "title": "x", "csv": "a,b\nc,1", "unit": NAME},
    ],
    "embed": [{"url": "https://www.youtube.com/watch?v=northwind-custody"}],
    "code": [{"code": f"print('{NAME}')"}],
    "award_results": [{"season": "northwind-custody", "category": "x"}],
    "survey": [{"survey": "northwind-custody"}],
    "signup": [{"heading": NAME}, {"text": NAME}],
    "sponsor_slot": [],
    "related": [{"article": "northwind-custody"}],
}
CASES = [(kind, data) for kind, each in BLOCKS.items() for data in each]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_sponsor_is_found_in_every_text_of_every_block(kind, data):
    if data == {"snippet": "card"}:
        factories.card(html=f"<p>{NAME}</p>")
    assert list(REGISTER.find(texts.of_block({"type": kind, **data})))


def test_every_kind_of_block_is_in_the_table():
    assert set(BLOCKS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_text_of_a_kind_can_be_read(kind):
    assert texts.is_readable(kind)


def test_a_new_kind_is_refused_until_its_texts_can_be_read():
    class Map(Kind):
        block_type, block_name, block_icon = "map", "Map", "map"
        places = forms.JSONField()

    class Poll(Kind):
        block_type, block_name, block_icon, shows = "poll", "Poll", "poll", "something of another part"

    assert not texts.is_readable(Poll)
    assert not texts.is_readable(Map)


HEAD = {
    "title": NAME,
    "slug": "northwind-custody",
    "standfirst": NAME,
    "seo": {"title": "", "description": "", "social_title": NAME},
    "corrections": [{"date": "2026-01-01", "text": NAME}],
    "cover": {"src": "images/aa/x.webp", "alt": NAME},
    "blocks": [{"type": "callout", "tone": "note", "html": NAME}],
}
OF_ROWS = {"category", "authors", "tags", "series", "cta"}


def test_every_part_of_a_document_is_read():
    assert set(HEAD) | OF_ROWS | texts.NOT_READ == KEYS


@pytest.mark.django_db
@pytest.mark.parametrize("part", HEAD)
def test_a_sponsor_is_found_in_every_part_of_a_document(part):
    assert list(REGISTER.find(texts.texts_of({**empty_document(), part: HEAD[part]})))


@pytest.mark.django_db
def test_a_sponsor_is_found_in_the_rows_that_a_document_names():
    rows = {
        "category": factories.category(name=NAME).slug,
        "series": factories.series(name=NAME).slug,
        "tags": [factories.tag("northwind-custody").slug],
        "authors": [factories.author(bio_html=f"<p>Once at {NAME}</p>").slug],
        "cta": factories.card(html=f"<p>{NAME}</p>").slug,
    }
    found = {part: list(REGISTER.find(texts.texts_of({**empty_document(), part: row}))) for part, row in rows.items()}
    assert set(rows) == OF_ROWS
    assert all(found.values()), found
