"""Acts on many articles: one at a time, each with its own permission, version, checks and log. How an act goes: `core.bulk_acts`."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from articles.desk import bulk_steps, selection
from articles.document_schema import DocumentError
from articles.models import Article, ArticleAct, ArticleActBatch, Kind
from core.advisory_locks import AdvisoryLock
from core.bulk_acts import Engine, Outcome
from core.models import User
from core.transitions import TransitionRefused

logger = logging.getLogger(__name__)


class Articles(Engine):
    model = ArticleAct
    lock = (AdvisoryLock.BULK_ACTS, 1)
    task = "articles.tasks.act_on_articles"
    size = 1
    problems_named = 200

    def selected(self, said: Mapping[str, str]) -> QuerySet[Any]:
        return selection.meant(said)

    def carry_out(self, row: ArticleAct, keys: list[int]) -> Outcome:
        outcome = Outcome()
        for key in keys:
            article = _locked(key)
            done = bulk_steps.carry_out(_with_its_user(row), article)
            if done.before is not None:
                outcome.changed[key] = done.before
            if done.note:
                outcome.notes.append(f"“{article}”: {done.note}")
        return outcome

    def put_back(self, row: ArticleAct, batch: ArticleActBatch) -> list[str]:
        said = []
        for key in batch.changed:
            try:
                with transaction.atomic():
                    article = _locked(key)
                    note = bulk_steps.put_back(_with_its_user(row), article, batch.before[str(key)])
                    connection.check_constraints()
            except Exception as error:  # noqa: BLE001 (it is told, and the others go on)
                said.append(self.in_words(key, error))
            else:
                said += [f"“{article}”: {note}"] if note else []
        return said

    def kept(self, outcome: Outcome) -> dict[str, Any]:
        return {**super().kept(outcome), "before": outcome.changed}

    def in_words(self, key: int, error: Exception) -> str:
        article = Article.objects.filter(pk=key).first()
        name = f"“{article}”" if article else f"Article {key}"
        if isinstance(error, Article.DoesNotExist):
            return f"{name} was deleted meanwhile."
        if isinstance(error, TransitionRefused | DocumentError):
            return f"{name}: {error}"
        logger.error("Article %s failed in an act on many", key, exc_info=error)
        return f"{name}: an error of Moonpress; the worker’s log says which."


ENGINE = Articles()


def begin(
    kind: str,
    *,
    by: Any,
    given: dict[str, Any],
    what: str = "",
    said: Mapping[str, str] | None = None,
    keys: Sequence[int] = (),
) -> ArticleAct:
    """An act on these articles, or on all that a list narrowed as `said` shows. Raises ValidationError."""
    row = ArticleAct(kind=kind, by=by, by_name=str(by), given=given, what=what[:160])
    if said is None:
        row.about = f"{len(keys):,} that were ticked"
        return ENGINE.begin(row, rows=Article.objects.filter(pk__in=keys, kind=Kind.ARTICLE))
    row.about, row.selection = selection.in_words(said)[:300], dict(said)
    return ENGINE.begin(row)


def _locked(key: int) -> Article:
    """Nobody saves it until this is done with it; whoever is writing meanwhile sees both versions, as always."""
    return Article.objects.select_for_update(of=("self",)).select_related("category", "series", "cta").get(pk=key)


def _with_its_user(row: ArticleAct) -> ArticleAct:
    """With the permissions that its user has by now."""
    row.by = User.objects.filter(pk=row.by_id or 0).first()
    return row
