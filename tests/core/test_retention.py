"""What has expired is deleted kind by kind."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from core import retention
from core.models import OutgoingMail, RateCount


@pytest.fixture
def mail_that_cannot_be_deleted(transactional_db):
    old = timezone.now() - timedelta(days=40)
    OutgoingMail.objects.create(kind="test", recipient="", message=b"", state="sent", created_at=old, settled_at=old)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE keeper AS SELECT id FROM core_outgoingmail")
        cursor.execute("ALTER TABLE keeper ADD FOREIGN KEY (id) REFERENCES core_outgoingmail")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE keeper")


def test_a_kind_that_cannot_be_deleted_stops_no_other_and_is_told(mail_that_cannot_be_deleted):
    RateCount.objects.create(key="old", count=1, expires_at=timezone.now())
    with pytest.raises(ExceptionGroup) as raised:
        retention.purge_expired()
    (failure,) = raised.value.exceptions
    assert isinstance(failure, ExceptionGroup)
    assert isinstance(failure.exceptions[0], DatabaseError)
    assert failure.__notes__ == ["This stopped the deletion of outgoing mail."]
    assert not RateCount.objects.exists()
