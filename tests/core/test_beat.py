"""Beat may run more than once: one of them is the clock."""

import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from core import heartbeats
from core.beat import BellRinger
from core.celery import app
from core.models import RunningProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def other():
    """A beat on another host that started before this process."""
    now = timezone.now()
    return RunningProcess.objects.create(
        kind="beat", host="other", pid=7, started_at=now - timedelta(days=9), at=now - timedelta(seconds=5)
    )


def is_clock():
    """Whether a beat that starts here would ring."""
    ringer = BellRinger(app=app, schedule={}, lazy=True)
    ringer.tick()
    return ringer.is_clock


def test_the_only_one_rings():
    assert is_clock()


def test_it_leaves_the_clock_to_the_one_that_is_there_longer_and_takes_it_over(other):
    assert not is_clock()
    RunningProcess.objects.filter(pk=other.pk).update(at=timezone.now() - timedelta(seconds=31))
    assert is_clock()


def test_it_takes_over_at_once_from_one_that_is_stopped_or_was_killed_on_this_host(other):
    other.delete()
    dead = RunningProcess.objects.create(
        kind="beat", host=socket.gethostname(), pid=2**31 - 1, started_at=other.started_at, at=timezone.now()
    )
    assert is_clock()
    assert not RunningProcess.objects.filter(pk=dead.pk).exists()
    BellRinger(app=app, schedule={}, lazy=True).close()
    assert not RunningProcess.objects.filter(pid=os.getpid(), kind="beat").exists()


def test_other_kinds_of_processes_do_not_matter(other):
    RunningProcess.objects.filter(pk=other.pk).update(kind="worker")
    heartbeats.record("beat")
    assert heartbeats.is_longest_there("beat")
