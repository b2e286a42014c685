"""E-mail addresses: those we can write to, and the canonical form by which two are found to be the same."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email


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
        # Names under .test lead nowhere, so there is no harm in taking them where the product is tried out.
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationError(
            "This is not an e-mail address we can write to. It should look like name@example.com. (%(why)s)",
            code="invalid",
            params={"why": str(error)},
        ) from None
    email = found.ascii_email or found.normalized
    return Address(email=email, canonical=email.lower())
