"""How often passwords and codes may be tried, so that guessing is slow and nobody locks out anybody else.

Passwords are counted by where they come from: whoever guesses somebody's password from elsewhere does not stop them.
From all places together an account's password is tried a hundred times an hour at most, and even that does not stop a
browser that signed in to it before, which shows so by a signed cookie.
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
Limit = tuple[str, int, int]  # what is counted, how often it may be, in how many seconds


def take(*limits: Limit) -> bool:
    """Count an attempt; False where it is one too many: then it counts no further, so that it spends no other limit."""
    return all(ratelimit.allow(key, limit=limit, seconds=seconds) for key, limit, seconds in limits)


def give_back(*limits: Limit) -> None:
    """Count an attempt no more: it was right."""
    for key, _, seconds in limits:
        ratelimit.give_back(key, seconds=seconds)


def of_password(request: HttpRequest, email: str) -> list[Limit]:
    """For trying the password of an account."""
    email, source = email.lower(), _source(request)
    limits = [(f"password from {source}", 30, 60), (f"password of {email} from {source}", 5, 300)]
    return limits if is_known(request, email) else [*limits, (f"password of {email}", 100, 3600)]


def of_code(account: int) -> Limit:
    """For trying a code of a second factor, which only somebody who knows the password can."""
    return (f"second factor of {account}", 5, 300)


def of_old_password(account: int) -> Limit:
    """For trying the password while signed in, in order to change it."""
    return (f"old password of {account}", 5, 300)


def of_reset(request: HttpRequest) -> Limit:
    """For asking for links to new passwords."""
    return (f"reset from {_source(request)}", 20, 3600)


def _source(request: HttpRequest) -> str:
    return counted_as(client_address(request))


def is_known(request: HttpRequest, email: str) -> bool:
    """Whether this browser signed in to the account before."""
    seconds = int(KNOWN_FOR.total_seconds())
    return bool(request.get_signed_cookie(_cookie(email), default="", salt=KNOWN, max_age=seconds))


def remember(response: HttpResponseBase, email: str) -> None:
    """Let the browser show later on that it signed in to the account. It sends the cookie to the sign-in alone."""
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
