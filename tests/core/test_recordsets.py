"""Rows given to a statement as one parameter come back as they were."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from core.lib.recordsets import recordset

pytestmark = pytest.mark.django_db
COLUMNS = "id bigint, key bytea, name text, at timestamptz, names text[], numbers bigint[], choice jsonb"


def test_values_of_every_type_come_back():
    row = {
        "id": 2**62,
        "key": b"\0\xff\\'",
        "name": "O'Neill \\ \u201cü\u201d %s",
        "at": datetime(2026, 11, 29, 12, 30, 0, 123456, tzinfo=UTC),
        "names": ["a,b", '"', "{}", ""],
        "numbers": [],
        "choice": [["ada"], []],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row_to_json(given), key FROM json_to_recordset(%s) AS given({COLUMNS})", [recordset([row])]
        )
        (found, key), *others = cursor.fetchall()
    assert not others
    assert bytes(key) == row["key"]
    assert datetime.fromisoformat(found.pop("at")) == row["at"]
    assert found == {name: value for name, value in row.items() if name != "at"} | {"key": f"\\x{row['key'].hex()}"}


def test_what_no_column_is_read_from_is_refused():
    with pytest.raises(TypeError, match="object"):
        recordset([{"id": object()}])
