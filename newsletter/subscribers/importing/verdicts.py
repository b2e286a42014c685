"""What an export's words say of an address: that it may be mailed, or the ways in which it may not. Unknown words say no."""

import re
from enum import IntEnum
from functools import lru_cache


class Verdict(IntEnum):
    """What a row says; of several rows or columns the highest counts."""

    ON = 0
    UNCONFIRMED = 1
    OFF = 2
    BOUNCED = 3
    BLOCKED = 4
    COMPLAINED = 5


WORDS = {
    Verdict.ON: "active subscribed enabled confirmed regular premium gifted trialed free paid comped subscriber member"
    " optedin optin doubleoptin double verified on yes y true t 1 ja oui si",
    Verdict.OFF: "unsubscribed unsubscribe unsub optedout optout deleted removed cancelled canceled left off no n false f"
    " 0 disabled archived donotemail nomail signedoff withdrawn gone erased nein non emaildisabled",
    Verdict.BOUNCED: "bounced bounce hardbounced hardbounce cleaned undeliverable invalid dropped nonexistent",
    Verdict.BLOCKED: "blocklisted blacklisted blocked suppressed banned donotmail",
    Verdict.COMPLAINED: "complained complaint complaints spam reportedspam spamcomplaint markedasspam spamreported abuse"
    " reportedasspam complainant junk",
}
# By which staff say what a word means that is none of these.
KINDS = {
    "active": Verdict.ON,
    "unsubscribed": Verdict.OFF,
    "bounced": Verdict.BOUNCED,
    "blocked": Verdict.BLOCKED,
    "complained": Verdict.COMPLAINED,
}
_MEANS = {word: verdict for verdict, words in WORDS.items() for word in words.split()}
# What a word means in one system alone
OF_SYSTEM = {"beehiiv": {"inactive": Verdict.OFF}, "listmonk": {"unconfirmed": Verdict.UNCONFIRMED}}
UNCONFIRMED_WORDS = {"pending", "unconfirmed", "not confirmed", "unactivated", "validating", "paused", "inactive"}
_YES = {"yes", "y", "true", "t", "1", "on", "x", "ja", "oui", "si"}
_NO = {"no", "n", "false", "f", "0", "off", "nein", "non", "never", "none", "null"}


def normal(text: str) -> str:
    """A name or a word as it is compared: in lower case, with single spaces for what is no letter or digit."""
    return re.sub(r"[\W_]+", " ", text.replace("\0", "")).strip().casefold()


@lru_cache(maxsize=4096)
def of_word(text: str, system: str = "") -> Verdict:
    """What a status means. Nothing at all, too, is not known to mean that it is active."""
    word = normal(text).replace(" ", "")
    return OF_SYSTEM.get(system, {}).get(word) or _MEANS.get(word, Verdict.UNCONFIRMED)


@lru_cache(maxsize=4096)
def is_yes(text: str) -> bool | None:
    """Whether a cell says yes; None if it says neither."""
    word = normal(text)
    return True if word in _YES else False if word in _NO else None


def is_status(text: str) -> bool:
    """Whether a word is known to be one, also where it does not say that the address is active."""
    return of_word(text) != Verdict.UNCONFIRMED or normal(text) in UNCONFIRMED_WORDS
