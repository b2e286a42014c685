"""Tests of subjects: the sample, what waits meanwhile, what wins and when nothing does, and that nobody gets two."""

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from hashlib import md5

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.utils import timezone

from core.doorbell import Bell
from core.models import AuditEntry, OutgoingMail
from core.transitions import TransitionRefused
from newsletter.models import Delivery, Hit, MailReport, SubjectTest, VariantFigures
from newsletter.sending import approval, briefing_counts, freeze, pace, sender, subject_tests
from newsletter.sending.briefing_counts import Counted
from newsletter.sending.subject_tests import judged
from newsletter.tasks import sweep_briefings
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states

pytestmark = pytest.mark.django_db
READERS = 120
DESK = "/admin/newsletter/briefing/"


@pytest.fixture
def weekly():
    made = factories.newsletter()
    factories.subscriptions(made, READERS)
    return made


def under_test(newsletter, *others, share=50, by="clicks", minutes=60, **fields):
    """A draft with other subjects to try."""
    briefing = factories.briefing(newsletter, subject="Six bridges", **fields)
    test = SubjectTest.objects.create(briefing=briefing, share=share, by=by, minutes=minutes)
    for number, subject in enumerate(others or ["Mind the gap"], start=1):
        test.variants.create(number=number, subject=subject)
    return briefing


def frozen(*args, **fields):
    briefing = under_test(*args, **fields)
    approval.approve(briefing, by=factories.user())
    assert freeze.freeze(briefing.pk), reload(briefing).trouble
    return reload(briefing)


def subject_of(message):
    return message_from_bytes(message.message, policy=policy.default)["Subject"]


def subjects(smtp_server):
    return {message.recipient: subject_of(message) for message in smtp_server.messages}


def clicked(deliveries):
    """People who clicked these."""
    link = deliveries[0].briefing.links.get(number=1)
    Hit.objects.bulk_create(Hit(delivery=row, kind="click", link=link, verdict="valid") for row in deliveries)


def later(briefing, minutes=61):
    """The sweep, once the sample has been out for a while."""
    sweep_briefings()
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        sweep_briefings()
    return SubjectTest.objects.get(briefing=briefing)


def test_the_sample_is_drawn_by_a_hash_of_a_fresh_seed_and_each_subscriber(weekly):
    briefing = frozen(weekly, "Mind the gap", "A staircase", share=50, minutes=60)
    seed = briefing.subject_test.seed
    drawn = {row.subscriber_id: row.variant for row in briefing.deliveries.all()}

    def lot(subscriber):
        return md5(f"{seed}:{subscriber}".encode(), usedforsecurity=False).hexdigest()[:15]

    line = {subscriber: place for place, subscriber in enumerate(sorted(drawn, key=lot))}
    assert drawn == {subscriber: place % 3 if place < READERS / 2 else None for subscriber, place in line.items()}
    assert len(drawn) == briefing.candidates == READERS
    assert frozen(weekly, "Mind the gap", slug="another").subject_test.seed != seed


@pytest.mark.parametrize(
    ("share", "others", "each"),
    [
        (50, ["Mind the gap"], {0: 35, 1: 34}),
        (50, ["Mind the gap", "A staircase"], {0: 23, 1: 23, 2: 23}),
        (45, ["Mind the gap", "A staircase"], {0: 21, 1: 21, 2: 20}),
    ],
)
def test_the_sample_is_exactly_the_share_of_who_gets_it_in_equal_parts(weekly, share, others, each):
    for number in range(18):
        factories.subscription(weekly, f"more{number}@example.com")
    factories.subscription(weekly, "paused@example.com", paused_until=timezone.now() + timedelta(days=9))
    factories.subscription(weekly, "gone@example.com")
    factories.suppression("bounce", "gone@example.com")
    briefing = frozen(weekly, *others, share=share)
    assert states(briefing) == {"pending": 138, "skipped": 2}
    sample = briefing.deliveries.exclude(variant=None)
    assert Counter(sample.values_list("variant", flat=True)) == each
    assert not sample.filter(state="skipped").exists()


