"""Rate limits count over every process, window by window."""

import pytest
import time_machine

from core.models import RateCount
from core.ratelimit import allow

pytestmark = pytest.mark.django_db


def test_it_refuses_past_the_limit_and_forgets_with_the_window():
    with time_machine.travel("2026-01-01 10:00:00", tick=False):
        assert [allow("a", limit=2, seconds=60) for _ in range(3)] == [True, True, False]
        assert allow("b", limit=2, seconds=60)
    with time_machine.travel("2026-01-01 10:01:00", tick=False):
        assert allow("a", limit=2, seconds=60)


def test_it_stores_no_address():
    allow("reader@example.com", limit=1, seconds=60)
    assert "reader" not in RateCount.objects.get().key
