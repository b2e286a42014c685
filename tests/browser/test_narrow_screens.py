"""No page scrolls sideways on the narrowest phones, whatever stands in its fields."""

import pytest

from articles.models import Snippet
from core.lib import clock
from core.models import SiteProfile
from newsletter.models import MailTemplate
from sponsors.models import PlacementKind
from surveys import seasons
from surveys.models import Nominee
from tests.articles import factories
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories as newsletters
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys
from tests.surveys.questionnaires import factories as asking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = "0x" + "9f8e7d6c5b4a39281706f5e4d3c2b1a0" * 2
LINK = "https://example.org/" + "a-path-without-end/" * 4
WORST = (
    f"{ADDRESS}{ADDRESS[2:]} Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft {LINK}"
)
WIDTHS = (320, 375)
TOO_WIDE = """() => {
    const width = document.scrollingElement.clientWidth
    if (document.scrollingElement.scrollWidth <= width) return []
    const boxed = (one) => one && (getComputedStyle(one).overflowX !== "visible" || boxed(one.parentElement))
    const found = [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > width + 1 && !boxed(one.parentElement))
        .map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`)
    return found.length ? found : ["something that is drawn smaller than it is laid out"]
}"""


def worst(length=None):
    return WORST[:length]


def an_article():
    """An article with the worst text in every field and every block."""
    picture = factories.image().file
    row = f'"{ADDRESS}","{ADDRESS}","12"'
    disclaimer = Snippet.objects.create(slug="no-advice", kind="disclaimer", html=f"<p>{worst()}</p>")
    factories.category("research", name=worst(60), description=worst(), disclaimer=disclaimer)
    factories.author("ana", name=worst(80), role=worst(80), bio_html=f"<p>{worst()}</p>")
    factories.tag("bitcoin")
    factories.series("fees", name=worst(120), description=worst())
    factories.publication(title=worst(200), slug="first-part", series="fees", part=1)
    factories.card("card", heading=worst(120), html=f"<p>{worst()}</p>", label=worst(40), url="/")
    rich = f"<h2>{ADDRESS}</h2><p>{worst()} <code>{ADDRESS}</code><small data-footnote=''>{worst()}</small> <a href='{LINK}'>{LINK}</a></p><ul><li>{ADDRESS}</li></ul><blockquote><p>{worst()}</p></blockquote><pre><code>{worst()}</code></pre><table><tr><td>{ADDRESS}</td><td>{ADDRESS}</td></tr></table>"
    return factories.publication(
        {"type": "richtext", "html": rich},
        {"type": "image", "src": picture, "alt": "A", "caption": worst(), "credit": worst(200)},
        {"type": "gallery", "images": [{"src": picture, "alt": "A"}], "caption": worst()},
        {"type": "callout", "tone": "warning", "html": f"<p>{worst()}</p>"},
        {"type": "pullquote", "text": worst(), "attribution": worst(120)},
        {"type": "code", "code": worst(), "language": "text"},
        {"type": "table", "csv": f"{row}\n{row}", "header": True, "caption": worst(200)},
        {"type": "chart", "kind": "bar", "title": worst(120), "csv": f"what,count\n{ADDRESS},5\n{ADDRESS}a,7"},
        {"type": "embed", "url": "https://youtu.be/dQw4w9WgXcQ"},
        {"type": "cta", "snippet": "card"},
        {"type": "faq", "question": worst(200), "answer": f"<p>{worst()}</p>"},
        {"type": "signup"},
        {"type": "sponsor_slot"},
        title=worst(200), slug="worst", standfirst=worst(), category="research", series="fees", part=2, authors=["ana"], tags=["bitcoin"],
        cta="card", cover={"src": picture, "alt": "A", "caption": worst(), "credit": worst(200)},
    )  # fmt: skip


def a_season():
    fields = {"title": worst(120), "introduction": f"<p>{worst()}</p>"}
    season = surveys.draft_season()
    known = {field.name for field in season._meta.fields}
    type(season).objects.update(**{name: value for name, value in fields.items() if name in known})
    season.categories.update(title=worst(120))
    Nominee.objects.filter(slug="ada").update(name=worst(120), description=worst())
    Nominee.objects.exclude(slug="ada").update(description=worst())
    season.refresh_from_db()
    seasons.open_voting(season)
    return season


