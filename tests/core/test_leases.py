"""Leased rows: one holder at a time, and only the holder writes the outcome."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.models import OutgoingMail

pytestmark = pytest.mark.django_db

MESSAGE = {
    "kind": "test",
    "recipient": "ann@example.com",
    "subject": "Hello",
    "message": b"Subject: Hello\r\n\r\nHi\r\n",
}


def rows(number=1):
    for _ in range(number):
        OutgoingMail.objects.create(**MESSAGE)


def claim(**options):
    return OutgoingMail.objects.claim(**{"limit": 20} | options)


def the_lease_runs_out():
    OutgoingMail.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_what_is_claimed_is_claimed_by_nobody_else_until_the_lease_is_over():
    rows()
    (row,) = claim()
    assert claim() == []
    the_lease_runs_out()
    assert [(again.pk, again.attempts) for again in claim()] == [(row.pk, 2)]


def test_the_longest_due_come_first_and_no_more_than_were_asked_for():
    rows(3)
    first = OutgoingMail.objects.latest("pk")
    OutgoingMail.objects.filter(pk=first.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert first.pk in [row.pk for row in claim(limit=2)]
    assert len(claim()) == 1


def test_renewing_begins_the_lease_anew():
    rows()
    (row,) = claim()
    the_lease_runs_out()
    assert row.renew()
    assert claim() == []


def test_whoever_was_taken_for_dead_can_neither_renew_nor_write_an_outcome():
    rows()
    (late,) = claim()
    the_lease_runs_out()
    (row,) = claim()
    assert (late.renew(), late.succeed(), late.fail("too late")) == (False, False, False)
    row.refresh_from_db()
    assert (row.state, row.error) == ("queued", "")
    assert row.succeed()


def test_a_failure_is_tried_again_later_and_in_the_end_given_up():
    rows()
    (row,) = claim()
    assert row.fail("450 later")
    assert claim() == []
    (row,) = claim(now=timezone.now() + timedelta(minutes=2))
    row.give_up_at = timezone.now() + timedelta(minutes=4)  # and the next try would be in five
    row.fail("450 later")
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "450 later")
    assert row.settled_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_pass_over_each_others_rows():
    rows(4)
    found = []

    def other_process():
        found.extend(row.pk for row in claim())
        connection.close()

    with transaction.atomic():
        mine = [row.pk for row in claim(limit=2)]
        thread = threading.Thread(target=other_process)
        thread.start()
        thread.join(10)
    assert len(mine) == len(found) == 2
    assert not set(mine) & set(found)
