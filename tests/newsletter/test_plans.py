"""Plans: briefings drafted by themselves, when, from which articles, once, and what becomes of them."""

from datetime import UTC, datetime, time, timedelta
from threading import Thread

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict

from articles.models import Category, Tag
from core.lib import clock
from core.models import OutgoingMail
from newsletter.admin.audience import NewsletterForm
from newsletter.admin.plans import PlanForm
from newsletter.models import Briefing, BriefingPlan, MailTemplate, Newsletter, Segment
from newsletter.sending import plans
from newsletter.subscribers import segments
from newsletter.tasks import sweep_briefings
from tests.html import posted_by
from tests.newsletter import factories
from tests.newsletter.sending import send_what_is_left

pytestmark = pytest.mark.django_db

DUE = datetime(2026, 5, 8, 5, tzinfo=UTC)  # a Friday, 07:00 in Berlin


@pytest.fixture
def weekly():
    factories.profile()
    made = factories.newsletter(time_zone="Europe/Berlin")
    factories.subscription(made)
    return made


def plan(newsletter, **fields):
    fields = {"name": "Mornings", "weekdays": [0, 1, 2, 3, 4], "time": time(7)} | fields
    with time_machine.travel(DUE - timedelta(hours=6), tick=False):
        return BriefingPlan.objects.create(newsletter=newsletter, **fields)


def article(title, *, hours_before=10, **document):
    with time_machine.travel(DUE - timedelta(hours=hours_before), tick=False):
        return factories.published(title, **document)


def sweep(after=timedelta(seconds=20)):
    with time_machine.travel(DUE + after, tick=False):
        sweep_briefings()
    return Briefing.objects.exclude(plan=None).order_by("pk").last()


def headings(briefing):
    return [item.heading for item in briefing.items.filter(kind="article")]


def said():
    return BriefingPlan.objects.get().said


@pytest.mark.parametrize(
    ("zone", "at", "after", "due"),
    [
        ("Europe/Berlin", time(2, 30), "2026-03-28T12:00", "2026-03-29T01:30"),  # is skipped: 03:30 CEST
        ("Europe/Berlin", time(2, 30), "2026-03-29T01:30", "2026-03-30T00:30"),
        ("Europe/Berlin", time(2, 30), "2026-10-24T12:00", "2026-10-25T00:30"),  # comes twice: the first, in CEST
        ("Europe/Berlin", time(2, 30), "2026-10-25T00:30", "2026-10-26T01:30"),  # and not the second, in CET
        ("America/New_York", time(2, 30), "2026-03-07T12:00", "2026-03-08T07:30"),
        ("America/New_York", time(1, 30), "2026-10-31T12:00", "2026-11-01T05:30"),
        ("America/New_York", time(1, 30), "2026-11-01T05:30", "2026-11-02T06:30"),
        ("Australia/Lord_Howe", time(1, 45), "2026-04-03T20:00", "2026-04-04T14:45"),  # half an hour comes twice
        ("Africa/Cairo", time(0), "2026-04-23T12:00", "2026-04-23T22:00"),  # midnight is skipped
        ("UTC", time(2, 30), "2026-03-28T12:00", "2026-03-29T02:30"),
    ],
)
def test_in_the_nights_when_clocks_are_changed_it_is_due_once(weekly, zone, at, after, due):
    weekly.time_zone = zone
    nightly = BriefingPlan(newsletter=weekly, weekdays=[*range(7)], time=at)
    after, due = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (after, due))
    assert nightly.after(after) == due


@pytest.mark.parametrize("night", ["2026-03-29T00:00", "2026-10-24T23:00"])
def test_swept_through_such_a_night_it_makes_one_briefing(weekly, night):
    start = datetime.fromisoformat(night).replace(tzinfo=UTC)
    with time_machine.travel(start - timedelta(hours=10), tick=False):
        made = BriefingPlan.objects.create(newsletter=weekly, name="Nightly", weekdays=[6], time=time(2, 30))
        factories.published("New")
    for minutes in range(0, 240, 15):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            sweep_briefings()
    (briefing,) = made.briefings.all()
    assert briefing.planned_for.astimezone(weekly.zone).hour in (2, 3)


