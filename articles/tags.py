"""Tags: merging several into one, and deleting one."""

from typing import Any

from django.db import transaction

from articles import related
from articles.models import Article, Publication, Tag
from articles.redirects import redirect_path
from core.pagecache import bump
from core.transitions import TransitionRefused


@transaction.atomic
def merge_tags(keep: Tag, others: list[Tag]) -> None:
    """Move the articles of other tags to one; the pages of those tags redirect to its page.

    Tags that are gone meanwhile are left out. Raises TransitionRefused if the one to keep is.
    """
    keys = [keep.pk, *(other.pk for other in others)]
    there = set(
        Tag.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)
    )
    if keep.pk not in there:
        raise TransitionRefused(f"The tag “{keep}” is gone. Nothing was merged.")
    for other in others:
        if other.pk == keep.pk or other.pk not in there:
            continue
        for model in (Article, Publication):
            through: Any = model._meta.get_field("tags").remote_field.through
            owner = model._meta.model_name
            moving = through.objects.filter(tag=other)
            moving.exclude(**{f"{owner}__in": through.objects.filter(tag=keep).values(owner)}).update(tag=keep)
        path = other.get_absolute_url()
        other.delete()
        redirect_path(path, keep.get_absolute_url(), automatic=True)
    related.refresh_later(keep.publications.values_list("pk", flat=True))
    bump()


MOST_AT_ONCE = 1000


def is_on_many(tag: Tag) -> bool:
    """Whether so many articles have a tag that taking it off them belongs into the background."""
    return len(Article.tags.through.objects.filter(tag=tag)[: MOST_AT_ONCE + 1]) > MOST_AT_ONCE


@transaction.atomic
def delete_tag(tag: Tag) -> None:
    """Remove a tag from all articles, and refresh the related articles of those that had it."""
    shared = list(tag.publications.values_list("pk", flat=True))
    tag.delete()
    related.refresh_later(shared)
