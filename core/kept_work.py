"""Unsaved work of the staff: kept while they type, one piece for each time an edit page was opened, until it is saved."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from core.lib import batches
from core.lib.text import storable
from core.models import KeptWork, User

KEPT_FOR = timedelta(days=90)
MOST_PIECES = 20  # of one person on one page
MOST_CHARACTERS = 4_000_000
FEW_WORDS = 50  # below this, taking words out is not worth a second piece


class NotKept(Exception):
    """The work cannot be kept; the reason is a sentence for the person who is typing."""


@dataclass(frozen=True)
class Sitting:
    """One time that somebody opened an edit page, and the sitting whose work it goes on with, if any."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    continues: uuid.UUID | None = None

    @classmethod
    def posted(cls, data: QueryDict) -> "Sitting":
        """The sitting that a page posts in the fields `sitting` and `continues`; a new one where it does not."""
        return cls(_uuid(data.get("sitting")) or uuid.uuid4(), _uuid(data.get("continues")))


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


@dataclass(frozen=True)
class Work:
    """What was typed, with what the list of kept work says of it."""

    content: Any
    title: str
    extent: str
    words: int
    base_version: int = 0


def pieces(model: type[models.Model], row: int | None, *, by: Any) -> QuerySet[KeptWork]:
    """The work of one person that waits on one edit page, the newest first; of a new row where `row` is None."""
    return KeptWork.objects.filter(page=model._meta.label_lower, row=row, by=by)


@transaction.atomic
def keep(
    model: type[models.Model], row: int | None, work: Work, *, by: Any, sitting: Sitting, refused: bool = False
) -> KeptWork:
    """Keep what was typed in a sitting. Nothing that another sitting kept is touched, except what this one continues.

    Where much of what was kept is gone, that stays beside it until the sitting is saved. Raises NotKept if it is
    too long, or too much waits already; never where a save was `refused`, as its words would be lost.
    """
    if not refused and len(str(work.content)) > MOST_CHARACTERS:
        raise NotKept("This is too long to be kept while you type. Save it.")
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one request of theirs at a time
    waiting = pieces(model, row, by=by)
    before = _written_by(waiting, sitting)
    if before and not _is_much_less(work, before):
        return _written(before, work, sitting)
    if not refused and waiting.count() >= MOST_PIECES:
        raise NotKept(f"{MOST_PIECES} pieces of unsaved work wait here already. Drop some to have this one kept.")
    if before:
        before.sitting = uuid.uuid4()  # nobody's any more: it is only read now
        before.save(update_fields=["sitting"])
    new = KeptWork(by=by, page=model._meta.label_lower, row=row, supersedes=before)
    return _written(new, work, sitting)


def _written_by(waiting: QuerySet[KeptWork], sitting: Sitting) -> KeptWork | None:
    """What a sitting wrote, or else what it goes on with."""
    found = {piece.sitting: piece for piece in waiting.filter(_of(sitting))}
    return found.get(sitting.id) or (found.get(sitting.continues) if sitting.continues else None)


def _of(sitting: Sitting) -> Q:
    return Q(sitting__in=[sitting.id, *([sitting.continues] if sitting.continues else [])])


def _is_much_less(work: Work, before: KeptWork) -> bool:
    return before.words >= FEW_WORDS and work.words < before.words / 2


def _written(piece: KeptWork, work: Work, sitting: Sitting) -> KeptWork:
    piece.sitting, piece.content = sitting.id, _storable(work.content)
    piece.title, piece.extent = storable(work.title)[:200], work.extent[:100]
    piece.words, piece.base_version, piece.saved_at = work.words, work.base_version, timezone.now()
    piece.save()
    return piece


def _storable(value: Any) -> Any:
    """The value without the characters that PostgreSQL cannot store: unsaved work has not been validated."""
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def supersede(piece: KeptWork, work: Work) -> KeptWork:
    """Keep work that was made out of a piece; saving it drops both."""
    new = KeptWork(by=piece.by, page=piece.page, row=piece.row, supersedes=piece)
    return _written(new, work, Sitting())


def saved(model: type[models.Model], row: int | None, *, by: Any, sitting: Sitting) -> None:
    """Drop what a sitting kept, and what that superseded, once it is saved."""
    found = list(pieces(model, row, by=by).filter(_of(sitting)).values_list("pk", "supersedes"))
    while found:
        KeptWork.objects.filter(pk__in=[key for key, _ in found]).delete()
        found = list(KeptWork.objects.filter(pk__in=[old for _, old in found if old]).values_list("pk", "supersedes"))


def forget(model: type[models.Model], row: int) -> None:
    """Delete what anybody typed of a row, with the row itself."""
    KeptWork.objects.filter(page=model._meta.label_lower, row=row).delete()


def delete_old() -> int:
    """Delete what nobody took up again."""
    return batches.delete(KeptWork.objects.filter(saved_at__lt=timezone.now() - KEPT_FOR))