def test_it_holds_what_is_new_by_its_rule_newest_first(weekly):
    lead = Tag.objects.create(slug="lead", name="Lead")
    plan(weekly, most=3, lead_tag=lead)
    article("Too old", hours_before=24 * 8)
    carried = article("Carried before", hours_before=9)
    items = [{"kind": "article", "article_id": carried.article_id, "heading": "x", "url": "https://example.com"}]
    factories.sent(weekly, items=items)
    article("Fourth", hours_before=8)
    article("Third", hours_before=7)
    article("Second", hours_before=6)
    article("First", hours_before=20, tags=["lead"])
    briefing = sweep()
    assert headings(briefing) == ["First", "Second", "Third"]
    assert (briefing.subject, briefing.preheader) == ("First", "Second; Third")
    assert (briefing.state, briefing.planned_for, briefing.trouble) == ("draft", DUE, "")
    assert "3 articles was made and waits to be approved" in said()


def drafted(newsletter, publication, **fields):
    """A briefing with an article that is a draft, or has come as far as the fields say."""
    made = factories.briefing(newsletter, items=[], **fields)
    made.items.create(kind="article", article_id=publication.article_id, heading="x", url="https://example.com")


def test_a_draft_that_was_never_sent_hides_its_articles_from_no_later_one(weekly):
    plan(weekly)
    ever = {"approved_at": DUE, "scheduled_at": DUE + timedelta(days=1)}
    drafted(weekly, article("In a draft", hours_before=3))
    drafted(weekly, article("Cancelled in time", hours_before=4), state="cancelled")
    drafted(weekly, article("To be sent tomorrow", hours_before=2), state="approved", **ever)
    drafted(weekly, article("Sent to some", hours_before=1), state="cancelled", first_sent_at=DUE)
    assert headings(sweep()) == ["In a draft", "Cancelled in time"]


@pytest.mark.parametrize(
    ("zone", "at", "fields", "quiet", "day"),
    [
        ("Europe/Berlin", time(23, 30), {"by_itself": True, "notice": 60}, None, "2026-05-09"),
        ("Europe/Berlin", time(23, 30), {"notice": 60}, None, "2026-05-08"),  # somebody approves it: on its day
        ("Europe/Berlin", time(1, 30), {}, None, "2026-05-08"),  # the day before in UTC
        ("America/New_York", time(22), {"by_itself": True}, None, "2026-05-08"),  # the day after in UTC
        ("Europe/Berlin", time(22), {"by_itself": True}, (time(21), time(6)), "2026-05-09"),
    ],
)
def test_it_carries_the_ad_of_the_day_on_which_it_leaves_in_its_newsletters_zone(weekly, zone, at, fields, quiet, day):
    weekly.time_zone = zone
    weekly.quiet_from, weekly.quiet_until = quiet or (None, None)
    weekly.save()
    article("New", hours_before=30)
    made = plan(weekly, time=at, weekdays=[4], **fields)
    with time_machine.travel(made.due_at + timedelta(seconds=20), tick=False):
        assert plans.make(made.pk).issue_date.isoformat() == day


def test_only_articles_of_its_categories_and_tags_come(weekly):
    made = plan(weekly)
    for name in ("research", "news"):
        Category.objects.create(slug=name, name=name.title())
    Tag.objects.create(slug="defi", name="DeFi")
    right = article("Right", category="research", tags=["defi"])
    article("Of another category", category="news", tags=["defi"])
    article("Without the tag", category="research")
    made.categories.add(right.category)
    made.tags.add(*right.tags.all())
    assert headings(sweep()) == ["Right"]


def test_it_has_a_subject_a_segment_and_a_template_of_its_own(weekly, smtp_server):
    factories.subscription(weekly, "vip@example.org")
    segment = Segment.objects.create(name="VIP")
    segment.conditions.create(test="at_domain", value="example.org")
    template = MailTemplate.objects.create(newsletter=weekly, name="Warm")
    plan(weekly, subject="{weekday}, {day}: {title}", segment=segment, template=template, by_itself=True)
    article("Bridges " + "and more " * 20)
    segments.count_due()
    made = sweep()
    assert made.subject.startswith("Friday, 8 May: Bridges and more and")
    assert (len(made.subject), made.subject[-1]) == (150, "…")
    assert (made.segment, made.template) == (segment, template)
    with time_machine.travel(DUE + timedelta(minutes=5), tick=False):
        send_what_is_left(made)
    assert [message.recipient for message in smtp_server.messages] == ["vip@example.org"]


def test_what_others_got_is_new_to_those_of_a_segment(weekly):
    published = article("Bridges")
    others, own = (Segment.objects.create(name=name) for name in ("Others", "Own"))
    made = plan(weekly, segment=own)
    sent = factories.sent(weekly, opened=1, clicked=0, segment=others)
    sent.items.create(article_id=published.article_id, heading="Bridges", url="https://example.com/a")
    with time_machine.travel(DUE, tick=False):
        assert plans.chosen(made) == [published]
        for segment in (own, None):
            Briefing.objects.filter(pk=sent.pk).update(segment=segment)
            assert plans.chosen(made) == []


