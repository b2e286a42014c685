"""A briefing's message: its headers and bodies compiled once into bytes with merge fields, and the template that fills them.

The headers follow RFC 5322, 2369 and 8058 (lists and one-click unsubscribing) and 2919 (List-Id); the parts are
quoted-printable, so no line is longer than 76 characters whatever the text. A merge field in a body stands on a line of
its own between two soft line breaks, so that filling it never breaks the encoding.
"""

import quopri
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from email import policy
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from functools import lru_cache
from html import escape
from typing import Any

from core.lib import mail
from core.lib.text import one_line
from newsletter.mail.personal_words import Person, Word, value_of
from newsletter.mail.providers import header_for

FIELDS = ("to", "date", "message_id", "unsubscribe", "preferences", "delivery")
CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Words that stand for the merge fields while a message is rendered: random, so that no text has them by chance."""

    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    words: list[Word] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return f"field{FIELDS.index(name)}x{self.salt}"

    def of_word(self, word: Word) -> str:
        """What stands for a personal word."""
        if word not in self.words:
            self.words.append(word)
        return f"field{len(FIELDS) + self.words.index(word)}x{self.salt}"

    def split(self, text: str) -> list[str]:
        """Pieces of the text, and between each two the name of the field that stands there; of a word it is its number."""
        pieces = re.split(rf"field(\d+)x{self.salt}", text)
        pieces[1::2] = [_field(int(number)) for number in pieces[1::2]]
        return pieces

    def personal(self, subject: str) -> dict[str, Any]:
        """What PersonalFields needs to know of a message with these placeholders and this subject; empty where nothing is personal."""
        if not self.words:
            return {}
        pieces = self.split(subject)
        return {
            "words": [asdict(word) for word in self.words],
            "subject": [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
            if len(pieces) > 1
            else [],
        }


def _field(number: int) -> str:
    return FIELDS[number] if number < len(FIELDS) else str(number - len(FIELDS))


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """What the headers of a briefing's message say to every recipient alike."""

    from_name: str
    from_email: str
    subject: str
    list_name: str
    list_id: str
    feedback_id: str
    site_url: str
    reply_to: str = ""
    takes_mail: bool = False  # whether mails to the return path are read
    provider: str = ""

    @property
    def host(self) -> str:
        return self.site_url.split("//", 1)[-1].split("/", 1)[0].split(":", 1)[0]


def compile_message(headers: MessageHeaders, *, text: str, html: str, placeholders: Placeholders) -> bytes:
    """Put headers and both bodies together; each placeholder becomes a merge field, NUL name NUL.

    Raises ValueError for a line break in a header.
    """
    boundary = f"=_{secrets.token_hex(12)}"
    return CRLF.join(
        [
            *_header_lines(headers, placeholders),
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(),
            b"",
            *_part(boundary, "plain", text, placeholders),
            *_part(boundary, "html", html, placeholders),
            f"--{boundary}--".encode(),
            b"",
        ]
    )


def _header_lines(headers: MessageHeaders, placeholders: Placeholders) -> list[bytes]:
    """Every header but those of MIME. Links are written as they are: folding by length would turn them into =?utf-8?."""
    for value in (headers.subject, headers.from_name, headers.list_name, headers.reply_to):
        if len(value.splitlines()) > 1 or "\x00" in value:
            raise ValueError("A subject or a name cannot contain a line break.")
    words = EmailMessage(policy=policy.SMTP)
    words["From"] = _mailbox(headers.from_name, mail.ascii_address(headers.from_email))
    is_personal = len(placeholders.split(headers.subject)) > 1
    if not is_personal:
        words["Subject"] = headers.subject
    if headers.reply_to:
        words["Reply-To"] = _mailbox("", mail.ascii_address(headers.reply_to))
    host = headers.host
    return [
        *mail.as_bytes(words).strip().split(CRLF),
        *([b"Subject: " + _merge_field("subject")] if is_personal else []),
        b"To: " + _merge_field("to"),
        b"Date: " + _merge_field("date"),
        b"Message-ID: <" + _merge_field("message_id") + f"@{host}>".encode(),
        f"List-Id: {_phrase(headers.list_name)}<{headers.list_id}>".encode(),
        _list_unsubscribe(headers),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Feedback-ID: {headers.feedback_id}".encode(),
        b"Precedence: bulk",
        *filter(None, [header_for(headers.provider, "\0message_id\0").encode()]),
    ]


