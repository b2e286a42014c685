"""A frame is kept for as long as all that it is made from, and no field of it can be forgotten on the way."""

import json
import re
import shutil
from datetime import UTC, datetime
from hashlib import blake2b
from types import NoneType
from typing import get_args, get_type_hints

import pytest
from django.conf import settings as site_settings
from django.db.models import Field
from django.template.autoreload import reset_loaders
from django.test.signals import template_rendered

from articles import article_page, frames
from articles.content import Content
from articles.contexts import ArticleContext
from articles.documents import document_of
from articles.models import Publication, Snippet
from articles.preview import preview_row
from articles.querysets import PageRow
from core import generation
from core.models import SiteProfile
from tests.articles import factories

pytestmark = pytest.mark.django_db

# What the code puts into the frame of ROW, by frames.VERSION. Add to it, never change it: frames made by the code of
# before are kept under their version.
PINNED = {
    1: "3fa7c0f324757512ee17815149c64286",
    2: "81d3d3416a9118d44c26aa1d5d884b4a",
    3: "4eca7a2a22cdcc69b1c733ee209080b8",
    4: "483a8267ef7881c77695fa3d4ba77fb0",
    5: "4ee282d8c0e9c49ed9c919a965ac13cb",
}
ROW = {
    "pk": 1,
    "kind": "article",
    "slug": "fees",
    "title": "Fees fall on <Sundays>",
    "standfirst": "What a quiet day costs.",
    "language": "de",
    "seo_title": "Fees on Sundays",
    "seo_description": "Cheap.",
    "social_title": "Cheap Sundays",
    "canonical": "https://elsewhere.example/fees",
    "noindex": True,
    "corrections": '[{"date": "2026-02-03", "text": "The day was a Sunday."}]',
    "paid": '{"named": [{"sponsor": "Quayside", "on": "2026-02-03"}], "is_open": false}',
    "html": "<p>Body</p>",
    "toc": '[{"level": 2, "id": "why", "text": "Why"}]',
    "faq": '[{"question": "Is it so?", "answer": "<p>It <b>is</b>.</p>"}]',
    "image": '{"src": "/media/a.webp", "alt": "A", "width": 9, "height": 9, "caption": "C", "card": {"src": "/c"}}',
    "social_image": "images/social/a.png",
    "reading_minutes": 3,
    "words": 600,
    "published_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    "updated_at": datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
    "series_slug": "fees-explained",
    "series_name": "Fees, explained",
    "part": 2,
    "category_slug": "research",
    "category_name": "Research",
    "disclaimer_slug": "warning",
    "disclaimer_html": "<p>No advice.</p>",
    "cta_slug": "subscribe",
    "cta_heading": "Stay in touch",
    "cta_html": "<p>Each <i>week</i>.</p>",
    "cta_label": "Subscribe",
    "cta_url": "/newsletter/",
    "byline_rows": json.dumps(
        [
            {"slug": "ana", "name": "Ana", "role": "Reporter", "bio_html": "<p>Writes.</p>",
             "links": [{"label": "Site", "url": "https://ana.example"}], "portrait": "images/ana.webp"},
            {"slug": "bo", "name": "Bo", "role": "", "bio_html": "", "links": [], "portrait": None},
        ]
    ),
    "tag_rows": '[{"slug": "bitcoin", "name": "Bitcoin"}]',
    "snippet_rows": "[]",
    "also_read_rows": "[]",
    "related_pks": "[]",
    "frame_key": None,
    "frame_html": None,
}  # fmt: skip