@pytest.mark.parametrize(
    ("subject", "said"),
    [("{titel}", "Nothing can be put in for {titel}"), ("Hello {{nickname}}", "There is no personal word “nickname”")],
)
def test_a_subject_with_a_place_that_nothing_fills_is_refused(weekly, subject, said):
    form = PlanForm(model_to_dict(plan(weekly)) | {"subject": subject}, instance=BriefingPlan.objects.get())
    assert said in form.errors["subject"][0]


def test_categories_and_tags_are_chosen_by_typing_and_templates_are_the_newsletters_own(client, weekly):
    other = factories.newsletter(name="Notes", slug="notes", is_default=False)
    theirs = MailTemplate.objects.create(newsletter=other, name="Plain")
    research, bitcoin = (
        Category.objects.create(name="Research", slug="research"),
        Tag.objects.create(name="Bitcoin", slug="bitcoin"),
    )
    made = plan(weekly)
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    page = f"/admin/newsletter/briefingplan/{made.pk}/change/"
    html = client.get(page).content.decode()
    for kind in ("category", "tag"):
        assert f'data-ajax--url="/admin/articles/article/choices/{kind}/"' in html
        assert client.get(f"/admin/articles/article/choices/{kind}/").json()["results"]
    form = posted_by(html, "briefingplan_form")
    client.post(page, form | {"categories": ["research"], "tags": ["bitcoin"], "lead_tag": ["bitcoin"]})
    made.refresh_from_db()
    assert (made.categories.get(), made.tags.get(), made.lead_tag) == (research, bitcoin, bitcoin)
    html = client.get(page).content.decode()
    assert '<option value="research" selected' in html.replace("\n", "")
    refused = client.post(page, posted_by(html, "briefingplan_form") | {"template": [str(theirs.pk)]})
    assert "template" in refused.context["adminform"].form.errors


def test_nothing_new_no_briefing_and_too_little_waits_for_more(weekly):
    made = plan(weekly, fewest=2)
    assert sweep() is None
    assert "no article was new" in said()
    article("One")
    assert sweep(timedelta(days=3, seconds=20)) is None  # Monday
    assert "one article was new" in said()
    article("Two", hours_before=-80)
    assert headings(sweep(timedelta(days=4, seconds=20))) == ["Two", "One"]
    made.refresh_from_db()
    assert made.due_at == DUE + timedelta(days=5)


def test_beat_that_rings_twice_or_late_makes_one(weekly):
    plan(weekly, weekdays=[*range(7)])
    article("New")
    assert sweep(timedelta(seconds=-20)) is None
    for after in (timedelta(seconds=20), timedelta(seconds=20), timedelta(minutes=1)):
        sweep(after)
    BriefingPlan.objects.update(due_at=DUE)  # as a page of staff that was open meanwhile saves it
    article("Newer", hours_before=-1)
    sweep(timedelta(hours=2))
    assert Briefing.objects.count() == 1
    sweep(timedelta(days=3, hours=2))  # three were missed
    assert Briefing.objects.count() == 2
    with pytest.raises(IntegrityError, match="briefing_planned_once"), transaction.atomic():
        factories.briefing(weekly, plan=BriefingPlan.objects.get(), planned_for=DUE)


@pytest.mark.django_db(transaction=True)
def test_workers_that_sweep_at_once_make_one(weekly):
    plan(weekly)
    article("New")
    key = BriefingPlan.objects.get().pk

    def work():
        plans.make(key)
        connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    with time_machine.travel(DUE + timedelta(seconds=20), tick=False):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
    assert Briefing.objects.count() == 1


def test_it_goes_out_by_itself_where_it_is_set_so(weekly, smtp_server):
    plan(weekly, by_itself=True)
    article("New")
    briefing = sweep()
    assert (briefing.state, briefing.approved_by) == ("sending", None)
    assert "goes out" in said()
    with time_machine.travel(DUE + timedelta(minutes=10), tick=False):
        sweep_briefings()
        briefing = send_what_is_left(briefing)
    assert (briefing.state, [message.recipient for message in smtp_server.messages]) == ("sent", ["ann@example.com"])


def test_editors_may_be_given_time_to_look_at_it(weekly):
    plan(weekly, by_itself=True, notice=45)
    article("New")
    assert sweep().scheduled_at == DUE + timedelta(minutes=45, seconds=20)


