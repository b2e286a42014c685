"""The copies of pictures from which browsers choose, made by a worker of those that came in without: an import brings hundreds.

Until then readers get the picture itself. Afterwards what shows it is rendered anew, as after a picture was replaced.
"""

import logging
import time
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from articles.images import delete_files, written
from articles.models import ImageAsset, ImageUse
from core import advisory_locks, doorbell
from core.advisory_locks import AdvisoryLock
from core.lib import pictures
from core.pagecache import bump

SECONDS = 60  # of one task, after which others have their turn

logger = logging.getLogger(__name__)


def make_due() -> int:
    """Make the renditions that are due, one picture after the other; return of how many. One process at a time does."""
    with advisory_locks.first_free(AdvisoryLock.RENDITIONS, [0]) as free:
        return 0 if free is None else _make(until=time.monotonic() + SECONDS)


def _make(*, until: float) -> int:
    made = 0
    rows = ImageAsset.objects.filter(renditions_due=True).order_by("pk")
    for key in list(rows.values_list("pk", flat=True)):
        if time.monotonic() > until:
            doorbell.ring("articles.tasks.make_renditions")
            break
        if image := rows.filter(pk=key).first():
            try:
                made += _complete(image)
            except Exception:  # such as a full disk: it is tried again at the next ring
                logger.exception("The renditions of the picture %s could not be made", image.path)
    if made:
        bump()
        doorbell.ring("articles.tasks.follow_replaced")
    return made


def _complete(image: ImageAsset) -> bool:
    """Whether a picture has its renditions now. One whose file is gone or broken is shown as it is, and not tried again."""
    path = image.path
    try:
        renditions = [written(path, copy, anew=True) for copy in _copies(path)]
    except (FileNotFoundError, pictures.Refused) as error:
        logger.warning("No renditions can be made of the picture %s: %s", path, error)
        renditions = []
    with transaction.atomic():
        if not _keep(image, path, renditions):
            transaction.on_commit(partial(delete_files, [made["src"] for made in renditions]))
            return False
    return bool(renditions)


def _copies(path: str) -> list[pictures.Copy]:
    with default_storage.open(path) as file:
        return pictures.copies_of(file.read())


def _keep(image: ImageAsset, path: str, renditions: list[dict[str, Any]]) -> bool:
    """Keep the renditions, unless the picture was deleted or replaced meanwhile."""
    found = ImageAsset.objects.select_for_update(of=("self",)).filter(pk=image.pk, renditions_due=True).first()
    if found is None or found.path != path:
        return False
    ImageAsset.objects.filter(pk=image.pk).update(renditions=renditions, renditions_due=False)
    ImageUse.objects.filter(image=image, is_live=True).update(is_outdated=True)
    return True