def test_the_sample_gets_its_subjects_and_the_rest_the_winner_and_nobody_two(weekly, smtp_server):
    briefing = frozen(weekly)
    while sender.pump(briefing.pk):
        pass
    sample = {f"{row.subscriber}": row.variant for row in briefing.deliveries.exclude(variant=None)}
    assert subjects(smtp_server) == {who: ["Six bridges", "Mind the gap"][number] for who, number in sample.items()}
    assert reload(briefing).state == "sending"
    assert pace.of(reload(briefing), waiting=10).left is None
    clicked(list(briefing.deliveries.filter(variant=1)))
    test = later(briefing)
    assert (test.winner, "B did better than chance explains" in test.verdict) == (1, True)
    assert send_what_is_left(briefing).state == "sent"
    got = subjects(smtp_server)
    assert Counter(message.recipient for message in smtp_server.messages) == Counter(dict.fromkeys(got, 1))
    assert len(got) == READERS
    assert {subject for who, subject in got.items() if who not in sample} == {"Mind the gap"}


def test_the_archive_shows_the_subject_that_won(weekly, smtp_server, client):
    briefing = frozen(weekly)
    while sender.pump(briefing.pk):
        pass
    sweep_briefings()
    page = client.get(briefing.get_absolute_url()).content.decode()
    assert ('<h1 dir="auto">Six bridges</h1>' in page, briefing.archive_entry.title) == (True, "Six bridges")
    subject_tests.choose(briefing, 1, by=factories.user())
    sweep_briefings()
    briefing = reload(briefing)
    assert (briefing.title, briefing.subject, briefing.archive_entry.title) == (
        "Mind the gap",
        "Six bridges",
        "Mind the gap",
    )
    for address in (briefing.get_absolute_url(), "/newsletter/archive/", "/api/v1/briefings/"):
        assert "Mind the gap" in client.get(address).content.decode(), address
    assert send_what_is_left(briefing).title == "Mind the gap"
    assert [version.subject for version in subject_tests.versions(briefing, subject_tests.of(briefing))] == [
        "Six bridges",
        "Mind the gap",
    ]


def test_where_the_own_subject_wins_the_archive_keeps_it(weekly):
    briefing = frozen(weekly)
    subject_tests.choose(briefing, 0, by=factories.user())
    assert (reload(briefing).title, reload(briefing).won_subject) == ("Six bridges", "")


def test_the_preview_shows_each_subject_and_the_mail_of_the_one_that_is_chosen(weekly, client):
    client.force_login(factories.user(role="newsletter manager"))
    at = f"{DESK}{under_test(weekly, 'Mind the gap').pk}/preview/"
    page = client.get(f"{at}?subject=1").content.decode()
    assert "Six bridges" in page
    assert "<dd>Mind the gap</dd>" in page
    assert "mail.html?name=&amp;subject=1" in page
    assert "<title>Mind the gap</title>" in client.get(f"{at}mail.html?name=&subject=1").content.decode()
    for wrong in ("", "7", "-1", "x"):
        assert "<title>Six bridges</title>" in client.get(f"{at}mail.html?subject={wrong}").content.decode()


def test_a_test_sends_a_mail_for_each_subject(weekly, client):
    client.force_login(factories.user(role="newsletter manager"))
    briefing = under_test(weekly, "Mind the gap")
    page = client.post(f"{DESK}{briefing.pk}/test/", {"to": "me@example.com"}, follow=True)
    assert b"Each gets one for each subject." in page.content
    mails = OutgoingMail.objects.filter(kind="newsletter.test").order_by("pk")
    assert [mail.subject for mail in mails] == ["[Test A] Six bridges", "[Test B] Mind the gap"]