def test_a_check_that_fails_leaves_the_draft_and_tells_the_editors(weekly):
    editor = factories.user("approver@example.com", role="editor")
    factories.user("writer@example.com", role="writer")
    plan(weekly, by_itself=True)
    article("New")
    factories.profile(postal_address="")
    briefing = sweep()
    assert (briefing.state, "no postal address" in briefing.trouble) == ("draft", True)
    (mail,) = OutgoingMail.objects.filter(kind="newsletter.briefing-waits")
    assert mail.recipient == editor.email
    sweep(timedelta(minutes=5))
    assert OutgoingMail.objects.filter(kind="newsletter.briefing-waits").count() == 1
    assert Briefing.objects.count() == 1


def test_one_that_is_hours_late_waits_for_somebody(weekly):
    plan(weekly, by_itself=True)
    article("New")
    briefing = sweep(timedelta(hours=5))
    assert (briefing.state, "nothing was running then" in briefing.trouble) == ("draft", True)


def test_one_plan_that_cannot_be_made_holds_up_no_other(weekly):
    broken, whole = plan(weekly, name="Broken"), plan(weekly, name="Whole")
    article("New")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE newsletter_briefing ADD CONSTRAINT refused CHECK (plan_id <> {broken.pk})")
    assert sweep().plan == whole
    assert BriefingPlan.objects.get(pk=broken.pk).due_at == DUE


def test_turned_off_it_rests_and_another_zone_moves_it(weekly):
    made = plan(weekly)
    assert made.due_at == DUE
    with time_machine.travel(DUE - timedelta(hours=6), tick=False):
        weekly.time_zone = "America/New_York"
        weekly.save()
        made.refresh_from_db()
        assert made.due_at == DUE + timedelta(hours=6)
        made.is_on = False
        made.save()
    article("New")
    assert (made.due_at, sweep(timedelta(days=1))) == (None, None)


FORM = {
    "name": "Mornings",
    "is_on": "on",
    "weekdays": ["0", "4"],
    "time": "07:00",
    "most": "5",
    "fewest": "1",
    "newest_days": "7",
    "notice": "0",
}


def test_the_desk_shows_when_the_next_comes_and_what_it_would_hold(client, weekly):
    client.force_login(factories.user(role="newsletter manager"))
    factories.published("What is new today")
    response = client.post(
        "/admin/newsletter/briefingplan/add/", FORM | {"newsletter": weekly.pk, "_continue": "1"}, follow=True
    )
    page = response.content.decode()
    made = BriefingPlan.objects.get()
    assert clock.in_words(made.due_at, "D j M Y, H:i", weekly.zone) in page
    assert "<li>What is new today</li>" in page
    assert "Monday, Friday, 07:00" in client.get("/admin/newsletter/briefingplan/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"weekdays": []}, "Choose at least one day"), ({"fewest": "6"}, "cannot be more than"), ({"time": "25:00"}, "Enter a valid time"), ({"most": "0"}, "greater than or equal to 1")],
)  # fmt: skip
def test_what_makes_no_plan_is_said_at_its_field(client, weekly, wrong, said):
    client.force_login(factories.user(role="newsletter manager"))
    response = client.post("/admin/newsletter/briefingplan/add/", FORM | {"newsletter": weekly.pk} | wrong)
    assert (response.status_code, said in response.content.decode(), BriefingPlan.objects.count()) == (200, True, 0)


def test_editors_see_plans_and_change_none(client, weekly):
    made = plan(weekly)
    client.force_login(factories.user(role="editor"))
    assert client.get(f"/admin/newsletter/briefingplan/{made.pk}/change/").status_code == 200
    assert client.post(f"/admin/newsletter/briefingplan/{made.pk}/change/", FORM).status_code == 403


def test_nothing_goes_out_by_itself_where_somebody_else_is_to_approve(weekly):
    plan(weekly, by_itself=True)
    weekly.approved_by_another = True
    weekly.save()
    article("New")
    briefing = sweep()
    assert briefing.state == "draft"
    assert "none goes out by itself" in briefing.trouble


def test_the_forms_refuse_what_goes_by_itself_together_with_an_approval_by_another(weekly):
    made = plan(weekly, by_itself=True)
    fields = {"approved_by_another": True, "digest_by_itself": True}
    errors = NewsletterForm(model_to_dict(weekly) | fields, instance=weekly).errors
    assert "“Mornings”" in errors["approved_by_another"][0]
    assert "no digest goes by itself" in errors["digest_by_itself"][0]
    Newsletter.objects.update(approved_by_another=True)
    made.refresh_from_db()
    assert "none goes out by itself" in PlanForm(model_to_dict(made), instance=made).errors["by_itself"][0]
