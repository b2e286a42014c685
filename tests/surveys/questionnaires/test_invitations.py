"""Invitations: mailed once to each address, which nobody keeps, and told apart from what is answered."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import outbox
from core.models import OutgoingMail
from core.transitions import TransitionRefused
from newsletter.models import Suppression
from surveys.models import Invitation, Participation, Sitting
from surveys.questionnaires import access, at_once, invitations, retention
from tests.articles import factories as newsroom
from tests.surveys.questionnaires.factories import draft, entry, opened

pytestmark = pytest.mark.django_db


def invited_by(survey):
    return {access.from_link(survey, access.invitation_link(each).rstrip("/").rsplit("/", 1)[-1]).key
            for each in survey.invitations.all()}  # fmt: skip


def test_addresses_are_found_in_whatever_is_pasted():
    text = 'Ann <ann@example.com>; "bob@example.com",\ncarl@example.com\tnone\nann@example.com.'
    assert invitations.found_in(text) == ["ann@example.com", "bob@example.com", "carl@example.com"]


def test_each_address_is_mailed_its_own_link_and_not_kept():
    survey = opened(access="invitation")
    came = invitations.invite(survey, ["ann@example.com", "bob@example.com", "ANN@example.com", "no@@where"], by=None)
    assert (came.new, came.wrong) == (2, ["no@@where"])
    assert len(invited_by(survey)) == 2
    assert not Invitation.objects.exclude(email="").exists()
    subject, message = outbox.composed(OutgoingMail.objects.get(recipient="ann@example.com"))
    assert subject == "You are invited: Our readers"
    assert b"/surveys/readers/begin/" in message.replace(b"=\r\n", b"")


def test_who_is_invited_again_gets_the_link_they_have():
    survey = opened(access="invitation")
    invitations.invite(survey, ["ann@example.com"], by=None)
    before = invited_by(survey)
    assert invitations.invite(survey, ["ann@example.com"], by=None).known == 1
    assert invitations.invite(survey, ["ann@example.com"], again=True, by=None).again == 1
    assert invited_by(survey) == before
    assert OutgoingMail.objects.filter(kind=invitations.MAIL).count() == 2


def test_who_wants_no_mail_is_left_out():
    survey = opened(access="invitation")
    Suppression.objects.create(digest=Suppression.digest_of("ann@example.com"), reason="complaint")
    assert invitations.invite(survey, ["ann@example.com", "bob@example.com"], by=None).stopped == 1
    assert [mail.recipient for mail in OutgoingMail.objects.filter(kind=invitations.MAIL)] == ["bob@example.com"]


def test_nobody_is_invited_to_a_draft_or_to_another_kind_of_survey():
    with pytest.raises(TransitionRefused, match="Open it first"):
        invitations.invite(draft(access="invitation"), ["ann@example.com"], by=None)
    with pytest.raises(TransitionRefused, match="not answered by invitation"):
        invitations.invite(opened(slug="other"), ["ann@example.com"], by=None)


def test_the_desk_invites_from_a_file_and_shows_numbers_only(client):
    survey = opened(access="invitation")
    client.force_login(newsroom.user("editor"))
    page = reverse("admin:surveys_survey_invitations", args=[survey.pk])
    file = SimpleUploadedFile("people.csv", "name;mail\nAnn;ann@example.com\n".encode("utf-8-sig"))
    answer = client.post(page, {"file": file, "addresses": "bob@example.com"}, follow=True)
    assert "2 people invited" in answer.content.decode()
    assert answer.context["progress"] == {"invited": 2, "waiting": 2, "failed": 0}
    assert "ann@example.com" not in client.get(page).content.decode()
    assert "There is no address in this." in client.post(page, {"addresses": "nobody"}).content.decode()


def test_an_erased_address_is_invited_no_more_and_what_it_answered_goes():
    survey = opened(access="invitation", changeable=True)
    invitations.invite(survey, ["ann@example.com", "bob@example.com"], by=None)
    for key in invited_by(survey):
        at_once.submit(entry(survey, key), {"q1": "a"})
    retention.forget("Ann@example.com")
    assert [model.objects.count() for model in (Invitation, Participation, Sitting)] == [1, 1, 1]
