"""Domains as staff list them, the disposable ones, and the host of a page that embeds a form."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from disposable_email_domains import blocklist
from django.core.exceptions import ValidationError

from core.lib.networks import ascii_host

_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*(:\d{{1,5}})?")
LONGEST = 253


@lru_cache(maxsize=64)
def listed(text: str) -> tuple[str, ...]:
    """The domains in a list of one a line."""
    return tuple(found for line in text.splitlines() if (found := _ascii(line.strip())))


def check_list(text: str) -> None:
    """Raise ValidationError where a line of a list is no domain."""
    for line in text.splitlines():
        if line.strip() and not _is_host(_ascii(line.strip())):
            raise ValidationError(
                "“%(line)s” is not a domain. Write one a line, such as example.com.", params={"line": line}
            )


def is_disposable(domain: str, *, further: str = "", trusted: str = "") -> bool:
    """Whether a domain, or one above it, is listed as giving out addresses to be thrown away."""
    above = [*_above(domain)]
    if _has(listed(trusted), above):
        return False
    return _has(blocklist, above) or _has(listed(further), above)


def host_of(url: str) -> str:
    """The host in a page's address, in its ASCII form; "" if it has none that could be."""
    try:
        host = _ascii(urlsplit(url).hostname or "")
    except ValueError:
        return ""
    return host if _is_host(host) and "*" not in host else ""


def _above(domain: str) -> Iterator[str]:
    """A domain and those above it, but for the top level."""
    labels = domain.lower().split(".")
    return (".".join(labels[start:]) for start in range(len(labels) - 1))


def _has(known: Collection[str], domains: list[str]) -> bool:
    return any(domain in known for domain in domains)


def _is_host(text: str) -> bool:
    return len(text) <= LONGEST and _HOST.fullmatch(text) is not None


def _ascii(host: str) -> str:
    try:
        return ascii_host(host)
    except ValueError:
        return host.lower()
