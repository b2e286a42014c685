"""Undoing an import: what of it nobody has touched since goes again, and what somebody works with stays.

An article stays that was edited, published or taken down here since, is pinned, commented on, open with unsaved work, or
used by another part, which puts itself into the register. Categories, tags, authors and series that the import made go
once nothing has them, redirects as long as they lead where the import had them lead, and pictures that nothing uses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Exists, F, Model, OuterRef, Q, QuerySet, Value, When
from django.db.models.deletion import ProtectedError

from articles import addresses, image_library, publishing
from articles.importing.load.loader import BROUGHT
from articles.models import (
    Article,
    Author,
    Category,
    Comment,
    ImageAsset,
    ImportedPost,
    Pin,
    PostImport,
    Redirect,
    Revision,
    Series,
    Snippet,
    Tag,
)
from articles.redirects import REDIRECTS
from core.cdn_purge import purge
from core.models import KeptWork
from core.pagecache import bump
from core.transitions import lock

LISTED = 200
_TERMS: dict[str, Any] = {
    "categories": Category,
    "series": Series,
    "tags": Tag,
    "authors": Author,
    "snippets": Snippet,
}
_LABELS = {"picture": "pictures", "redirect": "redirects"}
_elsewhere: list[tuple[str, type[Model], str]] = []


def register_use(words: str, model: type[Model], column: str) -> None:
    """Say that articles to which rows of another part refer stay when an import is undone, and why: “it is in a briefing”."""
    _elsewhere.append((words, model, column))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What undoing an import would do now: what goes, and what stays with the reason."""

    goes: int
    published: int
    staying: int
    stays: list[dict[str, Any]]
    others: dict[str, int]


def outlook(run: PostImport) -> Outlook:
    """What undoing an import would take away, and what would stay."""
    posts = run.posts.exclude(article=None)
    goes = posts.exclude(_is_kept())
    others: dict[Any, int] = dict(run.traces.values_list("kind").annotate(number=Count("pk")).order_by("kind"))
    return Outlook(
        goes=goes.count(),
        published=goes.filter(article__state=Article.State.PUBLISHED).count(),
        staying=posts.filter(_is_kept()).count(),
        stays=_staying(posts),
        others={_LABELS.get(kind, kind): number for kind, number in others.items()},
    )


def undo(run: PostImport, *, tick: Callable[[int, int], None]) -> dict[str, Any]:
    """Take away what nobody has touched; what became of it all, as JSON. Broken off, it goes on where it was."""
    keys = list(run.posts.exclude(article=None).exclude(_is_kept()).values_list("pk", flat=True))
    removed = 0
    for number, key in enumerate(keys, 1):
        removed += _remove(run, key)
        tick(number, len(keys))
    others = {
        **{kind: _remove_terms(run, kind) for kind in _TERMS},
        "pictures": _remove_pictures(run),
        "redirects": _remove_redirects(run),
    }
    posts = run.posts.exclude(article=None)
    return {
        "removed": removed,
        "others": {name: number for name, number in others.items() if number},
        "staying": posts.count(),
        "stays": _staying(posts),
    }


def _reasons() -> dict[str, Any]:
    """What keeps an article from going, in words, as a condition on its imported post."""
    of_article: dict[str, Any] = {"article": OuterRef("article")}
    later = Revision.objects.filter(**of_article, version__gt=1, reason__startswith=BROUGHT)
    kept_work = KeptWork.objects.filter(page=Article._meta.label_lower, row=OuterRef("article"))
    return {
        "it was edited here": ~Q(article__version=F("version")),
        "a later import changed it": Q(Exists(later)),
        "it was published, scheduled or taken down here": ~Q(article__state=F("state")),
        "it leads the front page or a section": Q(Exists(Pin.objects.filter(**of_article))),
        "somebody commented on it": Q(Exists(Comment.objects.filter(**of_article))),
        "somebody has unsaved work on it": Q(Exists(kept_work)),
        **{
            words: Q(Exists(model._default_manager.filter(**{column: OuterRef("article")})))
            for words, model, column in _elsewhere
        },
    }


def _is_kept() -> Q:
    return reduce(or_, _reasons().values())


def _staying(posts: QuerySet[ImportedPost]) -> list[dict[str, Any]]:
    """The first articles that stay, each with its first reason."""
    why = Case(*(When(condition, then=Value(words)) for words, condition in _reasons().items()), default=Value(""))
    found = posts.filter(_is_kept()).annotate(why=why).order_by("pk").values("article", "article__title", "why")
    return [{"article": row["article"], "title": row["article__title"], "why": row["why"]} for row in found[:LISTED]]


@transaction.atomic
def _remove(run: PostImport, key: int) -> bool:
    """Take one article away with its old addresses, unless somebody has just worked on it."""
    post = run.posts.filter(pk=key).select_related("article").first()
    if not post or not post.article:
        return False
    article = post.article
    lock(article)
    if run.posts.filter(_is_kept(), pk=key).exists():
        return False
    address = article.get_absolute_url()
    if article.state == Article.State.PUBLISHED:
        publishing.unpublish(article, by=run.by)
    publishing.record(article, "deleted", by=run.by, detail=f"the import of {run.file_name} was undone")
    Redirect.objects.filter(target=address, path__in=_keys(run, "redirect")).delete()
    post.delete()
    article.delete()
    return True


def _keys(run: PostImport, kind: str) -> QuerySet[Any]:
    return run.traces.filter(kind=kind).values("key")


def _remove_redirects(run: PostImport) -> int:
    """Take away the redirects that the import made and that lead to nothing any more; all, if nothing of it stays."""
    nothing_stays, number = not run.posts.exclude(article=None).exists(), 0
    for path, target in run.traces.filter(kind="redirect").values_list("key", "value"):
        if nothing_stays or addresses.page_at(target) in (addresses.Page.HIDDEN, addresses.Page.NONE):
            number += Redirect.objects.filter(path=path, target=target).delete()[0]
    if number:
        bump()
        purge(REDIRECTS)
    return number


def _remove_terms(run: PostImport, kind: str) -> int:
    """Take away the rows of a kind that have the name they came with, and that nothing has."""
    number = 0
    for slug, name in run.traces.filter(kind=kind).values_list("key", "value"):
        row = _TERMS[kind].objects.filter(slug=slug).first()
        if row and str(row)[:80] == name[:80] and not _is_had(row):
            try:
                row.delete()
            except ProtectedError:
                continue
            number += 1
    return number


def _is_had(row: Any) -> bool:
    """Whether anything refers to a row, also what gives its relation no name on this side."""
    # The tables between it and others tell of its own choices too; the relation itself is among the fields.
    relations = [
        each
        for each in row._meta.get_fields(include_hidden=True)
        if each.auto_created and not each.concrete and not each.related_model._meta.auto_created
    ]
    return (getattr(row, "user_id", None) is not None) or any(
        each.related_model._base_manager.filter(**{each.field.name: row}).exists() for each in relations
    )


def _remove_pictures(run: PostImport) -> int:
    came = ImageAsset.objects.filter(file__in=_keys(run, "picture"), unclaimed_since=None)
    gone, _ = image_library.remove(image_library.unused(came), by=run.by)
    return len(gone)
