"""Who asked is reminded of the vote and told what came of a nomination: once, after a confirmation, never when suppressed."""

import re
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from core import retention
from core.models import OutgoingMail
from newsletter.models import Suppression
from surveys import followers, nominations, seasons
from surveys.models import Follower, Nomination, Season
from tests.html import one_line
from tests.surveys.factories import body_of, close_and_release, draft_season, open_season, released_season

pytestmark = pytest.mark.django_db
ADDRESS = "reader@example.com"
PAGE = "/awards/moon-2026/remind/"


def mails(kind="surveys.reminder"):
    return list(OutgoingMail.objects.filter(kind=kind).order_by("id"))


def path_in(mail, page):
    return re.search(rf"https?://[^/\s]+(/awards/reminder/[\w-]+/{page})", body_of(mail))[1]


def confirmed(season, email=ADDRESS, **wanted):
    follower = followers.follow(season, email, **wanted)
    followers.confirm(follower)
    return follower


def test_a_reader_asks_confirms_by_the_button_and_is_reminded_once(client):
    open_season()
    assert "Remind me of the vote" in client.get("/awards/moon-2026/").content.decode()
    assert "Check your inbox" in client.post(PAGE, {"email": ADDRESS}).content.decode()
    (mail,) = mails("surveys.reminder-confirm")
    link = path_in(mail, "")
    assert "Confirm your address" in client.get(link).content.decode()
    assert followers.tell_due() == 0
    assert "We will remind you" in client.post(link).content.decode()
    assert followers.tell_due() == 1
    assert followers.tell_due() == 0
    (reminder,) = mails()
    assert "/awards/moon-2026/vote/" in body_of(reminder)


def test_the_answer_is_the_same_whoever_asks_again_and_no_second_link_goes_out_within_the_hour(client):
    season = open_season()
    confirmed(season, "known@example.com")
    pages = {client.post(PAGE, {"email": email}).content.decode().replace(email, "#") for email in (
        "known@example.com", "new@example.com", "new@example.com",
    )}  # fmt: skip
    assert len(pages) == 1
    assert len(mails("surveys.reminder-confirm")) == 2
    Follower.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    client.post(PAGE, {"email": "New@example.com"})
    assert len(mails("surveys.reminder-confirm")) == 3
    assert Follower.objects.count() == 2


