"""The awards steward's part of the admin: seasons and what is in them; ballots, ledger and tallies to look at."""

from surveys.admin import ballots, jurors, nominations, seasons, tallies

__all__ = ["ballots", "jurors", "nominations", "seasons", "tallies"]