@pytest.fixture
def worst_of_all():
    """The worst text all over the site; the addresses of its pages."""
    article, season = an_article(), a_season()
    site = SiteProfile.objects.first() or SiteProfile()
    site.name, site.tagline, site.about_heading = worst(80), worst(160), worst(120)
    site.about_html, site.stats = f"<p>{worst()}</p>", [{"value": ADDRESS, "label": ADDRESS, "note": ADDRESS}]
    site.postal_address = worst(200)
    site.save()
    booking = sponsors.running("web:article", company=worst(100))
    sponsors.package({PlacementKind.objects.first(): 1}, version=9)
    welcome = {"welcome_subject": worst(150), "welcome_text": worst()}
    weekly = newsletters.newsletter(name=worst(80), description=worst(200), **welcome)
    items = [{"heading": worst(150), "text": worst(), "url": "https://example.com/a"}]
    mail = newsletters.sent(weekly, subject=worst(150), introduction=worst(), items=items, opened=1, clicked=0)
    SiteProfile.objects.update(name=worst(80))
    paths = [
        "/",
        "/blog/",
        f"/blog/search/?q={ADDRESS}",
        "/blog/author/ana/",
        "/blog/category/research/",
        "/blog/tag/bitcoin/",
        "/blog/series/fees/",
    ]
    paths += [
        "/awards/",
        "/awards/moon-2026/",
        "/awards/moon-2026/wallet/",
        "/awards/moon-2026/wallet/ada/",
        "/advertise/",
        "/advertise/book/gold/",
    ]
    paths += ["/newsletter/", "/newsletter/archive/", f"/newsletter/archive/{mail.slug}/", article.get_absolute_url()]
    paths += [booking.portal_path, booking.days_path, f"/admin/sponsors/sponsor/{booking.sponsor_id}/overview/"]
    paths += [f"/admin/sponsors/booking/{booking.pk}/{name}/" for name in ("overview", "move", "cancel", "figures")]
    paths += sponsors.money_pages(booking)
    season.request_counts.create(day=clock.utc_day(), kind="domain", value="mailinator.com", slot=0, number=45)
    paths += [f"/admin/surveys/season/{season.pk}/{name}/" for name in ("overview", "requests", "shortlist")]
    paths.append("/admin/status/")
    paths += [
        f"/admin/newsletter/newsletter/{page}/" for page in (f"{weekly.pk}/change", f"{weekly.pk}/welcome", "figures")
    ]
    of_mail = ("preview", "progress", "report", "subjects")
    paths += [f"/admin/newsletter/briefing/{mail.pk}/{page}/" for page in of_mail]
    look = MailTemplate.objects.create(newsletter=weekly, name=worst(60))
    paths += [f"/admin/newsletter/mailtemplate/{look.pk}/{page}/" for page in ("change", "preview")]
    draft = newsletters.briefing(weekly, subject=worst(150))
    of_draft = ("change", "preview", "check", "approve", "subjects", "articles")
    paths += [f"/admin/newsletter/briefing/{draft.pk}/{page}/" for page in of_draft]
    paths += asking.results_pages(asking.published(text=worst(200), slug="results"))
    desk = f"/admin/articles/article/{article.article_id}"
    told = {"text": worst(400), "choices": [{"id": "a", "text": worst(150)}, {"id": "b", "text": ADDRESS[:150]}]}
    met = {"question": "q1", "is": "a"}
    rules = [{"if": met, "go": "end", "message": worst(300)}]
    second = asking.page("p2", asking.question("q2", text=worst(400), **{"if": met}), title=worst(100))
    survey = asking.draft(asking.page("p1", asking.choice(**told), then=rules), second)
    survey_desk = f"/admin/surveys/survey/{survey.pk}"
    paths += [
        f"{survey_desk}/{page}" for page in ("overview/", "flow/", "builder/?at=q2", "builder/?at=p1", "builder/?at=q1")
    ]
    return [
        *paths,
        f"/blog/{ADDRESS}/",
        f"{desk}/change/",
        f"{desk}/preview/",
        f"{desk}/template/",
        f"{desk}/checks/",
    ], season


def test_no_page_scrolls_sideways(page, page_errors, worst_of_all):
    paths, _ = worst_of_all
    sign_in(page, someone("Ana"))
    found, failed = {}, []
    for path in paths:
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        if page.goto(path, wait_until="load").status != 200:
            failed.append(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if wide := page.evaluate(TOO_WIDE):
                found[path, width] = wide[:12]
    page_errors[:] = [error for error in page_errors if "404" not in error]
    assert failed == [f"/blog/{ADDRESS}/"]
    assert not found, "\n".join(f"{place}: {elements}" for place, elements in found.items())


def test_the_name_of_the_site_stands_in_one_line_on_a_narrow_phone(page, transactional_db):
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/")
    name = page.locator(".masthead .brand span")
    assert name.evaluate("one => one.getClientRects().length") == 1
    assert page.evaluate("document.scrollingElement.scrollWidth") == 320


@pytest.mark.parametrize("width", [1440, 1100, 375])
def test_the_desk_s_phone_is_as_wide_as_it_says(page, width):
    article = factories.article()
    sign_in(page, someone("Ana"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/admin/articles/article/{article.pk}/preview/")
    phone = page.locator("iframe.desk-preview__phone")
    assert phone.evaluate("one => one.clientWidth") == 390
    assert phone.evaluate("one => one.getBoundingClientRect().right") <= width
