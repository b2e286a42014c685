"""What staff are told of an error names its kind and a rule that refused, and no value of a row."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from core.lib.errors import kind_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("statement", "error", "told"),
    [
        ("SELECT 'ann@example.com'::int", DataError, "DataError"),
        (
            "INSERT INTO auth_group (name) VALUES ('ann@example.com'), ('ann@example.com')",
            IntegrityError,
            'IntegrityError: duplicate key value violates unique constraint "auth_group_name_key"',
        ),
    ],
)
def test_the_kind_of_an_error_of_the_database_names_nobody(statement, error, told):
    with pytest.raises(error, match="ann@") as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert kind_of(caught.value) == told


def test_the_kind_of_any_other_error_names_nobody():
    assert kind_of(KeyError("ann@example.com")) == "KeyError"