def test_nothing_is_decided_before_the_sample_is_out_and_its_time_has_passed(weekly, smtp_server):
    briefing = frozen(weekly)
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        subject_tests.settle_due()
    assert SubjectTest.objects.get().sampled_at is None
    while sender.pump(briefing.pk):
        pass
    test = later(briefing, minutes=59)
    assert (test.winner, subject_tests.decides_at(test) - test.sampled_at) == (None, timedelta(hours=1))


REFUSING = """
    CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'the row is locked' USING ERRCODE = 'lock_not_available'; END$$;
    CREATE TRIGGER refuse BEFORE UPDATE ON newsletter_subjecttest FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse();
"""


def test_a_database_too_busy_to_decide_holds_up_no_letter(weekly, django_capture_on_commit_callbacks):
    briefing = frozen(weekly)
    Delivery.objects.exclude(variant=None).update(state="skipped")  # so that the sample is out
    with connection.cursor() as cursor:
        cursor.execute(REFUSING)
    with django_capture_on_commit_callbacks() as rung, pytest.raises(OperationalError, match="locked"):
        sweep_briefings()
    assert Bell("newsletter.tasks.pump_briefing", (briefing.pk,)) in [ringing.args[0] for ringing in rung]


def test_one_of_the_sample_that_is_tried_again_for_hours_holds_up_nothing(weekly, smtp_server):
    smtp_server.refuse("reader1@example.com", "450 4.2.1 Later")
    briefing = frozen(weekly)
    Delivery.objects.filter(subscriber__email="reader1@example.com").update(
        variant=1, due_at=timezone.now() - timedelta(hours=1)
    )
    while sender.pump(briefing.pk):
        pass
    assert states(briefing)["retry"] == 1
    assert later(briefing).winner == 0


def test_a_paused_briefing_decides_nothing_and_a_cancelled_one_sends_nothing_more(weekly, smtp_server):
    briefing = frozen(weekly)
    while sender.pump(briefing.pk):
        pass
    sweep_briefings()
    approval.pause(briefing)
    assert later(briefing).winner is None
    approval.cancel(briefing)
    number = len(smtp_server.messages)
    send_what_is_left(briefing)
    assert (len(smtp_server.messages), states(briefing)["skipped"]) == (number, READERS - number)


def test_a_decision_is_made_once_whoever_decides(weekly):
    briefing = frozen(weekly)
    editor = factories.user("chooser@example.com")
    subject_tests.choose(briefing, 1, by=editor)
    stale = SubjectTest(
        briefing=briefing, seed="x", by="clicks", minutes=60, sampled_at=timezone.now() - timedelta(days=1)
    )
    assert subject_tests.settle(stale) is False
    with pytest.raises(TransitionRefused, match="decided already: B"):
        subject_tests.choose(briefing, 0, by=editor)
    assert SubjectTest.objects.get().winner == 1
    assert AuditEntry.objects.filter(action="chose a subject").count() == 1


@pytest.mark.parametrize(
    ("clicks", "delivered", "winner", "said"),
    [
        ([80, 130], 1000, 1, "B did better than chance explains"),
        ([130, 80], 1000, 0, "A did better than chance explains"),
        ([100, 110], 1000, 0, "comes by chance alone in about 47 of 100 tests"),
        ([100, 100], 1000, 0, "comes by chance alone in about 100 of 100 tests"),
        ([100, 129, 90, 80], 1000, 0, "No winner"),  # ahead of the next by what one test of two would accept
        (
            [40, 160, 158],
            2000,
            1,
            "B and C cannot be told apart, and both did better than A by more than chance explains",
        ),
        ([40, 158, 160, 161], 2000, 3, "B, C and D cannot be told apart, and all did better than A"),
        (
            [40, 85, 62],
            2000,
            1,
            "B did better than A by more than chance explains, though B and C cannot be told apart",
        ),
        ([150, 160, 158], 2000, 0, "No winner: a difference between B and A"),
        ([160, 158, 40], 2000, 0, "No winner: a difference between A and B"),
        ([0, 4], 1000, 0, "No winner: too few clicked to tell"),
        ([0, 0], 0, 0, "No winner: not every subject reached somebody"),
        ([1000, 1000], 1000, 0, "No winner"),
    ],
)
def test_chance_is_no_winner_and_the_verdict_says_so(clicks, delivered, winner, said):
    found = [Counted(number, delivered, delivered, 0, count) for number, count in enumerate(clicks)]
    number, verdict = judged(found, "clicks")
    assert (number, said in verdict) == (winner, True), verdict
    assert (
        f"{'ABCD'[winner]}, the briefing’s own subject, goes to the rest." in verdict
        or f"{'ABCD'[winner]} goes to the rest." in verdict
    )


