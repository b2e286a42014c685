"""The tasks of awards and surveys, rung by beat."""

from celery import shared_task

from core.lib import batches
from surveys import followers, ledger, quarantine, seasons
from surveys.models import Season
from surveys.questionnaires import phases, settling


@shared_task
def turn_phases() -> None:
    """Open and close seasons when their time has come."""
    seasons.turn_phases()


@shared_task
def seal_ballots() -> None:
    """Append waiting ballots to the ledgers, and hold what came from places that are held."""
    batches.each(Season.objects.filter(state=Season.State.VOTING), ledger.seal)
    batches.each(Season.objects.filter(state=Season.State.VOTING), quarantine.apply)


@shared_task
def tell_followers() -> None:
    """Mail the reminders and answers that are due to those who asked for them."""
    followers.tell_due()


@shared_task
def turn_surveys() -> None:
    """Open and close surveys when their time has come, or when they have answers enough."""
    phases.turn_phases()


@shared_task
def settle_responses() -> None:
    """Count the answers that are finished, as far as enough of them wait for each other."""
    settling.settle_due()
    settling.forget_respondents()


@shared_task
def end_abandoned_sittings() -> None:
    """End what nobody came back to."""
    settling.end_abandoned()
