"""Seasons and their nominees, ballots on their way and cast, the public ledger, tallies."""

from surveys.models.ballots import Ballot, PendingBallot, UnsealedBallot
from surveys.models.ledger import LedgerEntry, TreeHead
from surveys.models.requests import BallotOrigin, MailboxName, Quarantine, RequestCount
from surveys.models.seasons import AwardCategory, Nomination, Nominee, Season
from surveys.models.tallies import Tally, TallyRow

__all__ = [
    "AwardCategory",
    "Ballot",
    "BallotOrigin",
    "LedgerEntry",
    "MailboxName",
    "Nomination",
    "Nominee",
    "PendingBallot",
    "Quarantine",
    "RequestCount",
    "Season",
    "Tally",
    "TallyRow",
    "TreeHead",
    "UnsealedBallot",
]