@pytest.mark.parametrize("email", ["", "nobody", "a@b@example.com", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_refused_in_words_and_kept(client, email):
    open_season()
    page = client.post(PAGE, {"email": email})
    assert page.status_code == 400
    assert "invalid-feedback" in page.content.decode()
    assert not Follower.objects.exists()
    with pytest.raises(ValidationError):
        followers.follow(Season.objects.get(), email)


def test_a_day_before_the_close_they_are_told_once_more():
    now = timezone.now()
    season = open_season(opens_at=now - timedelta(days=5), closes_at=now + timedelta(days=2))
    confirmed(season)
    assert followers.tell_due() == 1
    Season.objects.update(closes_at=now + timedelta(hours=23))
    assert (followers.tell_due(), followers.tell_due()) == (1, 0)
    assert "closes on" in body_of(mails()[-1])


def test_nothing_goes_out_before_voting_opens_after_it_closed_or_in_a_short_vote():
    now = timezone.now()
    season = open_season(opens_at=now + timedelta(hours=1), closes_at=now + timedelta(hours=20))
    confirmed(season)
    assert followers.tell_due() == 0
    Season.objects.update(opens_at=now - timedelta(hours=1))
    assert followers.tell_due() == 1
    Season.objects.update(closes_at=now)
    confirmed(season, "late@example.com")
    assert followers.tell_due() == 0


def test_a_suppressed_address_gets_neither_link_nor_reminder(client):
    season = open_season()
    confirmed(season)
    OutgoingMail.objects.all().delete()
    for email in (ADDRESS, "other@example.com"):
        Suppression.objects.create(digest=Suppression.digest_of(email), reason="complaint")
    client.post(PAGE, {"email": "other@example.com"})
    followers.tell_due()
    assert not OutgoingMail.objects.exists()


def test_the_link_in_each_mail_ends_them_and_forgets_the_address(client):
    confirmed(open_season())
    followers.tell_due()
    link = path_in(mails()[0], "stop/")
    assert "Stop the reminders?" in client.get(link).content.decode()
    assert Follower.objects.exists()
    assert "No more reminders" in client.post(link).content.decode()
    assert not Follower.objects.exists()
    assert client.post(link).status_code == 200


def test_who_confirmed_for_an_answer_alone_and_asks_for_reminders_gets_them_by_another_click(client):
    follower = followers.follow(open_season(), ADDRESS, reminders=False)
    (mail,) = mails("surveys.reminder-confirm")
    old = path_in(mail, "")
    client.post(old)
    for _ in range(2):
        assert "Check your inbox" in client.post(PAGE, {"email": ADDRESS}).content.decode()
    _, mail = mails("surveys.reminder-confirm")
    client.post(old)
    follower.refresh_from_db()
    assert not follower.wants_reminders
    client.post(path_in(mail, ""))
    follower.refresh_from_db()
    assert follower.wants_reminders
    client.post(PAGE, {"email": ADDRESS})
    assert len(mails("surveys.reminder-confirm")) == 2


def test_a_link_that_is_not_ours_or_too_old_confirms_nothing(client, time_machine):
    followers.follow(open_season(), ADDRESS)
    link = path_in(mails("surveys.reminder-confirm")[0], "")
    assert client.post("/awards/reminder/abc/").status_code == 410
    time_machine.move_to(timezone.now() + timedelta(days=8))
    assert client.post(link).status_code == 410
    assert not Follower.objects.filter(confirmed_at__isnull=False).exists()


def test_a_nominator_who_asked_is_told_what_came_of_it(client):
    season = draft_season(nominees=())
    seasons.open_nominations(season)
    path = "/awards/moon-2026/nominate/"
    client.post(path, {"category": "wallet", "name": "Zed", "answer_to": ADDRESS})
    client.post(path, {"category": "wallet", "name": "zed", "answer_to": "other@example.com"})
    client.post(path, {"category": "wallet", "name": "Yon", "answer_to": ADDRESS})
    followers.confirm(Follower.objects.get(email=ADDRESS))
    zed, yon = Nomination.objects.filter(same_as=None).order_by("pk")
    nominations.shortlist(zed)
    nominations.decline(yon, reason="No wallet")
    assert (followers.tell_due(), followers.tell_due()) == (2, 0)
    told = [body_of(mail) for mail in mails("surveys.nomination-answer")]
    assert "on the shortlist:" in told[0]
    assert "/awards/moon-2026/wallet/zed/" in told[0]
    assert "The steward's reason: No wallet" in told[1]
    followers.confirm(Follower.objects.get(email="other@example.com"))
    assert followers.tell_due() == 1


def test_a_nominator_who_asked_for_an_answer_alone_is_not_reminded_of_the_vote():
    season = draft_season()
    seasons.open_nominations(season)
    confirmed(season, reminders=False)
    seasons.open_voting(season)
    assert followers.tell_due() == 0


def test_a_wrong_address_for_the_answer_loses_nothing_of_the_nomination(client):
    seasons.open_nominations(draft_season())
    typed = {"category": "wallet", "name": "Zed", "reason": "Neat", "answer_to": "nobody"}
    page = client.post("/awards/moon-2026/nominate/", typed)
    assert page.status_code == 400
    assert "Neat" in page.content.decode()
    assert not Nomination.objects.exists()


def test_addresses_go_when_they_are_not_confirmed_when_the_season_is_over_and_with_an_erasure():
    old, running = released_season(), open_season()
    for season, email in ((old, "old@example.com"), (running, ADDRESS), (running, "erased@example.com")):
        confirmed(season, email)
    followers.follow(running, "unsure@example.com")
    Season.objects.filter(pk=old.pk).update(released_at=timezone.now() - timedelta(days=31))
    Follower.objects.filter(email="unsure@example.com").update(asked_at=timezone.now() - timedelta(days=8))
    retention.forget("Erased@example.com")
    followers.delete_old()
    assert [follower.email for follower in Follower.objects.all()] == [ADDRESS]


def test_who_followed_a_season_is_told_once_when_the_next_nominations_open_and_then_forgotten(client):
    released_season("moon-2025")
    assert "Tell me when the next nominations open" in client.get("/awards/moon-2025/").content.decode()
    assert "when nominations for the next awards open" in one_line(client.get("/awards/moon-2025/remind/").content)
    client.post("/awards/moon-2025/remind/", {"email": ADDRESS})
    client.post(path_in(mails("surveys.reminder-confirm")[0], ""))
    Season.objects.update(released_at=timezone.now() - timedelta(days=60))
    followers.delete_old()
    season = draft_season("moon-2026")
    assert followers.tell_due() == 0
    seasons.open_nominations(season)
    assert (followers.tell_due(), followers.tell_due()) == (1, 0)
    (mail,) = mails("surveys.nominations-open")
    assert "/awards/moon-2026/nominate/" in body_of(mail)
    assert not Follower.objects.exists()


def test_who_was_reminded_of_the_vote_can_ask_for_the_next_nominations_by_another_link(client):
    season = open_season("moon-2025")
    confirmed(season)
    close_and_release(season)
    client.post("/awards/moon-2025/remind/", {"email": ADDRESS})
    Follower.objects.update(asked_at=timezone.now() - timedelta(days=1))
    client.post("/awards/moon-2025/remind/", {"email": ADDRESS})
    assert not Follower.objects.get().wants_next
    client.post(path_in(mails("surveys.reminder-confirm")[-1], ""))
    assert Follower.objects.get().wants_next


def test_mail_programs_are_told_how_a_post_ends_the_reminders(client):
    season = open_season()
    confirmed(season)
    followers.tell_due()
    (mail,) = mails()
    headers = message_from_bytes(bytes(mail.message))
    link = headers["List-Unsubscribe"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<https?://[^/\s]+(/awards/reminder/[\w-]+/stop/)>", link)[1]
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Follower.objects.exists()
