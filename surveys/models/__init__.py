"""Seasons and their nominees, ballots on their way and cast, the public ledger, tallies; surveys and their responses."""

from surveys.models.ballots import Ballot, PendingBallot, UnsealedBallot
from surveys.models.followers import Follower
from surveys.models.jury import Juror, Recusal
from surveys.models.ledger import LedgerEntry, TreeHead
from surveys.models.nominees import Nomination, Nominee
from surveys.models.questionnaires import Invitation, ResponseCount, Survey, SurveyPicture, SurveyVersion
from surveys.models.requests import BallotOrigin, BallotRules, MailboxName, Quarantine, RequestCount
from surveys.models.responses import AnswerCounts, AnswerTag, Ended, Participation, Response, Sitting, Source
from surveys.models.seasons import AwardCategory, Season
from surveys.models.tallies import FormerTally, Tally, TallyRow
from surveys.models.write_ins import WriteIn

__all__ = [
    "AnswerCounts",
    "AnswerTag",
    "AwardCategory",
    "Ballot",
    "BallotOrigin",
    "BallotRules",
    "Ended",
    "Follower",
    "FormerTally",
    "Invitation",
    "Juror",
    "LedgerEntry",
    "MailboxName",
    "Nomination",
    "Nominee",
    "Participation",
    "PendingBallot",
    "Quarantine",
    "Recusal",
    "RequestCount",
    "Response",
    "ResponseCount",
    "Season",
    "Sitting",
    "Source",
    "Survey",
    "SurveyPicture",
    "SurveyVersion",
    "Tally",
    "TallyRow",
    "TreeHead",
    "UnsealedBallot",
    "WriteIn",
]
