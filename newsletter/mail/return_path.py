"""The return path of a delivery: the address that its bounces come back to, signed, one for each delivery (VERP).

It is the site's BOUNCE_ADDRESS with a signed token of core.lib.signing after a plus sign. The token is written in base32
here, since some mail servers change the case of what stands before the @.
"""

import re
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from django.conf import settings

from core.lib.mail import ascii_address
from core.lib.signing import BadToken, read_token, signer

PURPOSE = "return path"


def address_for(delivery_id: int, sender: str = "") -> str:
    """The envelope sender of a delivery; where bounces have no address of their own, the sender that readers see."""
    return addresses(sender)(delivery_id)


def addresses(sender: str = "") -> Callable[[int], str]:
    """As `address_for`, for many deliveries."""
    if not settings.BOUNCE_ADDRESS:
        same = ascii_address(sender or str(settings.DEFAULT_FROM_EMAIL))
        return lambda delivery_id: same
    name, _, host = settings.BOUNCE_ADDRESS.partition("@")
    sign = signer(PURPOSE)
    return lambda delivery_id: f"{name}+{_in_base32(sign(delivery_id))}@{host}"


def _in_base32(token: bytes) -> str:
    raw = urlsafe_b64decode(token + b"=" * (-len(token) % 4))
    return b32encode(raw).decode().rstrip("=").lower()


def tokens_in(text: str) -> list[str]:
    """What follows the plus sign in each return path of ours that a text names, signed by us or not."""
    if not settings.BOUNCE_ADDRESS:
        return []
    name, _, host = settings.BOUNCE_ADDRESS.partition("@")
    found = re.findall(rf"(?<![\w.+-]){re.escape(name)}\+([\w.=-]+)@{re.escape(host)}\b", text, re.IGNORECASE)
    return [str(token) for token in found]


def delivery_of(token: str) -> int:
    """The delivery that a token names. Raises BadToken where it was not made here."""
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        raise BadToken("This return path is not complete.") from None
    values = read_token(PURPOSE, urlsafe_b64encode(raw).decode().rstrip("="))
    if len(values) != 1:
        raise BadToken("This return path names no delivery.")
    return values[0]
