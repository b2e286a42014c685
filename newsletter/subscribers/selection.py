"""Which subscribers are meant by what a list of them is narrowed to: the list's own filters, and acts on all it would show."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.lib.prefix_search import beginning_with, words_of
from core.lib.text import whole_number, without_addresses
from newsletter.models import (
    Newsletter,
    Segment,
    Subscriber,
    SubscriberField,
    SubscriberTag,
    Subscription,
    Suppression,
    Tagging,
)
from newsletter.subscribers import segments, traits

WORDS = ("email", "name")  # as they are indexed
SUBSCRIPTION = {"list": "newsletter", "state": "state", "source": "source"}
SUPPRESSED, DISPOSABLE = "suppressed__exact", "disposable__exact"


def by_subscription(rows: QuerySet[Any], said: Mapping[str, str]) -> QuerySet[Any]:
    """Those with one subscription that has everything that was chosen."""
    wanted: dict[str, Any] = {column: said[name] for name, column in SUBSCRIPTION.items() if said.get(name)}
    return rows.filter(Exists(Subscription.objects.filter(subscriber=OuterRef("pk"), **wanted))) if wanted else rows


def by_tag(rows: QuerySet[Any], key: str) -> QuerySet[Any]:
    return rows.filter(Exists(Tagging.objects.filter(subscriber=OuterRef("pk"), tag=int(key))))


def by_field(rows: QuerySet[Any], field: SubscriberField, text: str) -> QuerySet[Any]:
    """Those with this value in a field that is one of several, or yes or no."""
    try:
        value = traits.value_of(field, text)
    except ValidationError:
        return rows.none()
    # The first condition is that of the index.
    return rows if value is None else rows.filter(~Q(attributes={}), attributes__contains={field.key: value})


def by_words(rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
    query = beginning_with(typed)
    return rows.alias(words=words_of(*WORDS)).filter(words=query) if query else rows


def meant(said: Mapping[str, str]) -> QuerySet[Subscriber]:
    """All subscribers that a list would show, with what its address says. Raises ValidationError for what is not known.

    A segment is looked at as it is now, however the list shows it.
    """
    said = {name: value for name, value in said.items() if value}
    _check(said)
    rows = by_words(by_subscription(Subscriber.objects.order_by(), said), said.get("q", ""))
    for name, value in said.items():
        if name == SUPPRESSED:
            rows = rows.filter(suppressed=value)
        elif name == DISPOSABLE:
            rows = rows.filter(disposable=value == "1")
        elif name == "tag":
            rows = by_tag(rows, value)
        elif name == "segment":
            rows = rows.filter(pk__in=segments.members(Segment.objects.get(pk=value)).values("pk"))
        elif field := _field(name):
            rows = by_field(rows, field, value)
    return rows


def _field(name: str) -> SubscriberField | None:
    key = whole_number(name.removeprefix("field-")) if name.startswith("field-") else None
    return SubscriberField.objects.filter(pk=key).first() if key else None


def in_words(said: Mapping[str, str]) -> str:
    """The same for people, without addresses. Raises ValidationError for what is not known."""
    said = {name: value for name, value in said.items() if value}
    return "; ".join(_check(said)) or "everybody"


def _check(said: Mapping[str, str]) -> list[str]:
    """What each part of an address means: nothing that is not known may widen whom an act is about."""
    return [_named(name, value) for name, value in said.items()]


def _named(name: str, value: str) -> str:
    rows: dict[str, Any] = {"list": Newsletter, "tag": SubscriberTag, "segment": Segment}
    values = {"state": Subscription.State, SUPPRESSED: Suppression.Reason}
    if name == "q" and beginning_with(value):
        return f"words: {without_addresses(value)}"
    if name == "source":
        return f"source: {value}"
    if name == DISPOSABLE and value in ("0", "1"):
        return f"disposable address: {'yes' if value == '1' else 'no'}"
    if name in rows and (found := rows[name].objects.filter(pk=whole_number(value)).first()):
        return f"{'newsletter' if name == 'list' else name}: {found}"
    if name in values and value in values[name].values:
        return f"{name.partition('_')[0]}: {values[name](value).label}"
    if field := _field(name):
        return f"{field}: {value}"
    raise ValidationError("The list was narrowed to something that is not there any more. Choose again.")
