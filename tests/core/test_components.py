"""The shared pieces of reader pages keep their promises, whatever they are given."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.template.loader import render_to_string

from core.lib.charts import bar_chart, grid_chart, line_chart

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "components"
HOSTILE = '"><script>alert(1)</script>'
AUTHOR = {"name": f"Ines {HOSTILE}", "url": "/blog/author/ines/", "bio": HOSTILE, "role": "Editor", "picture": None}
IMAGE = {
    "src": "/media/a.jpg",
    "alt": f"A graph {HOSTILE}",
    "width": 1600,
    "height": 900,
    "srcset": "/media/a-800.jpg 800w",
}
ARTICLE = {
    "title": f"A title {HOSTILE}", "standfirst": HOSTILE, "url": "/blog/a/", "category": {"name": "Research", "url": "/r/"},
    "authors": [AUTHOR, AUTHOR], "published_at": datetime(2026, 11, 20, tzinfo=UTC), "reading_minutes": 4, "image": IMAGE,
}  # fmt: skip
SITE = {
    "name": "Perigee", "tagline": HOSTILE, "postal_address": "14 Orrery Row", "contact_email": "desk@perigee.example",
    "about_heading": HOSTILE, "about_html": "<p>About</p>", "stats": [{"value": "12", "label": HOSTILE}],
    "menu": [{"label": HOSTILE, "url": "/blog/"}], "social_links": [{"label": "Mastodon", "url": "https://m.example/"}],
}  # fmt: skip
PLACEMENT = {
    "sponsor_name": "Halyard", "label": "", "headline": HOSTILE, "body": HOSTILE, "image_url": "/media/ad.png",
    "link_url": "https://halyard.example/", "click_url": "/l/abc",
}  # fmt: skip
BARS = {"chart": bar_chart([("One", 3), (HOSTILE, 2)]), "title": "A chart", "id": "c"}
SERIES = {"name": HOSTILE, "url": "/blog/series/x/"}
STEP = {"url": "/blog/x/", "title": HOSTILE}
CONTEXTS = {
    "series_line": {"series": SERIES, "standing": {"place": 2, "total": 3}},
    "series_steps": {"series": SERIES, "standing": {"place": 2, "total": 3, "previous": STEP, "next": STEP}},
    "about_panel": {"site": SITE},
    "also_read": {"article": ARTICLE},
    "corrections": {"corrections": [{"date": datetime(2026, 5, 3, tzinfo=UTC).date(), "text": HOSTILE}]},
    "sponsor_notes": {"notes": [HOSTILE]},
    "paid": {
        "paid": {"named": [{"sponsor": HOSTILE, "words": HOSTILE, "on": datetime(2026, 5, 3, tzinfo=UTC).date()}], "is_open": False}
    },
    "article_row": {"cards": "", "heading": HOSTILE, "id": "recent"},
    "article_card": {"article": ARTICLE},
    "author_card": {"author": AUTHOR},
    "avatar": {"author": AUTHOR},
    "backlink": {"url": "/blog/", "label": HOSTILE},
    "bar_chart": BARS,
    "bare_page": {},
    "chart_table": {"rows": bar_chart([("One", 3)]).bars, "title": HOSTILE, "label_heading": HOSTILE, "value_heading": HOSTILE},
    "byline": {"article": ARTICLE},
    "callout": {"tone": "tip", "html": "<p>Fine</p>"},
    "code_block": {"code": HOSTILE, "language": HOSTILE},
    "cta_card": {"cta": {"heading": HOSTILE, "body": HOSTILE, "label": HOSTILE, "url": "/x/"}},
    "data_table": {"caption": HOSTILE, "head": [{"text": HOSTILE}], "rows": [[{"text": HOSTILE}, {"text": "1", "numeric": True}]]},
    "disclaimer": {"html": "<p>Not advice</p>"},
    "embed": {"provider": "YouTube", "title": HOSTILE, "url": "https://y.example/", "embed_url": "https://y.example/embed"},
    "empty_state": {"heading": HOSTILE, "text": HOSTILE, "url": "/", "label": "Home"},
    "faq": {"entries": [{"question": HOSTILE, "answer": "<p>Yes</p>"}]},
    "figure": {"image": IMAGE, "caption": HOSTILE, "credit": HOSTILE},
    "footer": {"site": SITE},
    "gallery": {"images": [IMAGE, IMAGE], "caption": HOSTILE},
    "header": {"site": SITE, "path": "/blog/"},
    "grid_chart": {
        "chart": grid_chart(["One", HOSTILE], [(HOSTILE, [(3, True), None])]),
        "title": HOSTILE,
        "description": HOSTILE,
        "id": "g",
    },
    "hero_card": {"article": ARTICLE},
    "icon": {"name": "search"},
    "line_chart": {"chart": line_chart([("One", 3), (HOSTILE, -2)]), "title": "A line", "id": "l"},
    "linked_picture": {"image": IMAGE | {"link": f"/x/?{HOSTILE}", "alt": "", "caption": HOSTILE}},
    "mark": {},
    "messages": {"messages": [SimpleNamespace(level_tag="success", __str__=lambda _: HOSTILE)]},
    "meta": {"article": ARTICLE},
    "nav_links": {"site": SITE, "path": "/blog/"},
    "notice": {"text": HOSTILE, "tone": "danger"},
    "package_card": {"package": {"name": "Gold", "price_text": "€ 2,400", "includes": [HOSTILE], "url": "/advertise/book/gold/"}},
    "pagination": {"page": Paginator(range(9), 2).page(2), "query": ""},
    "picture": {"image": IMAGE},
    "plain_page": {"heading": HOSTILE, "text": HOSTILE, "site": SITE, "request": SimpleNamespace(path="/")},
    "pullquote": {"text": HOSTILE, "attribution": HOSTILE},
    "results_table": {"caption": HOSTILE, "rows": [{"rank": 1, "name": HOSTILE, "votes": 3, "share": "60.0", "winner": True}], "total": 5},
    "search_form": {"label": "Search", "query": HOSTILE},
    "signup": {"email": HOSTILE, "error": HOSTILE, "newsletter": HOSTILE},
    "sponsor_slot": {"placement": PLACEMENT},
    "stat_tiles": {"stats": SITE["stats"]},
    "toc": {"headings": [{"id": "a", "text": HOSTILE, "level": 2}]},
    "trap": {},
}  # fmt: skip

COMPONENTS = sorted(path.stem for path in FOLDER.glob("*.html"))


def rendered(name, **changes):
    return render_to_string(f"components/{name}.html", CONTEXTS[name] | changes)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_says_on_top_what_it_takes(name):
    first = (FOLDER / f"{name}.html").read_text().splitlines()[0]
    assert first.startswith("{# ")
    assert "arameters" in first or "Context" in first


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_has_no_inline_style_or_script_and_escapes_what_it_is_given(name):
    html = rendered(name)
    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"\son\w+=", html)
    assert "javascript:" not in html
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert "<script>alert" not in html


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_image_has_an_alternative(name):
    assert all(" alt=" in tag for tag in re.findall(r"<img[^>]*>", rendered(name)))


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_asks_no_other_site_for_anything(name):
    loaded = re.findall(
        r"<(?:img|script|link|iframe|source)[^>]*(?:src|srcset|href)=\"(?:https?:)?//[^\"]*\"", rendered(name)
    )
    assert loaded == []


@pytest.mark.parametrize("name", COMPONENTS)
def test_an_id_is_used_once(name):
    ids = re.findall(r"\sid=\"([^\"]*)\"", rendered(name))
    assert len(ids) == len(set(ids))


def test_a_sponsors_slot_is_labelled_even_when_the_placement_has_no_label():
    html = rendered("sponsor_slot")
    assert "Paid advertisement" in html
    assert html.index("<span>Halyard") < html.index("sponsor__headline")
    assert 'href="/sponsored-is-not-rated/"' in html


def test_a_sponsors_link_is_declared_as_paid():
    link = re.search(r"<a [^>]*href=\"/l/abc\"[^>]*>", rendered("sponsor_slot")).group()
    assert 'rel="sponsored noopener' in link


def test_no_placement_leaves_no_trace():
    assert "aside" not in rendered("sponsor_slot", placement=None)


@pytest.mark.parametrize("name", ["bar_chart", "line_chart"])
def test_a_chart_has_a_name_a_description_and_a_table(name):
    html = rendered(name)
    assert re.search(r"<svg[^>]*role=\"img\"[^>]*aria-labelledby=\"(\w)-title \1-desc\"", html)
    assert "<title id=" in html
    assert re.search(r"<desc id=\"\w-desc\">[^<]*One: 3", html)
    assert re.search(r"<th scope=\"row\">One</th>\s*<td class=\"num\">3</td>", html)


def test_the_sign_up_form_works_without_javascript_and_keeps_what_was_typed():
    html = rendered("signup", email="half@", error="That is no e-mail address.")
    assert 'action="/newsletter/subscribe/" method="post"' in html
    assert 'value="half@"' in html
    assert 'aria-invalid="true" aria-describedby="signup-error"' in html
    assert "csrfmiddlewaretoken" not in html


def test_the_sign_up_forms_trap_is_hidden_from_people():
    html = rendered("signup")
    assert re.search(r"aria-hidden=\"true\">\s*<label>.*name=\"website\" tabindex=\"-1\"", html)


def test_an_image_that_could_not_be_fetched_is_a_link_to_its_source():
    html = rendered("figure", image={"src": "https://old.example/a.png", "alt": "A graph", "missing": True})
    assert "<img" not in html
    assert '<a href="https://old.example/a.png"' in html


def test_nothing_is_loaded_from_an_embed_before_it_is_asked_for():
    assert "<iframe" not in rendered("embed")


def test_the_page_a_reader_is_on_is_marked_in_the_navigation():
    assert 'href="/blog/" aria-current="page"' in rendered("header")
    assert "aria-current" not in rendered("header", path="/awards/")


def test_a_single_page_needs_no_pagination():
    assert "nav" not in rendered("pagination", page=Paginator([1], 2).page(1))
