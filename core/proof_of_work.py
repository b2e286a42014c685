"""Proof of work for public forms: challenges that a browser solves by computing, proofs that count once, and when they are wanted.

A challenge is ALTCHA's: a key has to be derived until it begins with a zero byte, which takes a browser about a second and us
one derivation to check. It is signed for one purpose and kept nowhere; of a proof, a digest is kept until it expires. Who
asks for proofs has the columns of `ProofRule` in a model of its own.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core import ratelimit

ALGORITHM = "PBKDF2/SHA-256"
COST = 2_000  # iterations for one key; 256 keys have to be derived on average
GOOD_FOR = timedelta(minutes=10)
WANTED_FOR = timedelta(minutes=30)  # after the last minute in which too many asked
LONGEST = 2_000  # characters of a proof; one has about 600


def challenge(purpose: str) -> dict[str, Any]:
    """A new challenge, as JSON for the browser."""
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        expires_at=int(time.time() + GOOD_FOR.total_seconds()),
        data={"for": purpose},
        hmac_secret=_secret(),
    )
    return made.to_dict()


def spend(purpose: str, proof: str) -> bool:
    """Whether a proof solves a challenge that was made for this purpose and counts for the first time."""
    if not proof or len(proof) > LONGEST:
        return False
    try:
        payload = altcha.Payload.from_base64(proof)
        holds = altcha.verify_solution(payload, _secret()).verified
    except Exception:  # noqa: BLE001 (what a stranger wrote can break the reading of it in any way)
        return False
    parameters = payload.challenge.parameters
    if not holds or parameters.data != {"for": purpose}:
        return False
    until = datetime.fromtimestamp(parameters.expires_at or 0, tz=UTC)
    return ratelimit.is_first(f"proof:{parameters.nonce}", until=until)


def _secret() -> bytes:
    return salted_hmac("core.proof_of_work", "challenge", algorithm="sha256").digest()


class ProofRule(models.Model):
    """When proof of work is wanted; a model of one row that derives from this says for what."""

    class When(models.TextChoices):
        NEVER = "never", "Never"
        BUSY = "busy", "While too many ask at once"
        ALWAYS = "always", "Always"

    proof_when = models.CharField("proof of work", max_length=6, choices=When, default=When.BUSY)
    proof_threshold = models.PositiveSmallIntegerField("too many a minute", default=60)
    proof_until = models.DateTimeField("wanted until", null=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(proof_when__in=["never", "busy", "always"]), name="%(class)s_proof_when_known"
            )
        ]

    def wants_proof(self, number: int = 1) -> bool:
        """Count so many who ask; whether a proof is wanted of them."""
        events = self.events(number)
        return self.wants_proof_after(ratelimit.count_all(events)[-1] if events else 0)

    def events(self, number: int) -> list[tuple[str, int]]:
        """What of so many who ask is to be counted (core.ratelimit), for `wants_proof_after`; nothing where it is all one."""
        return [(f"proof:{self._meta.label}", 60)] * number if self.proof_when == self.When.BUSY else []

    def wants_proof_after(self, asked: int) -> bool:
        """Whether a proof is wanted of somebody, with whom so many asked this minute."""
        if self.proof_when != self.When.BUSY:
            return self.proof_when == self.When.ALWAYS
        if asked > self.proof_threshold:
            self._want_until(timezone.now() + WANTED_FOR)
        return self.is_busy

    @property
    def wants_proof_now(self) -> bool:
        return self.proof_when == self.When.ALWAYS or (self.proof_when == self.When.BUSY and self.is_busy)

    @property
    def is_busy(self) -> bool:
        """Whether so many asked lately that proofs are wanted."""
        return self.proof_until is not None and self.proof_until > timezone.now()

    def _want_until(self, until: datetime) -> None:
        """Want proofs until then, written down at most once a minute."""
        if self.proof_until is None or self.proof_until < until - timedelta(minutes=1):
            self.proof_until = until
            type(self)._default_manager.update_or_create(pk=1, defaults={"proof_until": until})
