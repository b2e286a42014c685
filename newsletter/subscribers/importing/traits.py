"""Staged tags and attributes given to whoever is here, known before or not. What somebody has already stays as it is."""

from typing import Any

from newsletter.subscribers.importing.staging import TABLE
from newsletter.subscribers.traits import tags_named

_NAMES = f"SELECT DISTINCT unnest(string_to_array(tags, ',')) FROM {TABLE} WHERE tags <> '' LIMIT 10000"
_TAG = f"""
    INSERT INTO newsletter_tagging (tag_id, subscriber_id)
    SELECT DISTINCT tag.id, subscriber.id FROM {TABLE} row JOIN newsletter_subscriber subscriber USING (canonical)
    CROSS JOIN LATERAL unnest(string_to_array(row.tags, ',')) AS given (name)
    JOIN newsletter_subscribertag tag ON lower(tag.name) = lower(given.name)
    WHERE row.n BETWEEN %(first)s AND %(last)s AND row.tags <> ''
    ON CONFLICT DO NOTHING
"""
_FILL = f"""
    UPDATE newsletter_subscriber subscriber SET attributes = row.attributes::jsonb || subscriber.attributes
    FROM {TABLE} row
    WHERE row.n BETWEEN %(first)s AND %(last)s AND row.attributes <> '' AND row.canonical = subscriber.canonical
        AND row.attributes::jsonb || subscriber.attributes <> subscriber.attributes
"""


def make_tags(cursor: Any) -> None:
    """Make the tags of a staged file that there are not yet."""
    cursor.execute(_NAMES)
    tags_named(name for (name,) in cursor.fetchall())


def give(cursor: Any, first: int, last: int) -> None:
    """Give the persons of some staged rows their tags, and the values that they lack."""
    for statement in _TAG, _FILL:
        cursor.execute(statement, {"first": first, "last": last})
