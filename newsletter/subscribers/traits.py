"""Tags and fields of subscribers: names of tags in a text, values of fields as text, giving, taking and merging tags."""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from core.lib.text import one_line
from core.transitions import TransitionRefused
from newsletter.models import Automation, SegmentCondition, Subscriber, SubscriberField, SubscriberTag, Tagging

Kind = SubscriberField.Kind
LONGEST_TAG, LONGEST_VALUE = 60, 500
MOST_TAGS = 50  # of one text
_SEPARATORS = re.compile(r'[,;"\[\]]+')
_GIVE_INSTEAD = """
    INSERT INTO newsletter_tagging (tag_id, subscriber_id)
    SELECT DISTINCT %s::bigint, subscriber_id FROM newsletter_tagging WHERE tag_id = ANY(%s) ON CONFLICT DO NOTHING
"""
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,6})?")


def tag_names(text: str) -> list[str]:
    """The names of tags in a text: with commas or semicolons between them, quoted or not, or as a JSON list."""
    text = text.strip()
    names: Iterable[str] = []
    if text.startswith("["):
        try:
            found = json.loads(text)
            names = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
        except ValueError:
            pass
    if not names:
        names = next(csv.reader([one_line(text)], delimiter="," if "," in text else ";", skipinitialspace=True), [])
    return clean_names(names)


def is_names(value: Any) -> bool:
    """Whether a value is a list of names of tags, as listmonk's attributes may have one."""
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def clean_names(names: Iterable[str]) -> list[str]:
    """Names as tags have them, each once in whatever letters."""
    cleaned = (normalize("NFC", one_line(_SEPARATORS.sub(" ", name)))[:LONGEST_TAG].strip() for name in names)
    return list({name.casefold(): name for name in reversed([*filter(None, cleaned)])}.values())[::-1][:MOST_TAGS]


def written(names: Iterable[str]) -> str:
    """Names of tags in one text, as `tag_names` reads it."""
    return ", ".join(names)


def tags_named(names: Iterable[str]) -> dict[str, int]:
    """The keys of the tags of these names, in whatever letters; those that there are not yet are made."""
    wanted = [*names]
    SubscriberTag.objects.bulk_create([SubscriberTag(name=name) for name in wanted], ignore_conflicts=True)
    with connection.cursor() as cursor:  # the database says which letters are the same
        cursor.execute(
            "SELECT wanted.name, tag.id FROM unnest(%s::text[]) AS wanted (name)"
            " JOIN newsletter_subscribertag tag ON lower(tag.name) = lower(wanted.name)",
            [wanted],
        )
        return dict(cursor.fetchall())


@transaction.atomic
def set_tags(subscriber: Subscriber, names: Iterable[str]) -> None:
    """Give a subscriber these tags and take all others."""
    keys = set(tags_named(names).values())
    subscriber.taggings.exclude(tag__in=keys).delete()
    Tagging.objects.bulk_create([Tagging(tag_id=key, subscriber=subscriber) for key in keys], ignore_conflicts=True)


@transaction.atomic
def merge(keep: SubscriberTag, others: Iterable[SubscriberTag]) -> None:
    """Give whoever has other tags this one instead, and delete those. Raises TransitionRefused if the one to keep is gone."""
    keys = [keep.pk, *(other.pk for other in others)]
    there = SubscriberTag.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)
    gone = set(there) - {keep.pk}
    if keep.pk not in there:
        raise TransitionRefused(f"The tag “{keep}” is gone. Nothing was merged.")
    if begun := Automation.objects.filter(tag__in=gone).select_related("tag").first():
        raise TransitionRefused(f"The automation “{begun.name}” begins with the tag “{begun.tag}”: keep that one.")
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_INSTEAD, [keep.pk, list(gone)])
    SegmentCondition.objects.filter(tag__in=gone).update(tag=keep)
    SubscriberTag.objects.filter(pk__in=gone).delete()


@transaction.atomic
def set_values(subscriber: Subscriber, values: Mapping[str, Any]) -> None:
    """Set the values of fields by their keys; None empties one. What else is in the attributes stays."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    kept = {key: value for key, value in row.attributes.items() if key not in values}
    row.attributes = kept | {key: value for key, value in values.items() if value is not None}
    row.save(update_fields=["attributes"])
    subscriber.attributes = row.attributes


def value_of(field: SubscriberField, text: str) -> Any:
    """What a text means in a field, as it is stored; None for nothing. Raises ValidationError in words."""
    text = one_line(text)
    if not text:
        return None
    if field.kind == Kind.NUMBER:
        return _number(text)
    if field.kind == Kind.DATE:
        return day(text).isoformat()
    if field.kind == Kind.YES_NO:
        if text.casefold() not in ("yes", "no"):
            raise ValidationError(f"“{text[:40]}” says neither yes nor no.")
        return text.casefold() == "yes"
    if field.kind == Kind.CHOICE:
        found = next((option for option in field.options if option.casefold() == text.casefold()), None)
        if found is None:
            raise ValidationError(f"“{text[:40]}” is none of: {', '.join(field.options)}.")
        return found
    return text[:LONGEST_VALUE]


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise ValidationError(f"“{text[:40]}” is no number such as 12 or 12.5.")
    value = float(text)
    return int(value) if value.is_integer() else value


def day(text: str) -> date:
    """A day as 2024-11-28. Raises ValidationError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise ValidationError(f"“{text[:40]}” is no day such as 2024-11-28.") from None


def in_words(value: Any) -> str:
    """A stored value as it is read and typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def undeclared(subscriber: Subscriber) -> dict[str, str]:
    """What is in the attributes that no field has."""
    declared = set(SubscriberField.objects.values_list("key", flat=True))
    return {key: in_words(value) for key, value in subscriber.attributes.items() if key not in declared}
