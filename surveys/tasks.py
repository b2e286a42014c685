"""The awards' tasks, rung by beat."""

from celery import shared_task

from core.lib import batches
from surveys import ledger, seasons
from surveys.models import Season


@shared_task
def turn_phases() -> None:
    """Open and close seasons when their time has come."""
    seasons.turn_phases()


@shared_task
def seal_ballots() -> None:
    """Append waiting ballots to the ledgers."""
    batches.each(Season.objects.filter(state=Season.State.VOTING), ledger.seal)
