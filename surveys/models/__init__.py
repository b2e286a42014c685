"""Seasons and their nominees, ballots on their way and cast, the public ledger, tallies."""

from surveys.models.ballots import Ballot, PendingBallot, UnsealedBallot
from surveys.models.followers import Follower
from surveys.models.jury import Juror, Recusal
from surveys.models.ledger import LedgerEntry, TreeHead
from surveys.models.requests import BallotOrigin, MailboxName, Quarantine, RequestCount
from surveys.models.seasons import AwardCategory, Nomination, Nominee, Season
from surveys.models.tallies import FormerTally, Tally, TallyRow
from surveys.models.write_ins import WriteIn

__all__ = [
    "AwardCategory",
    "Ballot",
    "BallotOrigin",
    "Follower",
    "FormerTally",
    "Juror",
    "LedgerEntry",
    "MailboxName",
    "Nomination",
    "Nominee",
    "PendingBallot",
    "Quarantine",
    "Recusal",
    "RequestCount",
    "Season",
    "Tally",
    "TallyRow",
    "TreeHead",
    "UnsealedBallot",
    "WriteIn",
]
