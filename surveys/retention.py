"""What surveys keep no longer than they must."""

from surveys import voting

EXPIRING = {"unconfirmed ballots": voting.forget_pending, "voter keys": voting.forget_voters}
