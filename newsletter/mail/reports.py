"""Messages that come back, read: reports of delivery (RFC 3464, 6533), of complaints (RFC 5965), automatic replies.

Only what a report says about itself counts. The message it is about is read for its headers, never for reports in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string
from email.message import Message
from enum import StrEnum

from newsletter.mail.status_codes import code_in_report, is_gone

DELIVERY_STATUS = ("message/delivery-status", "message/global-delivery-status")
ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
COMPLAINTS = ("abuse", "fraud", "opt-out")  # of the types of RFC 5965; among the others is not-spam
OUTLOOK = "X-HmXmrOriginalRecipient"  # Outlook.com's complaints are no RFC 5965: the message comes as an attachment
RECIPIENT_HEADERS = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
SENDER_HEADERS = ("Return-Path", "X-Original-Return-Path", "Sender")


class Kind(StrEnum):
    """What a message is."""

    FAILURE = "failure"
    DELAY = "delay"  # or any other news but that a message could not be delivered
    COMPLAINT = "complaint"
    LEFT = "left"  # by a mail, or by a link or an address of the mail provider's
    AUTO_REPLY = "auto-reply"
    OTHER = "other"


@dataclass(slots=True)
class Report:
    """What a message says: which status code and in which words, and where it names the message it is about."""

    kind: Kind
    code: str = ""
    words: str = ""
    addresses: list[str] = field(default_factory=list)  # texts that may hold the return path
    message_ids: list[str] = field(default_factory=list)


def read(data: bytes) -> Report:
    """Read a message. None is refused: what cannot be made sense of is `other`."""
    message = message_from_bytes(data)
    parts = _parts(message)
    report = _told(message, parts)
    report.addresses += _values(message, RECIPIENT_HEADERS)
    for original in _originals(parts):
        report.addresses += _values(original, SENDER_HEADERS)
        report.message_ids += _values(original, ("Message-ID",))
    return report


def _parts(message: Message) -> list[Message]:
    """The parts of a report, which a mailing list or a scanner may have wrapped once more."""
    parts = _children(message)
    wrapped = [part for part in parts if part.get_content_type() == "multipart/report"]
    return _children(wrapped[0]) if wrapped else parts


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _told(message: Message, parts: list[Message]) -> Report:
    for part in parts:
        kind = part.get_content_type()
        if kind in DELIVERY_STATUS:
            return _delivery_report([*_blocks(part)])
        if kind == "message/feedback-report":
            return _complaint(_children(part))
    if _value(message, "Subject").lower() == "unsubscribe":  # as List-Unsubscribe has mail programs write it
        return Report(Kind.LEFT)
    if any(original[OUTLOOK] for original in _originals(parts)):
        return Report(Kind.COMPLAINT)
    return Report(Kind.AUTO_REPLY if _is_automatic(message) else Kind.OTHER)


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a delivery report; the standard library takes only those in ASCII apart."""
    for block in _children(part):
        yield block
        rest = block.get_payload()
        if isinstance(rest, str):
            yield from (message_from_string(text) for text in re.split(r"\r?\n\r?\n", rest) if text.strip())


def _delivery_report(blocks: list[Message]) -> Report:
    """The worst that it says of a recipient. Where one of several got the message, the address does take mail."""
    told = {_value(block, "Action").lower() for block in blocks} - {""}
    failures = [block for block in blocks if _value(block, "Action").lower() == "failed"]
    if not failures or told & {"delivered", "relayed", "expanded"}:
        return Report(Kind.DELAY)
    worst = max(failures, key=lambda block: (is_gone(_code(block)), _code(block).startswith("5")))
    return Report(Kind.FAILURE, _code(worst), _value(worst, "Diagnostic-Code") or _value(worst, "Status"))


def _code(block: Message) -> str:
    return code_in_report(_value(block, "Status"), _value(block, "Diagnostic-Code"))


def _complaint(blocks: list[Message]) -> Report:
    for block in blocks:
        told = _value(block, "Feedback-Type").lower()
        if told in COMPLAINTS:
            return Report(Kind.COMPLAINT, words=told, addresses=_values(block, ("Original-Mail-From",)))
    return Report(Kind.OTHER)


def _originals(parts: list[Message]) -> Iterator[Message]:
    """The headers of the message that a report is about."""
    for part in parts:
        if part.get_content_type() in ORIGINAL:
            children = _children(part)
            if children:
                yield children[0]
            else:
                text = part.get_payload(decode=True)
                yield message_from_bytes(text if isinstance(text, bytes) else b"")


def _is_automatic(message: Message) -> bool:
    """Whether a program answered: RFC 3834, and what was usual before it."""
    submitted = _value(message, "Auto-Submitted").lower()
    if submitted and submitted != "no":
        return True
    if message.get_content_type() == "multipart/report":  # of reading, say (RFC 8098)
        return True
    if _value(message, "Precedence").lower() in ("auto_reply", "auto-reply", "bulk", "junk"):
        return True
    return any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "Vacation"))


def _value(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _values(message: Message, names: tuple[str, ...]) -> list[str]:
    return [str(value) for name in names for value in message.get_all(name, [])]
