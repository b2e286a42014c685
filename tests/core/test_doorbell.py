"""A worker is rung for much work as often as it takes, and once more after the last of it."""

import threading
import time

import pytest

from core.doorbell import Bell, Ringer


def rung(ringer):
    return [ringer.bells.get_nowait() for _ in range(ringer.bells.qsize())]


def test_of_many_bells_one_is_heard_at_once_and_one_after_all_of_them():
    ringer, bell = Ringer(), Bell("core.tasks.send_outgoing_mail")
    ringer.thread = threading.current_thread()  # the bells stay in the queue
    for _ in range(50):
        ringer.put_spaced(bell, 0.5)
    first, last = rung(ringer)
    assert first == bell
    assert last.after == pytest.approx(0.5, abs=0.2)
    time.sleep(1.2)
    ringer.put_spaced(bell, 0.5)
    assert rung(ringer) == [bell]
