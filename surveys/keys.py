"""What must not lie in the database alone: the pepper of each season and survey, the key that signs tree heads, and a log of these heads.

Whoever holds only the database can neither test a list of addresses against the voter keys nor sign another ledger. Where
several hosts take votes they share the pepper folder (BALLOT_PEPPER_FOLDER) and the signing key (LEDGER_SIGNING_KEY).
"""

import hmac
import json
import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from django.conf import settings

from core.lib.secret_files import write_once
from surveys.models import PendingBallot, Season, Survey

KEY_BYTES = 32
NONCE_BYTES = 12  # with which what is sealed begins, another each time
PADDED_TO = 4096  # bytes, at least


class PepperMissing(RuntimeError):
    """A season's pepper is not where it should be: without it nobody can tell who has voted."""


def make_pepper(season: Season | Survey) -> None:
    """Make a season's pepper, once, when its voting opens; a survey's, when it opens or is tested."""
    write_once(_pepper_path(season), secrets.token_bytes(KEY_BYTES))


def destroy_pepper(season: Season | Survey) -> None:
    """Remove it for good: from then on no address can be matched to a voter key."""
    _pepper_path(season).unlink(missing_ok=True)


def has_pepper(season: Season | Survey) -> bool:
    return _pepper_path(season).exists()


@dataclass(frozen=True)
class Pepper:
    """A season's pepper in hand, and all that is derived from it. Take one for a task, and keep none."""

    secret: bytes

    def voter_key(self, address: str) -> bytes:
        """What stands for a voter: an HMAC of the canonical address."""
        return hmac.digest(self.secret, b"voter\0" + address.encode(), "sha256")

    def ballot_nonce(self, pending_id: int, category_id: int) -> bytes:
        """A ballot's 128-bit nonce: random to everybody else, found again by whoever holds the link that confirmed it.

        So a second click on a confirmed link can show the receipts, though nothing in the database leads from the link
        to the ballots.
        """
        return hmac.digest(self.secret, f"nonce\0{pending_id}\0{category_id}".encode(), "sha256")[:16]

    def write_in_nonce(self, category_id: int, text: str) -> bytes:
        """What hides a text that was written in: the same for equal texts of a category."""
        return hmac.digest(self.secret, f"write-in\0{category_id}\0{text}".encode(), "sha256")[:16]

    def seal(self, choices: Mapping[str, Any]) -> bytes:
        """Encrypt what a voter chose, by category, until they confirm it."""
        return self._encrypted(json.dumps(choices).encode())

    def seal_padded(self, answers: Mapping[str, Any]) -> bytes:
        """Encrypt answers to a survey, with spaces up to a power of two: their length would tell which ones these are."""
        text = json.dumps(answers).encode()
        return self._encrypted(text.ljust(max(PADDED_TO, 1 << (len(text) - 1).bit_length())))

    def open(self, sealed: bytes) -> dict[str, Any]:
        """What a voter chose and has not confirmed. Raises PepperMissing where the pepper is another than it was."""
        try:
            choices: dict[str, Any] = json.loads(
                self._sealing.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
            )
        except InvalidTag:
            raise PepperMissing("The choices of a ballot cannot be read with the pepper that is there.") from None
        return choices

    def _encrypted(self, text: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, text, None)

    def participant_key(self, participant: str) -> bytes:
        """What stands for somebody who takes part in a survey: 128 bits, so that a link can carry it."""
        return hmac.digest(self.secret, b"participant\0" + participant.encode(), "sha256")[:16]

    @cached_property
    def _sealing(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret, b"choices", "sha256"))

    def hide_key(self, key: bytes) -> bytes:
        """A participant's key as a link carries it, 128 bits, too: whoever has the database finds it nowhere there."""
        encryptor = self._hiding.encryptor()
        return encryptor.update(key) + encryptor.finalize()

    def hidden_key(self, hidden: bytes) -> bytes:
        """The participant's key that a link carries."""
        decryptor = self._hiding.decryptor()
        return decryptor.update(hidden) + decryptor.finalize()

    @cached_property
    def _hiding(self) -> Cipher[modes.ECB]:
        """For one block that is random itself: no mode is wanted."""
        return Cipher(AES(hmac.digest(self.secret, b"link", "sha256")), modes.ECB())  # noqa: S305

    def mailbox_key(self, mailbox: str) -> bytes:
        """What stands for a mailbox that has addresses under several domains."""
        return hmac.digest(self.secret, b"mailbox\0" + mailbox.encode(), "sha256")

    def domain_name(self, domain: str) -> str:
        """What stands for a domain of addresses where a ballot keeps it."""
        return hmac.digest(self.secret, b"domain\0" + domain.encode(), "sha256").hex()[:24]

    def network_name(self, day: date, network: str) -> str:
        """What stands for a network on one day, and for nothing on the next."""
        return hmac.digest(self.secret, f"network\0{day}\0{network}".encode(), "sha256").hex()[:12]


def pepper(season: Season | Survey) -> Pepper:
    """Read the pepper of a season or a survey. Raises PepperMissing."""
    try:
        return Pepper(_pepper_path(season).read_bytes())
    except FileNotFoundError:
        raise PepperMissing(
            f"The pepper of the {season._meta.verbose_name} “{season.slug}” is missing: {_pepper_path(season)}. Bring it back from your "
            "backup; a new one would let everybody vote again."
        ) from None


def voter_key(season: Season, address: str) -> bytes:
    """What stands for a voter. Raises PepperMissing."""
    return pepper(season).voter_key(address)


def juror_key(season: Season, user_id: int) -> bytes:
    """What stands for a juror on ballots; no address is spelt so. Raises PepperMissing."""
    return voter_key(season, f"juror\0{user_id}")


def open_choices(pending: PendingBallot) -> dict[str, Any]:
    """What a voter chose and has not confirmed. Raises PepperMissing."""
    return pepper(pending.season).open(bytes(pending.sealed_choices))


def signing_key() -> Ed25519PrivateKey:
    """The key that signs tree heads; made on first use where none is configured."""
    if settings.LEDGER_SIGNING_KEY:
        return Ed25519PrivateKey.from_private_bytes(b64decode(settings.LEDGER_SIGNING_KEY))
    path = Path(settings.VAR) / "ledger_signing_key"
    write_once(path, secrets.token_bytes(KEY_BYTES))
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def public_key() -> str:
    """The key that signs here, in hex: what anybody who checks a ledger has to have from us."""
    return signing_key().public_key().public_bytes_raw().hex()


def witness(season: Season, head: dict[str, Any]) -> None:
    """Note a signed head beside the season's pepper, so that one the database loses or changes is missed."""
    path = witness_path(season)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a") as lines:
        lines.write(json.dumps(head) + "\n")


def witnessed(season: Season) -> list[dict[str, Any]]:
    """The heads that were signed by hosts with this folder, in about their order."""
    try:
        return [json.loads(line) for line in witness_path(season).read_text().splitlines()]
    except FileNotFoundError:
        return []


def witness_path(season: Season) -> Path:
    """Where the heads of a season are noted."""
    return _pepper_path(season).with_suffix(".heads")


def _pepper_path(season: Season | Survey) -> Path:
    return Path(settings.BALLOT_PEPPER_FOLDER, season.pepper_id.hex)
