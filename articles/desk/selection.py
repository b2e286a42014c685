"""Which articles are meant by what a list of them is narrowed to: the list's own filter, and acts on all it would show."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from articles.desk.names import NamedField
from articles.models import Article, ArticleAuthor, Author, Category, Comment, Kind, Pin, Tag
from core.lib.prefix_search import beginning_with, words_of

WORDS = ("title", "slug", "standfirst")  # as they are indexed
DATES = {"changed_at": "changed", "published_at": "first published", "publish_at": "to be published"}
FLAGS: dict[str, tuple[str, Callable[[], Any]]] = {
    "behind": (
        "changes that readers do not see yet",
        lambda: Q(state="published") & ~Q(publication__version=F("version")),
    ),
    "pinned": ("pinned", lambda: Exists(Pin.objects.filter(article=OuterRef("pk")))),
    "ending": ("goes offline by itself", lambda: Q(unpublish_at__isnull=False)),
    "comments": (
        "open comments",
        lambda: Exists(Comment.objects.filter(article=OuterRef("pk"), resolved_at__isnull=True)),
    ),
    "coverless": ("no cover", lambda: Q(cover__isnull=True)),
    "anonymous": ("no author", lambda: ~Exists(ArticleAuthor.objects.filter(article=OuterRef("pk")))),
    "homeless": ("no category", lambda: Q(category__isnull=True)),
}
NAMED: dict[str, Any] = {"category": Category, "author": Author, "tag": Tag}
NAMES = ("q", "state", "category", "author", "tag", "flag", "date", "from", "to")
NOT_THERE = "The list was narrowed to something that is not there any more. Choose again."


def meant(said: Mapping[str, str]) -> QuerySet[Article]:
    """All articles that a list shows, with what its address says. Raises ValidationError for what is not known."""
    said = {name: value for name, value in said.items() if value}
    rows = narrowed(Article.objects.filter(kind=Kind.ARTICLE).order_by(), said)
    if typed := said.get("q"):
        query = beginning_with(typed)
        if query is None:
            raise ValidationError(NOT_THERE)
        rows = rows.alias(words=words_of(*WORDS)).filter(words=query)
    return rows


def narrowed(rows: QuerySet[Any], said: Mapping[str, str], found: Mapping[str, Any] | None = None) -> QuerySet[Any]:
    """Those of some articles that are meant, but for the words that are searched for. Raises ValidationError.

    `found` has the rows that are named, where they have been looked up already.
    """
    for name, value in said.items():
        if value and name not in ("q", "date"):
            rows = rows.filter(_condition(name, value, said, found or {}))
    return rows


def in_words(said: Mapping[str, str]) -> str:
    """The same for people. Raises ValidationError for what is not known."""
    said = {name: value for name, value in said.items() if value}
    meant(said)
    return "; ".join(_named(name, value, said) for name, value in said.items() if name != "date") or "all articles"


def _condition(name: str, value: str, said: Mapping[str, str], found: Mapping[str, Any]) -> Any:
    if name == "state" and value in Article.State.values:
        return Q(state=value)
    if name == "flag" and value in FLAGS:
        return FLAGS[value][1]()
    if name not in NAMED:
        return _bound(name, value, said)
    row = found.get(name) or _row(name, value)
    if name == "category":
        return Q(category=row.pk)
    if name == "author":
        return Exists(ArticleAuthor.objects.filter(article=OuterRef("pk"), author=row.pk))
    of_article: Any = Article._meta.get_field("tags").remote_field.through
    return Exists(of_article.objects.filter(article=OuterRef("pk"), tag=row.pk))


def _row(name: str, value: str) -> Any:
    return NamedField(NAMED[name]).clean(value)


def _bound(name: str, value: str, said: Mapping[str, str]) -> Q:
    """A day of the reader's zone, the last one included."""
    column = said.get("date") or "changed_at"
    if name not in ("from", "to") or column not in DATES:
        raise ValidationError(NOT_THERE)
    if name == "from":
        return Q(**{f"{column}__gte": _start(_day(value))})
    return Q(**{f"{column}__lt": _start(_day(value) + timedelta(days=1))})


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValidationError("Write a day such as 2026-05-03.") from None
    if not 1900 <= day.year <= 9000:
        raise ValidationError("That year is out of range.")
    return day


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _named(name: str, value: str, said: Mapping[str, str]) -> str:
    if name == "q":
        return f"words: {value}"
    if name == "state":
        return f"state: {Article.State(value).label}"
    if name == "flag":
        return FLAGS[value][0]
    if name in ("from", "to"):
        bound = "from" if name == "from" else "up to"
        return f"{DATES[said.get('date') or 'changed_at']} {bound} {_day(value):%-d %B %Y}"
    return f"{name}: {_row(name, value)}"
