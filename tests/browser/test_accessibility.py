"""axe finds nothing on the pages that staff work with."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from articles.desk import drafts
from articles.desk.templates import make_template
from articles.documents import apply_document, document_of
from articles.models import Article, PageView
from articles.publishing import schedule
from articles.readership import raw, rollup
from core.kept_work import Sitting, keep
from core.lib import clock
from newsletter.models import MailTemplate
from tests.articles import factories
from tests.articles.desk import everything
from tests.articles.test_desk_in_a_browser import sign_in, someone
from tests.newsletter import factories as mailing
from tests.newsletter.automations import automation, wait
from tests.sponsors import factories as selling
from tests.surveys import factories as voting
from tests.surveys.questionnaires import factories as asking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LISTS = (
    "articles_article",
    "articles_articletemplate",
    "articles_dayfigures",
    "newsletter_briefing",
    "newsletter_enrolment",
    "newsletter_subscriber",
    "sponsors_booking",
    "sponsors_inquiry",
    "sponsors_makegood",
    "sponsors_offer",
    "surveys_survey",
)
CALENDAR = ("/admin/calendar/", "/admin/calendar/link/")
AXES_OWN = "inline style"  # one of its own, which is refused
OPTIONS = {"resultTypes": ["violations"], "iframes": False, "preload": False}
# Whatever a script puts into the page is there, and named.
SETTLED = """() => [...document.querySelectorAll(".admin-autocomplete:not([name*=__prefix__])")]
    .every((one) => one.matches(".select2-hidden-accessible") || one.matches(".select2"))"""


def an_article(editor):
    """An article with authors, tags, every kind of block, comments, two versions, and work of the editor that lost."""
    for slug in ("ana", "ben"):
        factories.author(slug)
    factories.tag("bitcoin")
    factories.category("research")
    factories.publication(slug="other")
    parts = {"authors": ["ana", "ben"], "tags": ["bitcoin"], "category": "research"}
    article = factories.article(*everything(), **parts)
    passage = {"exact": "Words", "prefix": "", "suffix": ""}
    remark = article.comments.create(by=editor, text="Who says so?", passage=passage)
    article.comments.create(by=editor, text="They do.", answers=remark)
    article.comments.create(by=editor, text="Done.", resolved_at=timezone.now())
    apply_document(article, {**document_of(article), "title": "Changed since"}, by=editor)
    schedule(article, at=timezone.now() + timedelta(days=3), until=timezone.now() + timedelta(days=9), by=editor)
    typed = {**document_of(article), "title": "Typed meanwhile", "blocks": everything()[::-1]}
    work = drafts.work_of(typed, base_version=1)
    return article, keep(Article, article.pk, work, by=editor, sitting=Sitting())


def read(publication):
    """A view of an article today, from a campaign, and its counts."""
    day = clock.utc_day()
    raw.ensure(day)
    told = {
        "path": publication.get_absolute_url(),
        "article_id": publication.article_id,
        "campaign": "orbit",
        "depth": 2,
    }
    PageView.objects.create(day=day, visitor=1, nonce=1, at=timezone.now(), source="search.example", **told)
    rollup.roll_up(day)


def a_survey():
    """An open survey with every kind of question, conditions, rules and a quota."""
    met = {"all": [{"question": "single", "is": "a"}, {"question": "number", "ge": 3}]}
    last = asking.page("p2", asking.question("why", **{"if": met}))
    first = asking.page("p1", *asking.EVERY_KIND, then=[{"if": met, "go": "end", "message": "Thanks."}])
    quota = {"id": "g1", "if": {"question": "yes_no", "is": True}, "limit": 5}
    return asking.opened(first, last, quotas=[quota], access="invitation")


def pages(editor):
    """The pages of every desk: those about one article, rows with something in each of their fields, and lists."""
    read(factories.publication(slug="read"))
    (article, kept), weekly = an_article(editor), mailing.newsletter()
    draft, sent = mailing.briefing(weekly), mailing.sent(weekly)
    booking, season = selling.running("web:article"), voting.open_season()
    rows = [article, draft, booking, booking.creatives.first(), season, mailing.subscription(weekly).subscriber]
    rows += [factories.card("card"), factories.author("ana"), factories.series("figures"), editor]
    rows.append(make_template(article, name="Figures"))
    about = [
        ("articles_article", name, article)
        for name in ("revisions", "compare", "conflict", "preview", "check", "template")
    ]
    about += [("surveys_season", name, season) for name in ("overview", "requests", "shortlist")]
    about += [("sponsors_booking", name, booking) for name in ("overview", "move", "cancel", "figures")]
    about.append(("sponsors_sponsor", "overview", booking.sponsor))
    about += [("newsletter_briefing", "approve", draft), ("newsletter_briefing", "progress", sent)]
    look = MailTemplate.objects.create(newsletter=weekly, name="Warm", accent="#1f5c4d")
    about += [("newsletter_mailtemplate", "preview", look), ("newsletter_newsletter", "change", weekly)]
    asks = automation(
        weekly, {"letter": "Stay?", "asks_to_stay": True}, wait(9), {"kind": "unsubscribe"}, begins="quiet"
    )
    plain = automation(weekly, {"letter": "Welcome"}, wait(), {"kind": "fork", "test": "read"}, start=False, name="New")
    about += [("newsletter_automation", "overview", row) for row in (asks, plain)]
    rows.append(plain)
    survey = a_survey()
    about += [("surveys_survey", name, survey) for name in ("overview", "flow", "versions", "invitations", "builder")]
    rows.append(survey)
    about += [(f"{row._meta.app_label}_{row._meta.model_name}", "change", row) for row in rows]
    paths = [reverse(f"admin:{model}_{name}", args=[row.pk]) for model, name, row in about]
    paths += [reverse(f"admin:{name}_changelist") for name in LISTS]
    asked = {"compare": "?a=1&b=2", "conflict": f"?kept={kept.pk}"}
    builder = reverse("admin:surveys_survey_builder", args=[survey.pk])
    new = ("p1", "image_choice", "-new&kind=image_choice", "-new&page=p1", "-quotas")
    paths += [reverse("admin:surveys_survey_add"), *(f"{builder}?at={part}" for part in new)]
    paths += asking.results_pages(asking.published(slug="results"))
    paths += selling.money_pages(booking)
    return [
        path + asked.get(path.split("/")[-2], "")
        for path in [*paths, *CALENDAR, reverse("admin:index"), reverse("status")]
    ]


def found_by_axe(page, path):
    page.goto(path, wait_until="load")
    assert page.url.endswith(path)
    page.wait_for_function(SETTLED)
    page.evaluate("document.querySelectorAll('details').forEach((folded) => (folded.open = true))")
    once = path == reverse("admin:articles_article_changelist")
    context = None if once else {"exclude": ["#nav-sidebar"]}  # which is the same on every page
    return [
        f"{path} {violation['id']}: {node['html'][:140]}"
        for violation in Axe().run(page, context=context, options=OPTIONS).response["violations"]
        for node in violation["nodes"]
    ]


def test_axe_finds_nothing_on_the_pages_of_the_desks(page, page_errors):
    editor = someone("Ana")
    sign_in(page, editor)
    found = [violation for path in pages(editor) for violation in found_by_axe(page, path)]
    page_errors[:] = [error for error in page_errors if AXES_OWN not in error]
    assert not found, "\n".join(found)
