"""Search for the beginnings of words in a table's columns, by an expression index of PostgreSQL."""

import re

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Func, TextField, Value

JOINTS = "-_./:@"  # PostgreSQL's parser would take what these hold together for one word, a number or a host


def words_of(*columns: str) -> SearchVector:
    """The words of some columns. An index and the query that uses it have to be written alike: with this."""
    parts = (
        Func(F(column), Value(JOINTS), Value(" " * len(JOINTS)), function="translate", output_field=TextField())
        for column in columns
    )
    return SearchVector(*parts, config="simple")


def words_index(*columns: str, name: str) -> GinIndex:
    """An index for a model's Meta, so that `words_of` the same columns is searched quickly."""
    return GinIndex(words_of(*columns), name=name)


def beginning_with(typed: str) -> SearchQuery | None:
    """A query for what holds words with all these beginnings; None where no word was typed."""
    words = re.findall(r"[^\W_]+", typed)
    return SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw") if words else None
