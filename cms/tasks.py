"""The roof's own task: a backup by the clock."""

import logging

from celery import shared_task

from cms.ops import kept_backups
from cms.ops.backup import BackupError

logger = logging.getLogger(__name__)


@shared_task
def make_backup() -> None:
    """Make a backup if one is due; rung by beat."""
    try:
        kept_backups.make_when_due(say=logger.info)
    except BackupError as error:
        logger.exception("There is no new backup: %s", error)
