"""One clock: staff see times in their own zone, readers in the newsroom's, and each time says which zone it is in."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import models

from articles.models import Article
from core.lib.moments import MomentField
from core.models import OutgoingMail, SiteProfile
from core.outbox import queue_mail
from newsletter.models import Briefing
from sponsors.models import Booking
from surveys.models import Season
from tests.articles import factories
from tests.newsletter import factories as mailing
from tests.sponsors import factories as selling
from tests.surveys import factories as voting

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
IN_TOKYO = "2 Jul 2026, 07:30 JST"
DAYS = re.compile(
    r"(\b(first_)?day|date|earlier|later|\bon|_on)$|^(row\.due|row\.until|month\.first)$"
)  # what has no time


@pytest.fixture
def in_tokyo(client):
    """An administrator in Tokyo, while the newsroom is in Berlin."""
    user = factories.user("administrator")
    user.time_zone = "Asia/Tokyo"
    user.save()
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def newsroom_in_berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


def test_no_template_shows_a_moment_without_its_zone():
    shown = re.compile(r"\{\{ ([\w.]+)\|(?:date|time)\b([^}]*)")
    wrong = [
        f"{path.name}: {variable}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for variable, form in shown.findall(path.read_text())
        if not DAYS.search(variable) and form.strip() != ':"c"'  # which is the form that machines read
    ]
    assert wrong == []


def test_each_date_and_time_in_the_admin_is_asked_for_with_its_zone(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    asked = [
        model_admin.formfield_for_dbfield(field, request)
        for model_admin in admin.site._registry.values()
        for field in model_admin.model._meta.fields
        if isinstance(field, models.DateTimeField) and field.editable
    ]
    assert len(asked) > 10
    assert all(isinstance(field, MomentField) for field in asked)


def pages_with_a_time():
    """The staff pages that show a moment, with the row and the column that has it."""
    article = factories.publication().article
    briefing = mailing.sent(mailing.newsletter())
    booking = selling.running("web:article")
    season = voting.open_season()
    desk = f"/admin/articles/article/{article.pk}"
    return {
        "/admin/articles/article/": (Article, article, "changed_at"),
        f"{desk}/change/": (Article, article, "unpublish_at"),
        f"{desk}/revisions/": (type(article.revisions.get()), article.revisions.get(), "created_at"),
        f"{desk}/compare/?a=1&b=1": (type(article.revisions.get()), article.revisions.get(), "created_at"),
        f"/admin/newsletter/briefing/{briefing.pk}/progress/": (Briefing, briefing, "sent_at"),
        "/admin/surveys/season/": (Season, season, "opens_at"),
        "/admin/sponsors/booking/": (Booking, booking, "hold_until"),
        f"/admin/sponsors/booking/{booking.pk}/overview/": (Booking, booking, "requested_at"),
    }


def test_staff_pages_show_times_in_the_zone_of_who_looks(in_tokyo, client):
    wrong = {}
    for path, (model, row, column) in pages_with_a_time().items():
        model.objects.filter(pk=row.pk).update(**{column: AT})
        page = client.get(path).content.decode()
        if IN_TOKYO not in page.replace("2 July", "2 Jul"):
            wrong[path] = re.findall(r"[^<>]*2026[^<>]*", page)
    assert wrong == {}


def test_every_staff_page_names_the_zone_and_leads_to_its_choice(in_tokyo, client):
    assert "Times in Asia/Tokyo" in client.get("/admin/").content.decode()
    answer = client.post("/accounts/time-zone/", {"time_zone": "America/Lima"}, follow=True)
    assert "shown in America/Lima" in answer.content.decode()
    assert "Times in America/Lima" in client.get("/admin/articles/tag/").content.decode()
    assert client.post("/accounts/time-zone/", {"time_zone": "Mars/Olympus"}).status_code == 200
    in_tokyo.refresh_from_db()
    assert in_tokyo.time_zone == "America/Lima"
    client.post("/accounts/time-zone/", {"time_zone": ""})
    assert "Times in Europe/Berlin" in client.get("/admin/").content.decode()


def test_readers_see_the_newsroom_s_zone_whoever_they_are(in_tokyo, client):
    season = voting.open_season()
    Season.objects.filter(pk=season.pk).update(closes_at=datetime(2096, 7, 1, 22, 30, tzinfo=UTC))
    answer = client.get("/awards/moon-2026/")
    element = '<time datetime="2096-07-02T00:30:00+02:00">2 July 2096, 00:30 CEST</time>'
    assert element in answer.content.decode()
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_what_staff_render_for_readers_is_in_the_newsroom_s_zone(in_tokyo, client, time_machine):
    article = factories.article()
    time_machine.move_to(AT)
    client.force_login(in_tokyo)
    frame = client.get(f"/admin/articles/article/{article.pk}/frame/").content.decode()
    assert '<time datetime="2026-07-02T00:30:00+02:00">2 July 2026</time>' in frame


def test_months_and_years_are_the_newsroom_s(client):
    shown = factories.publication()
    type(shown).objects.update(published_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert 'href="/blog/archive/2026/1/"' in client.get("/blog/archive/").content.decode()
    assert shown.title in client.get("/blog/archive/2026/1/").content.decode()
    assert shown.title not in client.get("/blog/archive/2025/12/").content.decode()


def test_a_mail_says_the_time_with_the_newsroom_s_zone():
    context = {"heading": "Changed", "text": "It was changed.", "at": AT, "site": SiteProfile.current()}
    queue_mail(template="account_notice", to="ana@example.com", context=context, kind="core.account")
    assert b"2 July 2026, 00:30 CEST" in bytes(OutgoingMail.objects.get().message).replace(b"=\r\n", b"")


def test_a_time_is_stored_in_utc_whatever_the_newsroom_s_zone(in_tokyo, client):
    season = voting.draft_season()
    path = f"/admin/surveys/season/{season.pk}/change/"
    form = client.get(path).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields}
    sent |= {"opens_at": "2099-07-01T09:00", "closes_at": "2099-07-08T09:00"}
    sent |= {f"categories-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    answer = client.post(path, sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert Season.objects.get().opens_at.isoformat() == "2099-07-01T00:00:00+00:00"
