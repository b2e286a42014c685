"""The admin of awards (seasons and what is in them; ballots, ledger and tallies to look at) and of surveys."""

from surveys.admin import ballot_rules, ballots, jurors, nominations, questionnaires, seasons, tallies

__all__ = ["ballot_rules", "ballots", "jurors", "nominations", "questionnaires", "seasons", "tallies"]
