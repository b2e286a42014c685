"""Rows settled in batches: one over which it fails stops no other, whatever the failure."""

import pytest
from django.utils import timezone

from core.lib import batches
from core.models import RateCount

pytestmark = pytest.mark.django_db


def test_a_row_that_cannot_be_settled_stops_no_other():
    for key in "abc":
        RateCount.objects.create(key=key, count=1, expires_at=timezone.now())

    def act(some):
        if some.filter(key="b").exists():
            raise OSError("The disk is full.")
        return some.delete()[0]

    with pytest.raises(ExceptionGroup) as raised:
        batches.settle(RateCount.objects.all(), act)
    assert isinstance(raised.value.exceptions[0], OSError)
    assert [row.key for row in RateCount.objects.all()] == ["b"]
