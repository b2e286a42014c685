"""PostgreSQL ends a statement that takes too long for the kind of process that asks."""

import os
import subprocess
import sys

import pytest

from tests.processes import ROOT, _environment

ASKED = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "cms.settings"
import django
django.setup()
from django.conf import settings
from django.db import OperationalError, connection
from core.lib import statement_limits
statement_limits.keep_to(1)
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
    try:
        cursor.execute("SELECT pg_sleep(5)")
    except OperationalError as error:
        print(type(error.__cause__).__name__)
"""


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_longer_is_ended():
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=ROOT,
        env=os.environ | _environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["1s", "QueryCanceled"], done.stderr
