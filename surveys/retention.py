"""What the awards keep of persons: for how long, and what deletes it. No address of a voter is stored at all."""

from datetime import timedelta

from django.utils import timezone

from core import retention
from core.lib import batches
from core.retention import Column, days
from surveys import ballot_requests, ballots, followers, request_signals
from surveys.models import Nomination

NOMINATIONS_KEPT_FOR = timedelta(days=730)

COLUMNS = [
    Column(
        "surveys.PendingBallot.voter_key",
        f"{days(ballot_requests.KEPT_AFTER_EXPIRY)} after its link",
        "the hourly purge",
    ),
    Column(
        "surveys.Ballot.voter_key",
        f"{days(ballots.APPEAL_WINDOW)} after the release: then random bytes",
        "the hourly purge",
    ),
    Column(
        "surveys.MailboxName.voter_key",
        f"{days(ballots.APPEAL_WINDOW)} after the release",
        "the hourly purge",
    ),
    Column(
        "surveys.MailboxName.mailbox_key",
        f"{days(ballots.APPEAL_WINDOW)} after the release",
        "the hourly purge",
    ),
    Column(
        "surveys.PendingBallot.origins", f"{days(ballot_requests.KEPT_AFTER_EXPIRY)} after its link", "the hourly purge"
    ),
    Column("surveys.BallotOrigin.name", "until its category is released", "the release"),
    Column("surveys.Quarantine.shown", f"{days(ballots.APPEAL_WINDOW)} after the release", "the hourly purge"),
    Column(
        "surveys.WriteIn.text",
        f"{days(ballots.APPEAL_WINDOW)} after the release; what was accepted stands in the ledger for good",
        "the hourly purge",
    ),
    Column("surveys.RequestCount.value", days(request_signals.KEPT_FOR), "the hourly purge"),
    Column("surveys.Nominee.name", "for good: results are public", retention.ADMIN),
    Column("surveys.Juror.name", "for good: the ballot paper names the jury", retention.ADMIN),
    Column("surveys.Nomination.name", days(NOMINATIONS_KEPT_FOR), "the hourly purge; staff"),
    Column("surveys.Nomination.name_key", days(NOMINATIONS_KEPT_FOR), "the hourly purge; staff"),
    *(
        Column(
            f"surveys.Follower.{name}",
            f"{days(followers.KEPT_AFTER_RELEASE)} after the results, or once they heard of the next nominations, "
            f"{days(followers.KEPT_AT_MOST)} at most; {days(followers.CONFIRM_WITHIN)} unconfirmed",
            "its own link; the hourly purge; erasure",
        )
        for name in ("email", "canonical")
    ),
    Column("surveys.Season.imported_from", "for good: the name of a file", "nobody"),
]


def register_all() -> None:
    """Put the keeping times of the awards into force."""
    retention.declare(COLUMNS)
    retention.register("unconfirmed ballots", ballot_requests.delete_unconfirmed)
    retention.register("counts of requests", request_signals.delete_old)
    retention.register("voter keys", ballots.anonymise)
    retention.register("old nominations", delete_nominations)
    retention.register("followers of seasons", followers.delete_old)
    retention.on_erasure(followers.forget)


def delete_nominations() -> int:
    """Delete what readers proposed for awards that were given long ago."""
    before = timezone.now() - NOMINATIONS_KEPT_FOR
    return batches.delete(Nomination.objects.filter(created_at__lt=before))
