"""What surveys keep no longer than they must."""

from surveys import ballots

EXPIRING = {"unconfirmed ballots": ballots.forget_pending, "voter keys": ballots.forget_voters}
