"""Several people at one edit page of the admin: who saves second, work that is not saved, buttons that lead elsewhere."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.models import KeptWork
from newsletter.models import Briefing
from newsletter.sending import approval
from sponsors.models import Booking
from surveys.models import Season
from tests.desks import chosen, opened, save
from tests.html import one_line
from tests.newsletter import factories
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys

pytestmark = pytest.mark.django_db

DESK = "/admin/newsletter/briefing/"


@pytest.fixture
def editor(client):
    client.force_login(factories.user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def draft(weekly):
    factories.subscriptions(weekly, 2)
    items = [{"heading": name, "text": f"On {name}.", "url": "https://example.com/a"} for name in ("Bridges", "Stairs")]
    return factories.briefing(weekly, items=items)


def test_a_page_that_nobody_else_saved_is_saved(editor, draft):
    assert "/conflict/" not in save(editor, draft, opened(editor, draft), subject="Seven bridges")["Location"]
    assert Briefing.objects.get().subject == "Seven bridges"


def test_a_save_that_is_sent_twice_is_no_conflict_with_oneself(editor, draft):
    page = opened(editor, draft)
    save(editor, draft, page, subject="Seven bridges")
    assert "/conflict/" not in save(editor, draft, page, subject="Seven bridges")["Location"]
    assert "/conflict/" in save(editor, draft, page, subject="Eight bridges")["Location"]


def test_who_saves_second_overwrites_nothing_and_keeps_every_word(editor, draft):
    mine, theirs = opened(editor, draft), opened(editor, draft)
    save(editor, draft, theirs, subject="Seven bridges")
    answer = save(editor, draft, mine, introduction="Mine.", block__article__1__text="On Stairs of mine.")
    assert Briefing.objects.get().subject == "Seven bridges"
    assert "Mine." in str(KeptWork.objects.get().content)
    page = one_line(editor.get(answer["Location"]).content)
    assert "Seven <ins>" not in page
    assert "On Stairs<ins> of mine</ins>." in page


def test_what_each_side_changed_goes_on_together(editor, draft):
    mine, theirs = opened(editor, draft), opened(editor, draft)
    save(editor, draft, theirs, subject="Seven bridges", block__article__0__heading="Arches")
    kept = chosen(
        editor, save(editor, draft, mine, introduction="Mine.", block__article__0__text="My arches.")["Location"]
    )
    save(editor, draft, opened(editor, draft, **kept))
    after = Briefing.objects.get()
    assert (after.subject, after.introduction) == ("Seven bridges", "<p>Mine.</p>")
    assert ("Arches", "My arches.") in after.items.values_list("heading", "text")
    assert not KeptWork.objects.exists()


def test_a_field_that_both_changed_has_to_be_chosen(editor, draft):
    mine, theirs = opened(editor, draft), opened(editor, draft)
    save(editor, draft, theirs, subject="Theirs")
    page = save(editor, draft, mine, subject="Mine")["Location"]
    assert b"Choose a side" in chosen(editor, page).content
    save(editor, draft, opened(editor, draft, **chosen(editor, page, subject="mine")))
    assert Briefing.objects.get().subject == "Mine"


def test_an_item_that_somebody_removed_can_come_back(editor, draft):
    mine, theirs = opened(editor, draft), opened(editor, draft)
    save(editor, draft, theirs, block__article__0__DELETE="on")
    page = save(editor, draft, mine, block__article__0__text="My bridges.")["Location"]
    assert b"it was removed from the saved version" in editor.get(page).content
    save(editor, draft, opened(editor, draft, **chosen(editor, page)))
    assert set(Briefing.objects.get().items.values_list("text", flat=True)) == {"My bridges.", "On Stairs."}


def test_what_is_typed_is_kept_valid_or_not(editor, draft):
    page = opened(editor, draft) | {"subject": "Half a", "issue_date": "tomor"}
    assert editor.post(f"{DESK}{draft.pk}/keep/", page).status_code == 200
    piece = KeptWork.objects.get()
    again = opened(editor, draft, kept=piece.pk)
    assert (again["subject"], again["issue_date"]) == (["Half a"], ["tomor"])
    assert again["continues"] == [str(piece.sitting)]


def test_two_windows_keep_their_work_apart(editor, draft):
    for words in ("One", "Other"):
        editor.post(f"{DESK}{draft.pk}/keep/", opened(editor, draft) | {"subject": words})
    assert {piece.content["typed"]["fields"]["subject"]["subject"][0] for piece in KeptWork.objects.all()} == {
        "One",
        "Other",
    }


def test_words_typed_into_a_draft_that_was_approved_meanwhile_are_shown(editor, draft):
    mine = opened(editor, draft)
    approval.approve(draft, by=factories.user())
    answer = save(editor, draft, mine, introduction="Too late, but mine.")
    page = editor.get(answer["Location"]).content
    assert b"Too late, but mine" in page.replace(b"<ins>", b"").replace(b"</ins>", b"")
    assert b"It can no longer be changed" in page
    assert Briefing.objects.get().introduction == "<p>Good morning.</p>"


@pytest.mark.parametrize(
    ("button", "page"), [("_articles", "articles"), ("_preview", "preview"), ("_approve", "approve")]
)
def test_a_button_that_leads_elsewhere_saves_first(editor, draft, button, page):
    assert f'form="briefing_form" name="{button}"' in editor.get(f"{DESK}{draft.pk}/change/").content.decode()
    answer = save(editor, draft, opened(editor, draft), introduction="Typed.", **{button: "1"})
    assert answer["Location"] == f"{DESK}{draft.pk}/{page}/"
    assert Briefing.objects.get().introduction == "<p>Typed.</p>"


def test_a_season_is_not_put_back(editor):
    season = surveys.draft_season()
    mine, theirs = opened(editor, season), opened(editor, season)
    save(editor, season, theirs, title="Moon Awards", categories__0__title="Wallets")
    answer = save(editor, season, mine, standfirst="Mine.")
    assert Season.objects.get().title == "Moon Awards"
    save(editor, season, opened(editor, season, **chosen(editor, answer["Location"])))
    after = Season.objects.get()
    assert (after.title, after.standfirst, after.categories.get().title) == ("Moon Awards", "Mine.", "Wallets")


def test_a_booking_is_not_put_back(editor):
    row = sponsors.held()
    mine, theirs = opened(editor, row), opened(editor, row)
    save(editor, row, theirs, contact_email="new@example.com")
    earlier = row.hold_until - timedelta(hours=5)
    answer = save(editor, row, mine, hold_until=f"{earlier:%Y-%m-%dT%H:%M}")
    assert Booking.objects.get().contact_email == "new@example.com"
    save(editor, row, opened(editor, row, **chosen(editor, answer["Location"])))
    after = Booking.objects.get()
    assert (after.contact_email, f"{after.hold_until:%H:%M}") == ("new@example.com", f"{earlier:%H:%M}")


@pytest.mark.django_db(transaction=True)
def test_articles_that_are_added_while_it_is_approved_are_refused_in_words(weekly, editor):
    draft = factories.briefing(weekly)
    publication = factories.published("Gas fees explained")
    answers = []

    def add():
        data = {"publication": [publication.pk]}
        answers.append(editor.post(f"{DESK}{draft.pk}/articles/", data, follow=True).content.decode())
        connection.close()

    adding = Thread(target=add)
    with transaction.atomic():
        approved = {"state": "approved", "approved_at": timezone.now(), "scheduled_at": timezone.now()}
        Briefing.objects.filter(pk=draft.pk).update(**approved)
        adding.start()
        adding.join(timeout=2)  # it has seen a draft, and waits for its row
    adding.join(timeout=60)
    assert "It was approved meanwhile, so nothing was added" in answers[0]
    assert draft.items.count() == 1
