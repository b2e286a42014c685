"""What businesses are known by: countries (ISO 3166), VAT ids, bank accounts. Each is checked for its form, asked of nobody."""

from django.core.exceptions import ValidationError
from django_countries import countries as iso_countries
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as BadNumber

# Members of the EU by ISO code. Northern Ireland (XI) is treated as one for goods only, and ads are a service.
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
GREECE = {"EL": "GR"}  # VAT ids have a code of their own for it


def countries() -> list[tuple[str, str]]:
    """Codes and English names, by name."""
    return [(each.code, each.name) for each in iso_countries]


def country_name(code: str) -> str:
    return str(iso_countries.name(code))


def known_country(code: str) -> None:
    """Raises ValidationError for what is no country's code."""
    if code not in iso_countries.countries:
        raise ValidationError("This is no code of a country, such as DE.")


def vat_id(text: str) -> str:
    """An EU VAT id as it is printed: its country, then its number. Raises ValidationError."""
    try:
        return str(vat.validate(text))
    except BadNumber:
        raise ValidationError(
            "This is no VAT id of the EU. It starts with its country, such as DE136695976, and its check digit must be right."
        ) from None


def country_of_vat_id(number: str) -> str:
    """The ISO code of the country that gave a VAT id."""
    return GREECE.get(number[:2], number[:2])


def iban(text: str) -> str:
    """A bank account, without spaces. Raises ValidationError."""
    try:
        return str(ibans.validate(text))
    except BadNumber:
        raise ValidationError("This is no IBAN: one of its characters is wrong or missing.") from None


def bic(text: str) -> str:
    """A bank's code. Raises ValidationError."""
    try:
        return str(bics.validate(text))
    except BadNumber:
        raise ValidationError("This is no BIC, which has 8 or 11 characters.") from None