def test_opens_decide_where_they_are_to(weekly):
    found = [Counted(0, 1000, 1000, 200, 90), Counted(1, 1000, 1000, 300, 10)]
    assert (judged(found, "opens")[0], judged(found, "clicks")[0]) == (1, 0)


def test_machines_and_mails_that_came_back_are_not_counted(weekly, smtp_server):
    briefing = frozen(weekly)
    while sender.pump(briefing.pk):
        pass
    one, two, *_ = briefing.deliveries.filter(variant=1)
    clicked([one, two])
    Hit.objects.create(delivery=one, kind="open", verdict="machine", reason="image proxy")
    MailReport.objects.create(delivery=two, kind="complaint")
    (own, other) = subject_tests.sample(briefing.subject_test)
    assert (other.delivered, other.opened, other.clicked) == (other.accepted - 1, 0, 1)
    assert own.clicked == 0
    briefing_counts.count(briefing.pk)
    stored = {row.number: (row.accepted, row.clicked) for row in VariantFigures.objects.all()}
    assert stored == {0: (own.accepted, 0), 1: (other.accepted, 1), None: (0, 0)}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"share": 20}, "each to about 12 readers"),
        ({"others": ["Mind the gap", "Mind the gap"]}, "are the same"),
        ({"others": ["Six bridges"]}, "are the same"),
        ({"counts": False}, "can only be chosen by hand"),
    ],
)
def test_a_test_that_tells_nothing_is_refused_before_approval(weekly, fields, said):
    weekly.counts_reading = fields.pop("counts", True)
    weekly.save()
    briefing = under_test(weekly, *fields.pop("others", []), **fields)
    with pytest.raises(ValidationError, match=said):
        approval.approve(briefing, by=factories.user())


@pytest.mark.parametrize("line", ["subject", "preheader"])
def test_personal_words_of_the_other_subjects_are_checked(weekly, line):
    briefing = under_test(weekly)
    briefing.subject_test.variants.update(**{line: 'Hello {{fist name, else "reader"}}'})
    with pytest.raises(ValidationError, match="Subject B: There is no personal word “fist name”"):
        approval.approve(briefing, by=factories.user())


def test_whoever_approves_sees_the_other_subjects_and_is_warned_of_them(client, weekly):
    client.force_login(factories.user(role="editor"))
    briefing = under_test(weekly, "WINNERS ONLY TODAY")
    page = client.get(f"{DESK}{briefing.pk}/approve/").content.decode()
    assert "<li>A: Six bridges (And a staircase)</li>" in page
    assert "<li>B: WINNERS ONLY TODAY (And a staircase)</li>" in page
    assert "Subject B: The subject is all in capitals" in page
    with pytest.raises(ValidationError, match="Look at each warning"):
        approval.approve(briefing, by=factories.user(), confirmed=[])


def test_what_is_under_test_is_part_of_what_was_approved(weekly):
    briefing = under_test(weekly)
    seen = approval.seen(briefing)
    briefing.subject_test.variants.update(subject="Another")
    with pytest.raises(ValidationError, match="Somebody changed this briefing meanwhile"):
        approval.approve(briefing, by=factories.user(), as_seen=seen)


