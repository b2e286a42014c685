"""E-mail addresses: those we can write to, and the canonical form by which two are found to be the same."""

import re
from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

# Before the @, what nearly all addresses have there and every server takes. Anything else is read by the library alone.
_PLAIN = re.compile(r"(?P<local>[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@(?P<domain>[A-Za-z0-9.-]+)", re.ASCII)
_PLAIN_LENGTH = 64  # characters; so short, no limit of a whole address or of its parts is met


@dataclass(frozen=True, slots=True)
class Address:
    """`email` is what mail is sent to (ASCII); `canonical` is the same for every spelling of one address."""

    email: str
    canonical: str


def parse_address(text: str) -> Address:
    """Parse an address that somebody typed, without asking DNS. Raises ValidationError with words for them.

    Addresses with letters outside ASCII before the @ need servers that few have, and are refused; a domain with such
    letters is written in its ASCII form.
    """
    text = text.strip()
    if not text:
        raise ValidationError("Enter your e-mail address.", code="required")
    try:
        email = _email_in(text)
    except EmailNotValidError as error:
        raise ValidationError(
            "This is not an e-mail address we can write to. It should look like name@example.com. (%(why)s)",
            code="invalid",
            params={"why": str(error)},
        ) from None
    return Address(email=email, canonical=email.lower())


def _email_in(text: str) -> str:
    """The address as it is written to. Raises EmailNotValidError."""
    if len(text) <= _PLAIN_LENGTH and (plain := _PLAIN.fullmatch(text)):
        return f"{plain['local']}@{_domain_in(plain['domain'])}"
    return _read(text)


@lru_cache(4096)
def _domain_in(domain: str) -> str:
    """The domain as addresses have it: votes, sign-ups and imports come by the thousand, and nearly all from few domains."""
    return _read(f"anybody@{domain}").rpartition("@")[2]


def _read(text: str) -> str:
    # Names under .test lead nowhere, so there is no harm in taking them where the product is tried out: but names
    # under it, and not the top level alone. `strict` holds the 64 octets before the @ (RFC 5321, 4.5.3.1.1).
    found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True)
    if "." not in found.ascii_domain:
        raise EmailSyntaxError("The part after the @-sign is not valid. It should have a period.")
    return found.ascii_email or found.normalized
