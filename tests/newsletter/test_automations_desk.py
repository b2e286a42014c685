"""The desk of automations: rules and steps, the flow with its figures, letters on the briefing's pages, who is where by role."""

import pytest
from django.utils import timezone

from newsletter.automations import figures, flow, letters, lifecycle
from newsletter.models import Automation, AutomationStep, Briefing, Enrolment
from newsletter.subscribers import subscriptions
from tests.newsletter import factories
from tests.newsletter.automations import automation, wait

pytestmark = pytest.mark.django_db
DESK = "/admin/newsletter/automation"


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter(welcome_subject="Welcome", welcome_text="Good to have you.\n\nRead this first.")


@pytest.fixture
def manager(client):
    made = factories.user("manager@example.com", role="newsletter manager", is_staff=True)
    client.force_login(made)
    return made


def series(weekly, **fields):
    return automation(weekly, {"letter": "Welcome"}, wait(2), {"letter": "How we rate"}, **fields)


def posted(client, path, *steps, **values):
    """The edit page as a browser posts it."""
    page = client.get(path).context
    total = {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": sum("id" in step for step in steps)}
    rules = {"quiet_days": 90, "fewest_letters": 3, "begins": "confirmed", "name": "First week", "unit": "days"}
    rows = {
        f"steps-{number}-{name}": value
        for number, step in enumerate(steps)
        for name, value in ({"unit": "days"} | step).items()
    }
    return client.post(path, {**rules, **total, **rows, "base": page["base"], **values}, follow=True)


def said(response):
    return " ".join(response.content.decode().split())


def test_one_is_written_started_paused_and_ended_on_its_page(client, weekly, manager):
    added = posted(
        client,
        f"{DESK}/add/",
        {"kind": "letter"},
        {"kind": "wait", "amount": 2},
        {"kind": "letter"},
        newsletter=weekly.pk,
    )
    made = Automation.objects.get()
    assert [step.ordering for step in made.steps.order_by("pk")] == [1, 2, 3]
    assert "Step 3: The subject is empty." in said(added)
    assert "“Welcome”" in said(added), "the first letter begins with the words of the welcome mail"
    for step in made.steps.filter(kind="letter"):
        Briefing.every.filter(step=step).update(
            subject="Good to have you", introduction="<p>Read this first, please.</p>"
        )
    assert "It is running." in said(client.post(f"{DESK}/{made.pk}/decide/", {"decision": "start"}, follow=True))
    assert 'value="pause"' in said(client.get(f"{DESK}/{made.pk}/overview/"))
    client.post(f"{DESK}/{made.pk}/decide/", {"decision": "pause"})
    assert "Go on" in said(client.get(f"{DESK}/{made.pk}/overview/"))
    client.post(f"{DESK}/{made.pk}/decide/", {"decision": "end"})
    assert Automation.objects.get().state == "ended"
    assert "so it cannot be started" in said(
        client.post(f"{DESK}/{made.pk}/decide/", {"decision": "start"}, follow=True)
    )


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"kind": "wait"}, "Say how long"),
        ({"kind": "fork", "leaves": "on"}, "Say whom the fork is about."),
        ({"kind": "fork", "test": "in", "leaves": "on"}, "Choose the segment."),
    ],
)
def test_what_makes_no_step_is_said_at_its_field(client, weekly, manager, step, told):
    assert told in said(posted(client, f"{DESK}/add/", step, newsletter=weekly.pk))
    assert not Automation.objects.exists()


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"begins": "tagged"}, "Choose the tag with which it begins."),
        ({"begins": "segment"}, "Choose the segment with which it begins."),
        ({"begins": "segment", "again_after": 9}, "enters once: leave it empty."),
    ],
)
def test_what_a_beginning_lacks_is_said_at_its_field(client, weekly, manager, rules, told):
    assert told in said(posted(client, f"{DESK}/add/", {"kind": "letter"}, newsletter=weekly.pk, **rules))
    assert not Automation.objects.exists()


def test_what_its_beginning_does_not_ask_for_is_left_out_once_that_stays(client, weekly, manager):
    for begins, is_asked in (("confirmed", False), ("quiet", True)):
        made = automation(weekly, {"letter": "Hello"}, begins=begins, name=begins)
        client.post(f"{DESK}/{made.pk}/decide/", {"decision": "pause"})
        assert ("Who is quiet" in said(client.get(f"{DESK}/{made.pk}/change/"))) is is_asked
    fresh = said(client.get(f"{DESK}/add/"))
    assert "begins-quiet" in fresh
    assert "beginnings.js" in fresh


def test_one_that_looks_for_people_says_when_it_does_so_next(client, weekly, manager):
    made = automation(weekly, {"letter": "Hello"}, begins="quiet")
    assert "next at" not in said(client.get(f"{DESK}/{made.pk}/overview/"))
    flow.run_due()
    assert "It looks for them next at" in said(client.get(f"{DESK}/{made.pk}/overview/"))
    lifecycle.pause(made, by=manager)
    assert "next at" not in said(client.get(f"{DESK}/{made.pk}/overview/"))


def test_a_running_one_is_looked_at_and_not_changed(client, weekly, manager):
    made = series(weekly)
    page = said(client.get(f"{DESK}/{made.pk}/change/"))
    assert "so it can be looked at, but not changed" in page
    assert 'name="_save"' not in page
    letter = letters.draft_of(made.first_step())
    assert 'name="_save"' not in said(client.get(f"/admin/newsletter/briefing/{letter.pk}/change/"))


