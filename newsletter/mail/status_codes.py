"""Enhanced status codes (RFC 3463 and its registry at IANA): which of them say that an address will never take mail."""

import re
from enum import StrEnum

_CODE = re.compile(r"\A5\d\d[ -](5\.\d{1,3}\.\d{1,3})\b")
_CODE_IN_REPORT = re.compile(r"\b[45]\d\d[ -]+#?([45]\.\d{1,3}\.\d{1,3})\b")
_UNKNOWN = re.compile(
    r"no such (?:user|mailbox|recipient|address|person)"
    r"|(?:unknown|invalid|nonexistent) (?:local |virtual )?(?:user|mailbox|recipient|address)"
    r"|(?:user|mailbox|recipient|address|account)\b.{0,60}?(?:unknown|not found|not exist|n't exist|unavailable|disabled)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\A([245]\.\d{1,3}\.\d{1,3})\b")
# The recipient's address or mailbox itself. Not among them: what is about the sender (5.1.7, 5.1.8), a full mailbox (5.2.2),
# the mail system (5.3), the route (5.4), the protocol (5.5), the content (5.6) and policy (5.7).
GONE = {
    "5.1.0": "other address status",
    "5.1.1": "no such mailbox",
    "5.1.2": "no such mail system",
    "5.1.3": "bad mailbox syntax",
    "5.1.6": "the mailbox has moved and left no address",
    "5.1.10": "the domain takes no mail (null MX)",
    "5.2.1": "the mailbox is disabled",
}


# A server that takes no more for now, from us or for its users together: not greylisting, nor one user's mailbox.
_THROTTLES = re.compile(
    r"\b(?:421|45[0124])[ -]+#?4\.7\.\d+\b|\b421\b|\b45[0124]\b.{0,120}?(?:rate|throttl|too many|too much|deferred)",
    re.IGNORECASE,
)
# About one recipient or one message, whatever limit the words name: 4.1.x, 4.2.x, and 4.3.4, a message that is too large.
_ONE_AT_A_TIME = re.compile(r"gr[ea]y.?list|\b4\d\d[ -]+#?4\.(?:[12]\.\d|3\.4\b)|try again in \d+ sec", re.IGNORECASE)
_OF_THE_ACCOUNT = re.compile(
    r"throttling failure|sending (?:rate|quota|limit)|(?:daily|hourly).{0,30}(?:quota|limit)|maximum.{0,20}rate"
    r"|\b4\d\d[ -]+#?4\.(?:7\.\d|5\.\d.*?\b(?:sending|daily)\b).*?(?:account|message).{0,30}(?:quota|limit)",
    re.IGNORECASE,
)


class Throttled(StrEnum):
    """Who is to send less for a while."""

    NOBODY = ""
    DOMAIN = "domain"  # all of us, to the recipient's
    ACCOUNT = "account"  # the account it was sent by, to everyone


def throttled_by(reply: str) -> Throttled:
    """What a reply for now says beyond its own letter: that the recipient's provider, or our account, has had enough for now."""
    if _ONE_AT_A_TIME.search(reply):
        return Throttled.NOBODY
    if _OF_THE_ACCOUNT.search(reply) and re.search(r"\b4\d\d[ -]", reply):
        return Throttled.ACCOUNT
    return Throttled.DOMAIN if _THROTTLES.search(reply) else Throttled.NOBODY


def code_in(reply: str) -> str:
    """The enhanced code of a reply such as "550 5.1.1 No such user"; empty if it has none."""
    found = _CODE.match(reply)
    return found[1] if found else ""


def says_gone(reply: str) -> bool:
    """Whether a reply says that mail to its recipient is of no use, now or later."""
    return is_gone(code_in(reply))


def is_about_the_address(reply: str) -> bool:
    """Whether a refusal is about its recipient, by its code or its words: it says nothing of the message or of us."""
    return says_gone(reply) or (not code_in(reply) and bool(_UNKNOWN.search(reply)))


def is_gone(code: str) -> bool:
    """Whether a code says so."""
    return code in GONE


def is_temporary(code: str) -> bool:
    """Whether a message with this code failed for now: 4.x.x, and a full mailbox, which many call permanent (5.2.2)."""
    return code.startswith("4.") or code == "5.2.2"


def code_in_report(status: str, diagnostic: str) -> str:
    """The code in a report of delivery: what the last server answered, else what the reporting one made of it."""
    found = _CODE_IN_REPORT.search(diagnostic) or _STATUS.match(status)
    return found[1] if found else ""
