"""The admin of awards (seasons and what is in them; ballots, ledger and tallies to look at) and of surveys."""

from surveys.admin import ballots, jurors, nominations, questionnaires, seasons, tallies

__all__ = ["ballots", "jurors", "nominations", "questionnaires", "seasons", "tallies"]
