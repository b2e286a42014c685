"""Every column that tells of a person is in the table of keeping times, and the table in the documents."""

import re
from pathlib import Path

from django.apps import apps
from django.db import models

from core import retention

TELLING = {"address", "agent", "browser", "canonical", "company", "contact", "email", "from", "ip", "mail", "message"}
TELLING |= {"network", "note", "phone", "postal", "recipient", "repr", "sender", "username", "voter"}
PEOPLE = re.compile("Author|Contact|Member|Nomin|Person|Sponsor|Subscriber|User|Voter")
TEXTS = (models.CharField, models.TextField, models.BinaryField, models.GenericIPAddressField)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def tells_of_a_person(field):
    words = set(field.name.split("_"))
    named = "name" in words and (len(words) > 1 or PEOPLE.search(field.model.__name__))
    return isinstance(field, TEXTS) and bool(isinstance(field, models.EmailField) or words & TELLING or named)


def names(test):
    every = apps.get_models(include_auto_created=True)
    return {
        f"{model._meta.label}.{field.name}"
        for model in every
        for field in model._meta.concrete_fields
        if not model._meta.proxy and test(field)
    }


def listed():
    return [column.name for column in retention.columns()]


def test_every_column_that_tells_of_a_person_has_a_keeping_time():
    assert names(tells_of_a_person) - set(listed()) == set()


def test_the_table_names_columns_that_there_are_each_once():
    assert set(listed()) <= names(lambda field: True)
    assert len(listed()) == len(set(listed()))


def test_the_documents_have_the_table():
    rows = [row(*column.name.split(".", 1), column.kept, column.erased_by) for column in retention.columns()]
    assert [line for line in DOCUMENT.read_text().splitlines() if line.count(" | ") == 3][1:] == rows


def row(part, column, kept, erased_by):
    return f"| {part} | `{column}` | {kept} | {erased_by} |"
