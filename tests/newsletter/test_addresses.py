"""Addresses are read by the library, which is asked once for a domain that many have."""

import pytest
from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.addresses import parse_address

LOCAL = st.text("abcXYZ019._+-'@ é", max_size=66)
DOMAIN = st.lists(
    st.sampled_from(["example", "Com", "org", "test", "localhost", "ü", "xn--a", "a-", "-b", "c", ""]), max_size=4
)


def by_the_library(text):
    try:
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        return None
    return found.ascii_email if "." in found.ascii_domain else None


@given(LOCAL, DOMAIN.map(".".join))
def test_an_address_is_what_the_library_makes_of_the_whole_of_it(local, domain):
    text = f"{local}@{domain}"
    try:
        email = parse_address(text).email
    except ValidationError:
        email = None
    assert email == by_the_library(text)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ada.Byron+list@Example.COM", "Ada.Byron+list@example.com"),
        ("ada@straße.example.org", "ada@xn--strae-oqa.example.org"),
        ("-ada_@example.org", "-ada_@example.org"),
    ],
)
def test_an_address_is_written_to_as_it_was_typed_its_domain_in_ascii(text, email):
    assert parse_address(text).email == email
    assert parse_address(text).canonical == email.lower()
