"""Links that follow: when the slug of a page changes, published texts that link to it get its new address.

The redirect that the change leaves is the row that says so. A worker writes the new address into every text that is
registered here; what an article will be published with is put right whenever it is saved (articles.aliases).
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import JSONField, Model, Q, QuerySet

from articles.cache_tags import purge_pages
from articles.links import with_moved
from articles.models import Author, Publication, Redirect, Snippet
from core.models import SiteProfile
from core.pagecache import bump

AT_ONCE = 20

logger = logging.getLogger(__name__)
_texts: list[tuple[QuerySet[Any], tuple[str, ...]]] = []


def register(rows: QuerySet[Any], *fields: str) -> None:
    """Say which rows have links: in fields of HTML, in fields of one address, or in JSON made of such."""
    _texts.append((rows, fields))


def register_all() -> None:
    """Register the texts of articles, and of the site's profile."""
    register(Publication.every.all(), "html", "faq")
    register(Snippet.objects.all(), "html", "url")
    register(Author.objects.all(), "bio_html")
    register(SiteProfile.objects.all(), "about_html", "navigation", "footer")


def follow_moved() -> int:
    """Put links right that lead to pages under their former slugs; return how many texts were changed."""
    pending = list(Redirect.objects.filter(is_followed=False).order_by("pk")[:AT_ONCE])
    moved = {redirect.path: redirect.target for redirect in pending}
    changed = [row for rows, fields in _texts for row in _rewritten(rows, fields, moved)] if moved else []
    for redirect in pending:  # a page that has moved on meanwhile is followed in the next run
        Redirect.objects.filter(pk=redirect.pk, target=redirect.target).update(is_followed=True)
    if changed:
        with transaction.atomic():
            bump()
            purge_pages(row.slug for row in changed if isinstance(row, Publication))
    return len(changed)


def _rewritten(rows: QuerySet[Any], fields: tuple[str, ...], moved: Mapping[str, str]) -> list[Model]:
    """Write the new addresses into some rows, each by itself: the redirect serves the links of one that fails."""
    mentions = Q()
    for name in fields:
        contains = "icontains" if isinstance(rows.model._meta.get_field(name), JSONField) else "contains"
        for path in moved:
            mentions |= Q(**{f"{name}__{contains}": path.rstrip("/")})
    changed = []
    for key in list(rows.filter(mentions).order_by("pk").values_list("pk", flat=True)):
        try:
            row = _rewrite(rows, key, fields, moved)
        except Exception:
            logger.exception("The links of %s %s could not be changed", rows.model._meta.verbose_name, key)
        else:
            changed += [row] if row else []
    return changed


@transaction.atomic
def _rewrite(rows: QuerySet[Any], key: Any, fields: tuple[str, ...], moved: Mapping[str, str]) -> Model | None:
    row: Model | None = rows.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        return None
    before = {name: getattr(row, name) for name in fields}
    after = {name: _followed(value, moved) for name, value in before.items()}
    new = [name for name in fields if after[name] != before[name]]
    for name in new:
        setattr(row, name, after[name])
    if new:
        row.save(update_fields=new)
    return row if new else None


def _followed(value: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return with_moved(value, moved, absolute=True)
    if isinstance(value, list):
        return [_followed(each, moved) for each in value]
    return {name: _followed(each, moved) for name, each in value.items()} if isinstance(value, dict) else value
