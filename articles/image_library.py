"""The library of pictures: where each is used, replacing one, and removing those that nothing uses."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from articles.document_schema import Document
from articles.images import delete_files, read, store_files
from articles.models import Article, Author, ImageAsset, ImageUse
from articles.rendering import sources_of
from articles.unclaimed import in_unsaved_work
from core import audit, doorbell
from core.pagecache import bump
from core.transitions import lock

# Where other parts use pictures: what to call a row, the rows, and their column with the path.
_elsewhere: list[tuple[str, type[Model], str]] = []


def register_use(noun: str, model: type[Model], column: str) -> None:
    """Say that rows of another part use pictures, by the path in a column."""
    _elsewhere.append((noun, model, column))


def uses_elsewhere(image: ImageAsset) -> list[tuple[str, int]]:
    """How many rows of other parts use a picture, by what they are called."""
    counted = [
        (noun, model._default_manager.filter(**{column: image.file}).count()) for noun, model, column in _elsewhere
    ]
    return [(noun, number) for noun, number in counted if number]


def note_uses(article: Article, document: Document, *, is_live: bool, is_new: bool = False) -> None:
    """Note which pictures an article has, as it is or as readers see it."""
    sources = sources_of(document)
    keys = list(ImageAsset.objects.filter(file__in=sources).values_list("pk", flat=True)) if sources else []
    rows = ImageUse.objects.filter(article=article, is_live=is_live)
    had = set() if is_new else set(rows.values_list("image", flat=True))
    if gone := had.difference(keys):
        rows.filter(image__in=gone).delete()
    if had:
        rows.filter(is_outdated=True).update(is_outdated=False)
    new = [ImageUse(image_id=key, article=article, is_live=is_live) for key in keys if key not in had]
    if new:
        ImageUse.objects.bulk_create(new, ignore_conflicts=True)


def used(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(_is_used())


def unused(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Pictures in no article, neither as it is now nor as readers see it, of no author and in nothing of other parts."""
    return rows.filter(~_is_used())


def _is_used() -> Any:
    of_ours: Any = Exists(ImageUse.objects.filter(image=OuterRef("pk"))) | Exists(
        Author.objects.filter(portrait=OuterRef("pk"))
    )
    for _, model, column in _elsewhere:
        of_ours |= Exists(model._default_manager.filter(**{column: OuterRef("file")}))
    return of_ours


def remove(images: Iterable[ImageAsset], *, by: Any) -> tuple[list[ImageAsset], list[ImageAsset]]:
    """Delete pictures that nothing uses, with their files; those that went, and those that something uses by now."""
    waiting, gone, kept = in_unsaved_work(), list[ImageAsset](), list[ImageAsset]()
    for image in images:
        done = image.file not in waiting and _remove(image, by)
        (gone if done else kept).append(image)
    return gone, kept


@transaction.atomic
def _remove(image: ImageAsset, by: Any) -> bool:
    key = image.pk
    rows = unused(ImageAsset.objects.select_for_update(of=("self",)).filter(pk=key))
    found = rows.first()
    if not found:
        return False
    audit.record("removed a picture", found, by=by, detail=found.file)
    found.delete()
    transaction.on_commit(lambda: delete_files(found.paths))
    return True


def replace(image: ImageAsset, upload: Any, *, by: Any, forget: bool = False) -> None:
    """Show another picture wherever this one is used. Raises ValidationError.

    It gets an address of its own, since browsers keep a picture for a year; pages that readers see follow within a moment,
    and its sizes and crops are made anew. The files of the one before go at once with `forget`, else with the picture.
    """
    name = str(getattr(upload, "name", "") or image.name)
    content = read(upload, name)
    digest = sha256(content).hexdigest()
    if digest == image.digest:
        raise ValidationError("This is the same picture.")
    if known := ImageAsset.objects.filter(digest=digest).first():
        raise ValidationError(f"This picture is in the library already, as “{known}”. Choose that one in the articles.")
    files = store_files(content, digest=digest, name=name)
    with transaction.atomic():
        lock(image)
        before = [image.path, *(made["src"] for made in image.renditions)]
        image.replacement, image.digest = files.pop("file"), digest
        image.focal_x = image.focal_y = 0.5
        for column, value in files.items():
            setattr(image, column, value)
        image.former = [*image.former, *([] if forget else before)]
        image.save()
        ImageUse.objects.filter(image=image, is_live=True).update(is_outdated=True)
        audit.record(
            "replaced a picture", image, by=by, detail="the files of the one before are deleted" if forget else ""
        )
        bump()
        if forget:
            transaction.on_commit(lambda: delete_files(before))
        doorbell.ring("articles.tasks.follow_replaced")
