"""Limits on password and code attempts that slow guessing down without locking out the account's owner.

Attempts on a password count per network address, so guesses from elsewhere do not keep the owner out. An account also
has a limit of a hundred attempts an hour from all addresses together. It does not apply to browsers that have signed in
to the account before, which carry a signed cookie.
"""

from datetime import timedelta
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from core import ratelimit
from core.lib.forms import client_address
from core.lib.networks import counted_as

KNOWN = "core.sign_in.known"
KNOWN_FOR = timedelta(days=365)
Limit = tuple[str, int, int]  # key, number of attempts, seconds


def take(*limits: Limit) -> bool:
    """Count an attempt; False if it exceeds a limit, in which case it does not count towards the limits after that."""
    return all(ratelimit.allow(key, limit=limit, seconds=seconds) for key, limit, seconds in limits)


def give_back(*limits: Limit) -> None:
    """Uncount an attempt that turned out to be right."""
    for key, _, seconds in limits:
        ratelimit.give_back(key, seconds=seconds)


def of_password(request: HttpRequest, email: str) -> list[Limit]:
    """The limits on signing in to an account."""
    email, source = email.lower(), _source(request)
    limits = [(f"password from {source}", 30, 60), (f"password of {email} from {source}", 5, 300)]
    return limits if is_known(request, email) else [*limits, (f"password of {email}", 100, 3600)]


def of_code(account: int) -> Limit:
    """The limit on codes of the second factor, which are asked for only after the right password."""
    return (f"second factor of {account}", 5, 300)


def of_old_password(account: int) -> Limit:
    """The limit on entering the current password in order to change it."""
    return (f"old password of {account}", 5, 300)


def of_reset(request: HttpRequest) -> Limit:
    """The limit on requesting password resets."""
    return (f"reset from {_source(request)}", 20, 3600)


def _source(request: HttpRequest) -> str:
    return counted_as(client_address(request))


def is_known(request: HttpRequest, email: str) -> bool:
    """Whether this browser has signed in to the account before."""
    seconds = int(KNOWN_FOR.total_seconds())
    return bool(request.get_signed_cookie(_cookie(email), default="", salt=KNOWN, max_age=seconds))


def remember(response: HttpResponseBase, email: str) -> None:
    """Mark the browser as one that has signed in to the account; the cookie is sent to the sign-in pages only."""
    response.set_signed_cookie(
        _cookie(email),
        "1",
        salt=KNOWN,
        max_age=KNOWN_FOR,
        path=reverse("account_login").removesuffix("login/"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie(email: str) -> str:
    return f"known_{blake2b(email.lower().encode(), digest_size=8).hexdigest()}"