def test_a_step_taken_out_on_the_page_hands_its_people_on(client, weekly, manager):
    made = series(weekly)
    subscriptions.confirm(factories.subscription(weekly, state="pending"), issued_at=timezone.now())
    lifecycle.pause(made, by=manager)
    first, second, third = made.steps.order_by("ordering")
    rows = [
        {"id": step.pk, "automation": made.pk, "ordering": step.ordering, "kind": step.kind}
        for step in (first, second, third)
    ]
    rows[0]["DELETE"] = "on"
    rows[1]["amount"] = 2
    posted(client, f"{DESK}/{made.pk}/change/", *rows)
    assert (Enrolment.objects.get().step_id, AutomationStep.objects.get(pk=second.pk).ordering) == (second.pk, 1)
    assert not Briefing.every.filter(state="draft", step=None).exists()


def test_the_page_draws_the_flow_with_how_many_are_where(client, weekly, manager, django_assert_max_num_queries):
    made = series(weekly)
    for name in ("ann", "ben"):
        row = factories.subscription(weekly, f"{name}@example.com", state="pending")
        subscriptions.confirm(row, issued_at=timezone.now())
    flow.run_due()
    with django_assert_max_num_queries(30):
        page = said(client.get(f"{DESK}/{made.pk}/overview/"))
    assert "2 here" in page
    who = client.get(
        f"/admin/newsletter/enrolment/?automation__id__exact={made.pk}&state__exact=waiting&step__id__exact={made.first_step().pk}"
    )
    assert "ann@example.com" in said(who)
    assert "2 enrolments" in said(who)


def test_an_editor_sees_how_it_goes_but_neither_starts_it_nor_sees_who_is_in_it(client, weekly):
    made = series(weekly, start=False)
    client.force_login(factories.user(role="editor", is_staff=True))
    page = said(client.get(f"{DESK}/{made.pk}/overview/"))
    assert "Who is where" not in page
    assert 'value="start"' not in page
    assert client.post(f"{DESK}/{made.pk}/decide/", {"decision": "start"}).status_code == 403
    assert client.get("/admin/newsletter/enrolment/").status_code == 403


def test_a_letter_is_written_on_the_briefings_pages_without_what_is_an_issues(client, weekly, manager):
    made = series(weekly, start=False)
    letter = letters.draft_of(made.first_step())
    desk = f"/admin/newsletter/briefing/{letter.pk}"
    page = said(client.get(f"{desk}/change/"))
    assert "This is a letter of “First week”" in page
    assert 'name="_approve"' not in page
    assert 'name="issue_date"' not in page
    assert [client.get(f"{desk}/{name}/").status_code for name in ("preview", "check", "articles")] == [200, 200, 200]
    assert [client.get(f"{desk}/{name}/").status_code for name in ("approve", "subjects")] == [404, 404]
    assert client.post(f"{desk}/copy/").status_code == 404
    assert client.get(f"{desk}/delete/").status_code == 403
    assert "0 briefings" in said(client.get("/admin/newsletter/briefing/"))


def test_a_test_of_a_letter_is_mailed(client, weekly, manager, django_capture_on_commit_callbacks):
    from core.models import OutgoingMail

    letter = letters.draft_of(series(weekly, start=False).first_step())
    client.post(f"/admin/newsletter/briefing/{letter.pk}/test/", {"to": "ann@example.com"})
    assert OutgoingMail.objects.get(kind="newsletter.test").subject == "[Test] Welcome"


def test_an_edition_that_was_held_says_why_and_goes_on_only_with_its_automation(client, weekly, manager):
    made = series(weekly)
    edition = letters.newest(made.first_step())
    edition.hold("Too many were refused.")
    assert "Too many were refused." in said(client.get(f"{DESK}/{made.pk}/overview/"))
    resume = f"/admin/newsletter/briefing/{edition.pk}/decide/"
    client.post(resume, {"decision": "cancel"})
    lifecycle.pause(made, by=manager)
    client.post(resume, {"decision": "resume"})
    assert Briefing.every.get(pk=edition.pk).state == "paused"
    Automation.objects.update(state="running")
    client.post(resume, {"decision": "resume"})
    assert Briefing.every.get(pk=edition.pk).state == "sending"


def test_what_readers_and_sponsors_see_knows_of_no_letters(client, weekly, manager):
    made = series(weekly)
    subscriptions.confirm(factories.subscription(weekly, state="pending"), issued_at=timezone.now())
    flow.run_due()
    Briefing.every.letters().update(first_sent_at=timezone.now(), sent_at=timezone.now())
    slug = letters.newest(made.first_step()).slug
    pages = ["/newsletter/archive/", "/newsletter/archive/feed.xml", "/api/v1/briefings/", "/sitemap.xml"]
    assert not [
        path
        for path in pages
        if slug in client.get(path).content.decode() or "How we rate" in client.get(path).content.decode()
    ]
    assert client.get(f"/newsletter/archive/{slug}/").status_code == 404
    assert client.get(f"/api/v1/briefings/{slug}/").status_code == 404
    figures.count(made)


def test_staff_take_somebody_out_who_stays_subscribed(client, weekly, manager):
    made = series(weekly)
    row = factories.subscription(weekly, state="pending")
    subscriptions.confirm(row, issued_at=timezone.now())
    chosen = {"action": "take_out", "_selected_action": [made.enrolments.get().pk]}
    assert "1 taken out" in said(client.post("/admin/newsletter/enrolment/", chosen, follow=True))
    row.refresh_from_db()
    assert (made.enrolments.get().reason, row.state) == ("staff", "confirmed")


def test_the_start_page_says_what_runs_and_what_is_wrong_with_it(client, weekly, manager):
    made = series(weekly)
    assert "Weekly: First week" in said(client.get("/admin/"))
    letters.newest(made.first_step()).hold("Too many were refused.")
    assert "Too many were refused." in said(client.get("/admin/"))
