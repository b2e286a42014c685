"""A briefing's message: compiled once into bytes with holes, then filled for each recipient.

The headers follow RFC 5322, 2369 and 8058 (lists and one-click unsubscribing) and 2919 (List-Id); the parts are
quoted-printable, so no line is longer than 76 characters whatever the text. A hole stands on a line of its own
between two soft line breaks, so filling it never breaks an encoding.
"""

import quopri
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage

HOLES = ("to", "date", "message_id", "unsubscribe", "preferences", "delivery")
CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Markers:
    """Words that stand for the holes while a message is written: random, so no text contains them by chance."""

    salt: str = field(default_factory=lambda: secrets.token_hex(8))

    def __getitem__(self, name: str) -> str:
        return f"hole{HOLES.index(name)}x{self.salt}"

    def found_in(self, text: str) -> list[str]:
        """The text in turns with the names of holes."""
        pieces = re.split(rf"hole(\d)x{self.salt}", text)
        pieces[1::2] = [HOLES[int(number)] for number in pieces[1::2]]
        return pieces


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers of one briefing's message say, the same for everyone."""

    from_name: str
    from_email: str
    subject: str
    list_name: str
    list_id: str
    feedback_id: str
    site_url: str
    reply_to: str = ""

    @property
    def host(self) -> str:
        return self.site_url.split("//", 1)[-1].split("/", 1)[0].split(":", 1)[0]


def compile_message(envelope: Envelope, *, text: str, html: str, markers: Markers) -> bytes:
    """Put headers and both bodies together; each hole becomes NUL name NUL. Raises ValueError for a line break in a header."""
    boundary = f"=_{secrets.token_hex(12)}"
    return CRLF.join(
        [
            *_header_lines(envelope),
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(),
            b"",
            *_part(boundary, "plain", text, markers),
            *_part(boundary, "html", html, markers),
            f"--{boundary}--".encode(),
            b"",
        ]
    )


def _header_lines(envelope: Envelope) -> list[bytes]:
    """Every header but those of MIME. Links are written as they are: folding by length would turn them into =?utf-8?."""
    for value in (envelope.subject, envelope.from_name, envelope.list_name, envelope.reply_to):
        if len(value.splitlines()) > 1 or "\x00" in value:
            raise ValueError("A subject or a name cannot contain a line break.")
    words = EmailMessage(policy=policy.SMTP)
    words["From"] = _mailbox(envelope.from_name, envelope.from_email)
    words["Subject"] = envelope.subject
    if envelope.reply_to:
        words["Reply-To"] = _mailbox("", envelope.reply_to)
    host = envelope.host
    return [
        *words.as_bytes().strip().split(CRLF),
        b"To: " + hole("to"),
        b"Date: " + hole("date"),
        b"Message-ID: <" + hole("message_id") + f"@{host}>".encode(),
        f"List-Id: {_phrase(envelope.list_name)}<{envelope.list_id}>".encode(),
        f"List-Unsubscribe: <{envelope.site_url}/u/".encode() + hole("unsubscribe") + b">",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Feedback-ID: {envelope.feedback_id}".encode(),
        b"Precedence: bulk",
    ]


def hole(name: str) -> bytes:
    return b"\x00" + name.encode() + b"\x00"


def _mailbox(name: str, address: str) -> Mailbox:
    return Mailbox(display_name=name, addr_spec=address)


def _phrase(name: str) -> str:
    """The list's name as a quoted phrase, where it can be one without encoding."""
    safe = re.sub(r'["\\]', "", name)
    return f'"{safe}" ' if safe.isascii() and safe.isprintable() else ""


def _part(boundary: str, subtype: str, body: str, markers: Markers) -> list[bytes]:
    return [
        f"--{boundary}".encode(),
        f'Content-Type: text/{subtype}; charset="utf-8"'.encode(),
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        _quoted_printable(body, markers),
    ]


def _quoted_printable(body: str, markers: Markers) -> bytes:
    pieces = markers.found_in("\n".join(body.splitlines()) + "\n")
    encoded = [
        hole(piece) if index % 2 else quopri.encodestring(piece.encode()).replace(b"\n", CRLF)
        for index, piece in enumerate(pieces)
    ]
    return (b"=" + CRLF).join(encoded).removesuffix(CRLF)


class Form:
    """A compiled message taken apart at its holes; `filled` costs a join of bytes.

    With `stuffed`, every line that starts with a dot has it doubled and the final dot is there, as DATA wants it
    (RFC 5321, 4.5.2); no value starts with a dot, so this is done once for all.
    """

    def __init__(self, compiled: bytes, *, stuffed: bool = False):
        if stuffed:
            compiled = re.sub(rb"(?m)^\.", b"..", compiled) + b".\r\n"
        self.parts = re.split(rb"\x00([a-z_]+)\x00", compiled)
        self.slots = [(2 * index + 1, name.decode()) for index, name in enumerate(self.parts[1::2])]

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        """The message of one recipient."""
        parts = self.parts.copy()
        for index, name in self.slots:
            parts[index] = values[name]
        return b"".join(parts)
