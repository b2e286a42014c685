"""Pictures that were uploaded while somebody wrote and that nothing saved uses: they go after a week."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from articles.document_schema import Document
from articles.images import OUR_PATH, delete_files, store_image
from articles.models import Author, ImageAsset
from articles.rendering import sources_of
from core.lib import batches
from core.models import KeptWork

KEPT_FOR = timedelta(days=7)


def store_unclaimed(upload: Any, *, alt: str = "", by: Any) -> ImageAsset:
    """Store a picture that is uploaded at the desk, for as long as unsaved work has it. Raises ValidationError."""
    began = timezone.now()
    image = store_image(upload, name=upload.name or "image", alt=alt, by=by)
    is_new = Q(created_at__gte=began) | Q(unclaimed_since__isnull=False)
    ImageAsset.objects.filter(is_new, pk=image.pk).update(unclaimed_since=timezone.now())
    return image


def claim(document: Document) -> None:
    """Note that a saved document uses its pictures."""
    claim_sources(sources_of(document))


def claim_sources(sources: Iterable[str]) -> None:
    """Note that something saved uses these pictures."""
    if paths := [source for source in sources if source]:
        ImageAsset.objects.filter(file__in=paths, unclaimed_since__isnull=False).update(unclaimed_since=None)


def delete_old() -> int:
    """Delete the pictures that neither something saved nor unsaved work uses, with their files; return how many."""
    waiting = in_unsaved_work()
    return sum(batches.each([image for image in _unclaimed() if image.file not in waiting], _delete))


def in_unsaved_work() -> set[str]:
    """The pictures that unsaved work has."""
    kept = KeptWork.objects.values_list("content", flat=True)
    return {path for content in kept.iterator() for path in OUR_PATH.findall(json.dumps(content))}


def _unclaimed() -> QuerySet[ImageAsset]:
    portrays = Author.objects.filter(portrait=OuterRef("pk"))
    return ImageAsset.objects.filter(~Exists(portrays), unclaimed_since__lt=timezone.now() - KEPT_FOR)


def _delete(image: ImageAsset) -> int:
    if not _unclaimed().filter(pk=image.pk).delete()[0]:
        return 0  # somebody just saved it
    delete_files(image.paths)
    return 1
