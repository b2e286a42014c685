"""The database refuses what the models' triggers refuse, in words, whichever code tries."""

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction
from psycopg.errors import RestrictViolation

pytestmark = pytest.mark.django_db

KEPT = [(model, trigger) for model, trigger in pgtrigger.registered() if trigger.level is pgtrigger.Statement]
APPEND_ONLY = [model for model, trigger in KEPT if trigger.name == "append_only"]


def refused(statement):
    """What the database says to a statement that it has to refuse."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(refusal.value.__cause__, RestrictViolation)
    return str(refusal.value)


@pytest.mark.parametrize(("model", "trigger"), KEPT, ids=str)
def test_a_table_that_is_kept_for_good_cannot_be_emptied_in_one_stroke(model, trigger):
    assert trigger.words in refused(f"TRUNCATE {model._meta.db_table} CASCADE")


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("model", APPEND_ONLY)
def test_an_append_only_table_takes_no_change_even_of_no_row(model, statement):
    assert "never changed or deleted" in refused(statement.format(model._meta.db_table))


def test_a_quote_and_a_percent_sign_are_no_matter_in_the_words_of_a_refusal():
    from core.lib.triggers import append_only
    from core.models import ContentGeneration

    with append_only("It's 100 % refused.").install(ContentGeneration):
        assert refused("DELETE FROM core_contentgeneration").startswith("It's 100 % refused.")