def _list_unsubscribe(headers: MessageHeaders) -> bytes:
    """The link, and for programs that know no other way a mail to the return path, where such mails are read."""
    link = f"List-Unsubscribe: <{headers.site_url}/u/".encode() + _merge_field("unsubscribe") + b">"
    if not headers.takes_mail:
        return link
    return link + b"," + CRLF + b" <mailto:" + _merge_field("return_path") + b"?subject=unsubscribe>"


def _merge_field(name: str) -> bytes:
    return b"\x00" + name.encode() + b"\x00"


def _mailbox(name: str, address: str) -> Mailbox:
    return Mailbox(display_name=name, addr_spec=address)


def _phrase(name: str) -> str:
    """The list's name as a quoted phrase, where it can be one without encoding."""
    safe = re.sub(r'["\\]', "", name)
    return f'"{safe}" ' if safe.isascii() and safe.isprintable() else ""


def _part(boundary: str, subtype: str, body: str, placeholders: Placeholders) -> list[bytes]:
    return [
        f"--{boundary}".encode(),
        f'Content-Type: text/{subtype}; charset="utf-8"'.encode(),
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        _quoted_printable(body, placeholders, subtype),
    ]


def _quoted_printable(body: str, placeholders: Placeholders, subtype: str) -> bytes:
    pieces = placeholders.split("\n".join(body.splitlines()) + "\n")
    encoded = [
        _merge_field(f"{subtype}_{piece}" if piece.isdigit() else piece)
        if index % 2
        else quopri.encodestring(piece.encode()).replace(b"\n", CRLF)
        for index, piece in enumerate(pieces)
    ]
    return (b"=" + CRLF).join(encoded).removesuffix(CRLF)


class MessageTemplate:
    """A compiled message taken apart at its merge fields, so that a recipient costs one join of bytes."""

    def __init__(self, compiled: bytes):
        self.parts = re.split(rb"\x00([a-z_]+\d*)\x00", compiled)
        self.fields = [(2 * index + 1, name.decode()) for index, name in enumerate(self.parts[1::2])]

    def render(self, values: Mapping[str, bytes]) -> bytes:
        """The message of one recipient."""
        parts = self.parts.copy()
        for index, name in self.fields:
            parts[index] = values[name]
        return b"".join(parts)


class PersonalFields:
    """The values of a message's personal words for one recipient after the other. False where nothing is personal.

    Many have the same first name, or none, so what was encoded once is kept.
    """

    def __init__(self, personal: Mapping[str, Any]):
        self.words = [Word(**word) for word in personal.get("words", [])]
        self.subject: list[str | int] = personal.get("subject", [])

    def __bool__(self) -> bool:
        return bool(self.words)

    def values(self, person: Person) -> dict[str, bytes]:
        """The merge fields of a person: each word as HTML and as text, and the whole subject where it is personal."""
        words = [value_of(word, person) for word in self.words]
        values = {}
        for number, word in enumerate(words):
            values[f"html_{number}"], values[f"plain_{number}"] = _encoded_word(word)
        if self.subject:
            pieces = (words[piece] if isinstance(piece, int) else piece for piece in self.subject)
            values["subject"] = _encoded_subject("".join(pieces))
        return values


@lru_cache(maxsize=20_000)
def _encoded_word(word: str) -> tuple[bytes, bytes]:
    """A word as it stands in a quoted-printable body of HTML, and in one of text, on lines of its own."""
    html, plain = (_quoted_lines(form) for form in (escape(word), word))
    return html, plain


def _quoted_lines(text: str) -> bytes:
    lines = quopri.encodestring(text.encode()).replace(b"\n", CRLF).split(CRLF)
    # The message was made ready for the wire before: a line that starts with a dot would lose it, or end the message.
    return CRLF.join(b"=2E" + line[1:] if line.startswith(b".") else line for line in lines)


@lru_cache(maxsize=20_000)
def _encoded_subject(subject: str) -> bytes:
    """A subject as it stands in its header: one line, or encoded words on lines that go on it."""
    return mail.encoded(one_line(subject), "Subject").encode("ascii")
