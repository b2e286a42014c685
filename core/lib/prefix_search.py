"""How words in columns are found: whatever they hide and however their letters are composed, also by their beginnings."""

import re
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import CharField, F, Func, TextField, Transform, Value

from core.lib.text import WITHIN_WORDS, searchable

JOINTS = "-_./:@"  # PostgreSQL's parser would take what these hold together for one word, a number or a host


def searchable_column(column: Any, *, joints: str = "") -> Func:
    """A column's text as `core.lib.text.searchable` makes a query, with spaces for the joints."""
    # What has no counterpart in the third argument of translate() is left out.
    left_out = Func(
        column, Value(joints + WITHIN_WORDS), Value(" " * len(joints)), function="translate", output_field=TextField()
    )
    return Func(left_out, template="normalize(%(expressions)s, NFC)", output_field=TextField())


@CharField.register_lookup
@TextField.register_lookup
class Searchable(Transform):
    """The transform behind `name__searchable__icontains`."""

    lookup_name = "searchable"
    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> Any:
        return compiler.compile(searchable_column(self.lhs))


def words_of(*columns: str) -> SearchVector:
    """The words of some columns. An index and the query that uses it have to be written alike: with this."""
    return SearchVector(*(searchable_column(F(column), joints=JOINTS) for column in columns), config="simple")


def words_index(*columns: str, name: str) -> GinIndex:
    """An index for a model's Meta, so that `words_of` the same columns is searched quickly."""
    return GinIndex(words_of(*columns), name=name)


def beginning_with(typed: str) -> SearchQuery | None:
    """A query for what holds words with all these beginnings; None where no word was typed."""
    words = re.findall(r"[^\W_]+", searchable(typed))
    return SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw") if words else None
