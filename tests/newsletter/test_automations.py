"""Automations: who enters, waits, gets which letter and leaves; by rows that move with what is done, once."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.models import OutgoingMail
from core.transitions import TransitionRefused
from newsletter.automations import figures, flow, letters, lifecycle
from newsletter.models import (
    Automation,
    AutomationStep,
    Briefing,
    Delivery,
    Enrolment,
    Newsletter,
    Subscription,
)
from newsletter.sending import briefing_counts, sender
from newsletter.subscribers import choices, consent, enrolments, subscriptions
from tests.newsletter import factories
from tests.newsletter.automations import (
    automation,
    confirm,
    editions,
    got,
    later,
    read,
    run,
    tagged_segment,
    wait,
    where,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter(time_zone="Europe/Berlin")


def welcome_series(weekly, **fields):
    return automation(weekly, {"letter": "Welcome"}, wait(2), {"letter": "How we rate"}, **fields)


# Entering with the confirmation


def test_whoever_confirms_gets_one_letter_after_the_other_by_their_own_clock(weekly, smtp_server):
    made = welcome_series(weekly)
    confirm(weekly)
    run()
    assert [mail["Subject"] for mail in got(smtp_server, "new@example.com")] == ["Welcome"]
    with later(minutes=10):
        run()
    assert where(made) == {"new@example.com": 2}
    with later(days=1):
        assert run() == set()
    with later(days=2, minutes=20):
        run()
    assert [mail["Subject"] for mail in got(smtp_server, "new@example.com")] == ["Welcome", "How we rate"]
    with later(days=3):
        run()
    assert where(made) == {"new@example.com": "finished"}


def test_a_letter_is_a_letter_of_the_list_with_a_way_out_and_counted_links_and_no_archive(weekly, smtp_server, client):
    made = welcome_series(weekly)
    confirm(weekly)
    run()
    (mail,) = got(smtp_server, "new@example.com")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert ":welcome:" not in mail["Feedback-ID"]
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "Unsubscribe: http" in text
    assert "Read in a browser" not in text + html
    assert "/o/" in html
    (edition, other) = editions(made)
    assert client.get(edition.get_absolute_url()).status_code == 404
    assert not Briefing.objects.exists()
    assert (edition.candidates, other.candidates) == (1, 0)


def test_an_automation_takes_the_place_of_the_welcome_mail(weekly):
    Newsletter.objects.update(welcome_subject="Welcome", welcome_text="Good to have you.")
    made = welcome_series(Newsletter.objects.get())
    confirm(weekly)
    assert where(made) == {"new@example.com": 1}
    assert not OutgoingMail.objects.filter(kind="newsletter.welcome").exists()
    lifecycle.end(made, by=factories.user())
    confirm(weekly, "ben@example.com")
    assert OutgoingMail.objects.get(kind="newsletter.welcome").recipient == "ben@example.com"


def test_nobody_enters_twice_unless_it_says_after_how_long(weekly):
    made = welcome_series(weekly, again_after=30)
    ann = confirm(weekly)
    again = Subscription.objects.get()
    subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="page")
    subscriptions.confirm(again, issued_at=timezone.now() + timedelta(minutes=1))
    assert Enrolment.objects.count() == 1
    with later(days=31):
        subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="page")
        subscriptions.confirm(again, issued_at=timezone.now() + timedelta(days=40))
    assert [(row.round, row.state) for row in made.enrolments.order_by("round")] == [(0, "left"), (1, "waiting")]


def test_the_second_time_brings_the_letters_again_in_an_edition_of_their_own(weekly, smtp_server):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    run()
    Enrolment.objects.update(state="finished", ended_at=timezone.now())
    assert enrolments.enter(made, ann, again=True)
    run()
    assert len(smtp_server.to("new@example.com")) == 2
    assert len({mail["Message-ID"] for mail in got(smtp_server, "new@example.com")}) == 2
    assert [(row.round, row.candidates) for row in editions(made) if row.candidates] == [(0, 1), (1, 1)]


def test_an_import_enters_nothing(weekly, run):
    made = welcome_series(weekly)
    run("email,status\nann@example.com,active\n", "--newsletter", "weekly")
    assert not made.enrolments.exists()


# Waiting


@pytest.mark.parametrize(
    ("given", "due"),
    [
        ({"amount": 3, "unit": "hours"}, datetime(2026, 3, 28, 13, tzinfo=UTC)),
        ({"amount": 1, "unit": "days"}, datetime(2026, 3, 29, 10, tzinfo=UTC)),
        ({"amount": 1, "unit": "days", "at_time": time(9)}, datetime(2026, 3, 29, 7, tzinfo=UTC)),  # summer time began
        (
            {"amount": 1, "unit": "days", "at_time": time(2, 30)},
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ),  # was skipped
        ({"amount": 2, "unit": "hours", "at_time": time(9)}, datetime(2026, 3, 29, 7, tzinfo=UTC)),
        ({"amount": 12, "unit": "hours"}, datetime(2026, 3, 29, 5, tzinfo=UTC)),  # out of the quiet hours
    ],
)
def test_a_wait_ends_in_the_newsletters_zone_and_in_no_quiet_hours(weekly, given, due):
    weekly.quiet_from, weekly.quiet_until = time(22), time(7)
    if given.get("at_time") == time(2, 30):
        weekly.quiet_from = weekly.quiet_until = None
    step = AutomationStep(automation=Automation(newsletter=weekly), kind="wait", **given)
    assert step.due_after(datetime(2026, 3, 28, 10, tzinfo=UTC)) == due


def test_whoever_pauses_the_subscription_gets_the_letter_when_the_pause_ends(weekly, smtp_server):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    until = timezone.now() + timedelta(days=20)
    choices.pause(ann, weekly, until=until, by=choices.By("test", "subscriber"))
    run()
    assert made.enrolments.get().due_at == until
    assert not smtp_server.messages


# Leaving


@pytest.mark.parametrize("act", ["left", "bounced", "complained", "suppressed"])
def test_whoever_gets_no_mail_any_more_has_left_at_once(weekly, act):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    of = weekly.pk if act == "left" else None
    consent.record(consent.NewAct(consent.person(ann), act, "subscriber", of))
    assert where(made) == {"new@example.com": "unsubscribed" if act == "left" else "suppressed"}


def test_leaving_another_list_ends_nothing(weekly):
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False)
    made = welcome_series(weekly)
    ann = confirm(weekly)
    factories.subscription(notes, ann.email)
    subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=notes.pk, by="page")
    assert where(made) == {"new@example.com": 1}


def test_an_erasure_leaves_a_count_and_nobody(weekly):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    assert subscriptions.export(ann)["automations"][0]["name"] == "First week"
    subscriptions.erase(ann)
    run()
    assert where(made) == {"None": "erased"}


def test_whoever_leaves_between_queue_and_letter_gets_none(weekly, smtp_server):
    welcome_series(weekly)
    ann = confirm(weekly)
    (edition,) = flow.run_due()
    subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="page")
    sender.pump(edition)
    assert not smtp_server.messages
    assert Delivery.objects.get().state == "skipped"


def test_whoever_comes_into_the_segment_that_leaves_gets_nothing_more(weekly):
    paying = tagged_segment("paying")
    made = welcome_series(weekly, exit_segment=paying)
    factories.tagged(confirm(weekly), "paying")
    confirm(weekly, "ben@example.com")
    run()
    assert where(made) == {"new@example.com": "segment", "ben@example.com": 1}


# Forks


def forked(weekly, test, **fields):
    """A letter, a day, and a fork that takes those of whom the test is true past the next letter."""
    made = automation(
        weekly,
        {"letter": "One"},
        wait(),
        {"kind": "fork", "test": test, **fields},
        {"letter": "Two"},
        wait(5),
        start=False,
    )
    steps = list(made.steps.order_by("ordering"))
    AutomationStep.objects.filter(pk=steps[2].pk).update(target=steps[4])
    lifecycle.start(made, by=factories.user())
    return made


@pytest.mark.parametrize(
    ("test", "kind", "at"),
    [
        ("read", "open", 5),
        ("read", "click", 5),
        ("clicked", "open", 4),
        ("not_clicked", "open", 5),
        ("not_read", "", 5),
    ],
)
def test_a_fork_goes_by_what_a_person_did_with_the_letter_before(weekly, smtp_server, test, kind, at):
    made = forked(weekly, test)
    confirm(weekly)
    run()
    if kind:
        read(Delivery.objects.get(), kind)
    with later(minutes=10):
        run()
    with later(days=2):
        flow.run_due()
    assert where(made) == {"new@example.com": at}


def test_nobody_is_held_not_to_have_read_a_letter_whose_opens_were_not_counted(weekly, smtp_server):
    made = forked(weekly, "not_read")
    confirm(weekly)
    run()
    Delivery.objects.get().briefing.links.all().delete()
    with later(minutes=10):
        run()
    with later(days=2):
        flow.run_due()
    assert where(made) == {"new@example.com": 4}


def test_a_fork_by_a_segment_can_let_people_leave(weekly):
    made = automation(
        weekly,
        {"kind": "fork", "test": "in", "segment": tagged_segment("paying"), "leaves": True},
        {"letter": "Two"},
    )
    factories.tagged(confirm(weekly), "paying")
    confirm(weekly, "ben@example.com")
    flow.run_due()
    assert where(made) == {"new@example.com": "fork", "ben@example.com": 2}
    step = made.steps.get(kind="fork")
    assert (step.passed, step.turned) == (2, 1)


# Starting, pausing, ending


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([wait()], "It has no letter"),
        ([{"letter": " "}], "Step 1: The subject is empty."),
        ([{"letter": "One"}, {"kind": "wait"}], "Step 2: say how long."),
        ([{"letter": "One"}, {"kind": "fork", "test": "read", "leaves": True}], "nobody has had the time to read it"),
        ([{"kind": "fork", "test": "read", "leaves": True}, {"letter": "One"}], "no letter before it"),
        ([{"letter": "One"}, wait(), {"kind": "fork", "test": "read"}], "say at which step they go on"),
        ([{"letter": "One"}, wait(), {"kind": "unsubscribe"}], "a letter asks whether to stay"),
        ([{"letter": "One", "asks_to_stay": True}, wait(3, "hours"), {"kind": "unsubscribe"}], "at least one day"),
    ],
)
def test_what_is_not_whole_does_not_start_and_says_why(weekly, steps, said):
    made = automation(weekly, *steps, start=False)
    with pytest.raises(ValidationError, match=said):
        lifecycle.start(made, by=factories.user())
    assert Automation.objects.get().state == "draft"


def test_where_another_approves_nobody_starts_what_they_wrote(weekly):
    Newsletter.objects.update(approved_by_another=True)
    made = automation(Newsletter.objects.get(), {"letter": "One"}, start=False)
    ann, ben = factories.user("ann@example.com"), factories.user("ben@example.com")
    Automation.objects.update(edited_by=ann)
    with pytest.raises(ValidationError, match="approved by somebody else"):
        lifecycle.start(Automation.objects.get(), by=ann)
    lifecycle.start(made, by=ben)


def test_a_list_has_one_automation_that_begins_with_the_confirmation(weekly):
    welcome_series(weekly)
    with pytest.raises(ValidationError, match="“First week” begins when a subscription is confirmed, too"):
        welcome_series(weekly, name="Other")


def test_in_one_that_is_paused_everybody_waits_and_newcomers_too(weekly, smtp_server):
    made = welcome_series(weekly)
    confirm(weekly)
    (edition,) = flow.run_due()
    lifecycle.pause(made, by=factories.user())
    confirm(weekly, "ben@example.com")
    run()
    sender.pump(edition)
    assert not smtp_server.messages
    lifecycle.start(made, by=factories.user())
    run()
    sender.pump(edition)
    assert sorted(mail["To"] for mail in got(smtp_server)) == ["ben@example.com", "new@example.com"]


def test_ending_it_lets_everybody_leave_and_sends_nothing_more(weekly, smtp_server):
    made = welcome_series(weekly)
    confirm(weekly)
    (edition,) = flow.run_due()
    lifecycle.end(made, by=factories.user())
    sender.pump(edition)
    assert (where(made), smtp_server.messages) == ({"new@example.com": "ended"}, [])
    assert Delivery.objects.get().state == "skipped"
    with pytest.raises(TransitionRefused, match="is ended, so it cannot be started"):
        lifecycle.start(made, by=factories.user())


def test_what_ran_is_paused_where_a_backup_was_restored_and_says_why(weekly):
    made = welcome_series(weekly)
    assert lifecycle.pause_restored() == 1
    made.refresh_from_db()
    assert (made.state, made.trouble[:18]) == ("paused", "It was restored fr")
    lifecycle.start(made, by=factories.user())
    assert made.trouble == ""


# Changing it while people are in it


def test_who_comes_later_gets_the_letter_as_it_was_changed_and_nobody_gets_two(weekly, smtp_server):
    made = welcome_series(weekly)
    confirm(weekly)
    run()
    lifecycle.pause(made, by=factories.user())
    draft = letters.draft_of(made.first_step())
    draft.subject = "Welcome, again"
    draft.save()
    lifecycle.start(made, by=factories.user())
    confirm(weekly, "ben@example.com")
    run()
    assert {mail["To"]: mail["Subject"] for mail in got(smtp_server)} == {
        "new@example.com": "Welcome",
        "ben@example.com": "Welcome, again",
    }
    assert len(editions(made)) == 3


def test_a_start_without_a_change_makes_no_new_edition(weekly):
    made = welcome_series(weekly)
    lifecycle.pause(made, by=factories.user())
    lifecycle.start(made, by=factories.user())
    assert len(editions(made)) == 2


def test_a_step_that_is_taken_out_hands_its_people_to_the_next(weekly):
    made = welcome_series(weekly)
    confirm(weekly)
    made.first_step().delete()
    assert where(made) == {"new@example.com": 2}
    for step in made.steps.order_by("ordering"):
        step.delete()
    assert where(made) == {"new@example.com": "finished"}


def test_a_letter_put_behind_those_who_have_it_is_not_sent_again(weekly, smtp_server):
    made = automation(weekly, {"letter": "One"}, wait(), wait(1, "hours"))
    confirm(weekly)
    run()
    with later(minutes=10):
        run()
    made.steps.filter(kind="letter").update(ordering=9)
    with later(days=2):
        run()
    with later(days=3):
        run()
    with later(days=4):
        run()
    assert (where(made), len(smtp_server.messages)) == ({"new@example.com": "finished"}, 1)


# What fails


def test_one_row_that_fails_waits_with_its_reason_and_stops_no_other(weekly):
    made = welcome_series(weekly)
    ann, _ = confirm(weekly), confirm(weekly, "ben@example.com")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE newsletter_delivery ADD CONSTRAINT odd CHECK (subscriber_id <> {ann.pk})")
    flow.run_due()
    rows = {row.subscriber.email: row for row in made.enrolments.select_related("subscriber")}
    assert "odd" in rows["new@example.com"].trouble
    assert "Failing row" not in rows["new@example.com"].trouble
    assert rows["new@example.com"].due_at > timezone.now() + timedelta(minutes=20)
    assert Delivery.objects.get().subscriber.email == "ben@example.com"


def test_an_erasure_takes_the_trouble_with_it(weekly):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    made.enrolments.update(trouble="ann@example.com is odd")
    subscriptions.erase(ann)
    assert made.enrolments.get().trouble == ""


def test_one_automation_that_fails_says_so_and_stops_no_other(weekly):
    broken = welcome_series(weekly)
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False)
    other = welcome_series(notes)
    confirm(weekly)
    confirm(notes, "ben@example.com")
    Newsletter.objects.filter(pk=weekly.pk).update(time_zone="")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nothing doing'; END $$;"
            " CREATE TRIGGER refuse BEFORE UPDATE ON newsletter_enrolment FOR EACH ROW"
            f" WHEN (OLD.automation_id = {broken.pk}) EXECUTE FUNCTION refuse()"
        )
    flow.run_due()
    assert "nothing doing" in Automation.objects.get(pk=broken.pk).trouble
    assert other.enrolments.get().letter_is_out


def test_the_database_has_one_row_for_a_subscriber_who_is_in_it(weekly):
    made = welcome_series(weekly)
    ann = confirm(weekly)
    with pytest.raises(IntegrityError, match="enrolment_one_at_a_time"), transaction.atomic():
        Enrolment.objects.create(
            automation=made, subscriber=ann, round=1, step=made.first_step(), due_at=timezone.now()
        )


# Figures


def test_its_figures_say_how_many_wait_where_and_what_became_of_its_letters(weekly, smtp_server):
    made = welcome_series(weekly)
    for name in ("ann", "ben", "cat"):
        confirm(weekly, f"{name}@example.com")
    run()
    first = editions(made)[0]
    read(Delivery.objects.first(), at=timezone.now() + timedelta(seconds=30))
    with later(minutes=10):
        run()
    briefing_counts.count(first.pk)
    shown = figures.overview(Automation.objects.get())
    letter = shown.places[0].letter
    assert [place.waiting for place in shown.places] == [0, 3, 0]
    assert (letter.queued, letter.delivered, letter.clicked, shown.entered) == (3, 3, 1, 3)


def test_moving_a_thousand_takes_as_many_queries_as_moving_one(weekly, django_assert_max_num_queries):
    made = automation(weekly, wait(1, "hours"), {"letter": "One"})
    factories.subscriptions(weekly, 40)
    rows = [
        Enrolment(automation=made, subscriber_id=key, step=made.first_step(), due_at=timezone.now())
        for key in Subscription.objects.values_list("subscriber", flat=True)
    ]
    Enrolment.objects.bulk_create(rows)
    with django_assert_max_num_queries(40):
        flow.run_due()
    assert Delivery.objects.count() == 40
