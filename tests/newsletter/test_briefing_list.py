"""The list of briefings at the desk: how far each has come, and what came of it, for as many queries however long it is."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Briefing, MailReport, Segment
from newsletter.sending import briefing_counts
from tests import desks
from tests.html import posted_by
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
LIST = reverse("admin:newsletter_briefing_changelist")


def rows(client):
    """What stands in each row, by column."""
    return [
        {cell.get("class").split("field-")[1].split()[0]: " ".join(cell.itertext()).strip() for cell in row[1:]}
        for row in desks.rows(client, LIST)
    ]


def test_it_says_how_many_got_opened_and_clicked_each(manager, weekly):
    sent = factories.sent(weekly, delivered=400, opened=100, clicked=25)
    Briefing.every.filter(pk=sent.pk).update(failed=3, candidates=403, retrying=0)
    briefing_counts.count(sent.pk)
    (row,) = rows(manager)
    assert (row["opened"], row["clicked"]) == ("100.0 %", "25.0 %")  # of those whose delivery is there: a hundred
    assert row["reached"] == "400 3 failed"
    assert row["state_badge"] == "Sent"


def test_delivered_is_here_what_it_is_in_the_report(manager, weekly):
    """The shares beside it are of that: without what came back or was reported."""
    sent = factories.sent(weekly, delivered=10, opened=10, clicked=0)
    returned, reported, *_ = sent.deliveries.all()
    MailReport.objects.create(delivery=returned, kind="gone", code="5.1.1")
    MailReport.objects.create(delivery=reported, kind="complaint")
    briefing_counts.count(sent.pk)
    (row,) = rows(manager)
    assert row["reached"] == "8 1 came back, 1 reported as spam"


def test_it_says_nothing_of_reading_where_that_is_not_counted(manager, weekly):
    sent = factories.sent(weekly, delivered=10, opened=5, clicked=5)
    briefing_counts.count(sent.pk)
    sent.links.all().delete()
    (row,) = rows(manager)
    assert (row["reached"], row["opened"], row["clicked"]) == ("10", "–", "–")


def test_a_draft_has_no_figures_and_its_segment_stands_below_its_newsletter(manager, weekly):
    segment = Segment.objects.create(name="Readers of late")
    factories.briefing(weekly, segment=segment)
    (row,) = rows(manager)
    assert row["audience"] == f"{weekly} only {segment}"
    assert (row["state_badge"], row["reached"], row["opened"], row["clicked"]) == ("Draft", "–", "–", "–")


def test_what_came_of_all_is_asked_for_at_once(manager, weekly):
    for day in range(1, 5):
        briefing_counts.count(factories.sent(weekly, days_ago=day, delivered=10, opened=5, clicked=5).pk)
    with CaptureQueriesContext(connection) as asked:
        assert len(rows(manager)) == 4
    for table in ("newsletter_briefinghour", "newsletter_trackedlink"):
        assert sum(table in query["sql"] for query in asked) == 1
    assert sum('FROM "newsletter_newsletter"' in query["sql"] for query in asked) == 1  # of the filter beside it


def test_an_empty_list_says_what_makes_it_fill_and_one_where_nothing_is_found_leads_back(manager, weekly):
    empty = manager.get(LIST).content.decode()
    assert "Nothing here yet." in empty
    assert admin.site.get_model_admin(Briefing).nothing_yet in empty
    factories.briefing(weekly)
    for asked in ({"q": "nowhere"}, {"state__exact": "sent"}, {"issue_date__year": "1999"}):
        nothing = manager.get(LIST, asked).content.decode()
        assert 'Nothing matches. <a href="?">' in nothing
        assert "Nothing here yet." not in nothing
    assert "Nothing" not in manager.get(LIST).content.decode()


def test_a_briefing_by_hand_is_for_today_and_gets_its_address_from_its_subject(manager, weekly):
    """Where its newsletter is chosen, nobody deletes that."""
    page = manager.get(reverse("admin:newsletter_briefing_add")).content.decode()
    form = posted_by(page, "briefing_form")
    today = timezone.localdate(timezone=weekly.zone).isoformat()
    assert (form["newsletter"], form["issue_date"], form.get("slug")) == ([str(weekly.pk)], [today], None)
    assert "delete-related" not in page
    for _ in range(2):
        answer = manager.post(reverse("admin:newsletter_briefing_add"), form | {"subject": ["Gas fees, explained"]})
        assert answer.status_code == 302, answer.context["errors"]
    assert set(Briefing.objects.values_list("slug", flat=True)) == {"gas-fees-explained", "gas-fees-explained-2"}
