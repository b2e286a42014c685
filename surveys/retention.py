"""What surveys keep no longer than they must."""

from surveys import ballots

EXPIRING = {"unconfirmed ballots": ballots.delete_unconfirmed, "voter keys": ballots.anonymise}