@pytest.fixture
def shown():
    """An article that shows everything there is."""
    warning = Snippet.objects.create(slug="warning", kind="disclaimer", html="<p>No advice.</p>")
    factories.category("research", disclaimer=warning)
    factories.author("ana", role="Reporter", bio_html="<p>Writes.</p>", portrait=factories.image())
    factories.tag("bitcoin")
    factories.card("subscribe")
    other = factories.publication()
    return factories.publication(
        {"type": "richtext", "html": "<h2>Part</h2><p>Words.</p>"},
        {"type": "cta", "snippet": "subscribe"},
        {"type": "related", "article": other.slug},
        slug="fees", title="Fees", standfirst="Cheap.", language="de", reading_minutes=7,
        seo={"title": "S", "description": "D", "social_title": "T", "canonical": "https://a.example/", "noindex": True},
        corrections=[{"date": "2026-02-03", "text": "The day was a Sunday."}],
        category="research", authors=["ana"], tags=["bitcoin"], cta="subscribe",
        cover={"src": factories.image().file, "caption": "C", "credit": "D"},
    )  # fmt: skip


def page_row(slug):
    row = article_page.ROWS.first(slug)
    assert row
    return row


def test_our_code_puts_into_a_frame_what_its_version_says(settings):
    settings.SITE_URL = "https://news.example"
    context = frames.context_of(ROW)
    said = {name: value for name, value in context.items() if not isinstance(value, SiteProfile)}
    digest = blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()
    assert PINNED.get(frames.VERSION) == digest, (
        "Frames are made of something else now. Raise VERSION in articles/frames.py, so that those kept before are made"
        f" anew, and add its digest to PINNED: {digest}"
    )


def test_a_changed_template_makes_another_key(tmp_path, settings):
    shutil.copytree(site_settings.BASE_DIR / "templates", tmp_path / "templates")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    keys = [frames.key_of(ROW)]
    for name in frames.templates():
        with (tmp_path / f"templates/{name}").open("a") as file:
            file.write("<!-- changed -->")
        reset_loaders()
        generation.reset()
        keys.append(frames.key_of(ROW))
    assert len(set(keys)) == len(frames.templates()) + 1 > 15


def test_every_template_that_makes_a_frame_is_among_those_that_decide_its_key(shown):
    SiteProfile(name="Moon", tagline="T", about_html="<p>We.</p>", stats=[{"value": "1", "label": "x"}]).save()
    preview, used = preview_row(document_of(shown.article)), set[str]()

    def note(template, **_):
        used.add(template.name)

    template_rendered.connect(note)
    try:
        frames.render_frame(page_row("fees"))
        frames.render_frame(preview, preview=True)
    finally:
        template_rendered.disconnect(note)
    assert len(used) > 10
    assert used <= set(frames.templates())


def test_a_row_of_the_database_and_one_of_a_preview_are_what_their_type_says(shown):
    hints = get_type_hints(PageRow)
    for row in (page_row("fees"), preview_row(document_of(shown.article))):
        assert set(row) == set(hints)
        for name, value in row.items():
            wanted = get_args(hints[name]) or (hints[name],)
            assert isinstance(value, wanted), name
            assert value or NoneType in wanted or name in ("related_pks", "pk", "social_image"), name


def test_a_preview_shows_what_will_be_published(shown):
    published, preview = page_row("fees"), preview_row(document_of(shown.article))
    made_at_publishing = {"pk", "social_image", "image", "published_at", "updated_at", "related_pks"}
    for name in set(published) - made_at_publishing:
        mine, theirs = (
            json.loads(row[name]) if str(row[name])[:1] == "[" else row[name] for row in (published, preview)
        )
        assert mine == theirs, name


def test_templates_ask_an_article_only_for_what_it_has():
    folder = site_settings.BASE_DIR / "templates" / "articles"
    asked = {
        name
        for file in ("article.html", "head.html")
        for name in re.findall(r"\bpublication\.(\w+)", (folder / file).read_text())
    }
    assert asked <= set(ArticleContext.__annotations__)
    assert "toc" in asked


def test_a_publication_has_a_column_for_all_its_content():
    columns = {field.name for field in Publication._meta.get_fields() if isinstance(field, Field) and field.concrete}
    at_publishing = {"id", "article", "version", "social_image", "published_at", "updated_at", "search", "paid"}
    relations = {"authors", "tags", "snippets", "also_read", "related"}
    assert set(Content.__annotations__) == columns - at_publishing - relations