def form(client, briefing, **typed):
    """The page's form with what was typed."""
    page = client.get(f"{DESK}{briefing.pk}/subjects/")
    fields = {name: page.context["form"][name].initial for name in page.context["form"].fields} | {"by": "clicks"}
    return client.post(f"{DESK}{briefing.pk}/subjects/", fields | typed, follow=True)


def test_other_subjects_are_written_on_a_page_and_taken_back_there(client, weekly):
    client.force_login(factories.user(role="editor"))
    briefing = factories.briefing(weekly)
    page = form(client, briefing, subject_1="Mind\u2028the gap ", preheader_3="Only the line after it", share=30)
    assert "3 subjects are tried" in page.content.decode()
    assert "which tells nothing. It takes 20" in page.content.decode()  # said here, not first where it goes out
    test = SubjectTest.objects.get()
    assert (test.share, [str(row) for row in test.variants.all()]) == (30, ["Mind the gap", "Only the line after it"])
    form(client, briefing, subject_1="", preheader_1="", subject_2="", preheader_2="")
    assert not SubjectTest.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"subject_1": "Six bridges"}, "The same is tried already"),
        ({"subject_1": "x", "subject_2": "x"}, "The same is tried already"),
        ({"subject_1": "x", "share": "90"}, "less than or equal to 50"),
        ({"subject_1": "x" * 151}, "at most 150 characters"),
        ({"subject_1": "x", "minutes": "1"}, "Select a valid choice"),
        ({"subject_1": "x", "was": "old"}, "Somebody changed this test"),
    ],
)
def test_what_makes_no_test_is_said_and_nothing_is_stored(client, weekly, typed, said):
    client.force_login(factories.user(role="editor"))
    page = form(client, factories.briefing(weekly), **typed)
    assert (said in page.content.decode(), SubjectTest.objects.exists()) == (True, False)


def test_somebody_chooses_by_hand_and_the_report_shows_each_subject(client, weekly, smtp_server):
    client.force_login(factories.user(role="editor"))
    briefing = frozen(weekly, by="hand")
    while sender.pump(briefing.pk):
        pass
    assert later(briefing, minutes=5000).winner is None
    assert "the rest waits" in client.get(f"{DESK}{briefing.pk}/progress/").content.decode()
    assert "testing its subjects" in client.get("/admin/").content.decode()
    page = client.get(f"{DESK}{briefing.pk}/subjects/").content.decode()
    assert "Nobody has chosen yet" in page
    assert "Nothing has been counted yet" in page, "else noughts are taken for what readers did"
    briefing_counts.count(briefing.pk)
    assert (
        "Opens and clicks are judged about two minutes after"
        in client.get(f"{DESK}{briefing.pk}/subjects/").content.decode()
    )
    assert (
        "no such subject"
        in client.post(f"{DESK}{briefing.pk}/subjects/choose/", {"number": "7"}, follow=True).content.decode()
    )
    client.post(f"{DESK}{briefing.pk}/subjects/choose/", {"number": "1"})
    assert send_what_is_left(briefing).state == "sent"
    assert set(subjects(smtp_server).values()) == {"Six bridges", "Mind the gap"}
    briefing_counts.count(briefing.pk)
    file = client.get(f"{DESK}{briefing.pk}/report/subjects.csv").content.decode().splitlines()
    assert file[1:] == [
        "A,Six bridges,And a staircase,30,0,0.0,0,0.0,False",
        "B,Mind the gap,And a staircase,30,0,0.0,0,0.0,True",
        "the rest,,,60,0,0.0,0,0.0,",
    ]
    page = client.get(f"{DESK}{briefing.pk}/report/").content.decode()
    assert "Chosen by hand" in page
    assert "(the rest got this one)" in page
