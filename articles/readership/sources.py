"""Where a reader came from, in few words: the host of the page that led here, the campaign that a link names."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from core.lib.text import one_line, storable

OWN = "own pages"  # no host is called so
TAGS = ("utm_source", "utm_medium", "utm_campaign")
TAG_LENGTH = 60
HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


@lru_cache(4096)
def source_of(referrer: str, own_host: str) -> str:
    """The host of an address without its www; OWN for our own, empty where there is none or it is not a host's name."""
    try:
        host = (urlsplit(referrer.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host in (own_host.lower(), urlsplit(settings.SITE_URL).hostname):
        return OWN
    host = host.removeprefix("www.")
    return host if HOST.fullmatch(host) and len(host) <= 100 else ""


def campaign_of(query: str) -> str:
    """What a link says of its campaign, as "newsletter / email / may"; empty where it says nothing."""
    if "utm_" not in query:
        return ""
    said = dict(parse_qsl(query, errors="replace", max_num_fields=None))
    parts = (one_line(storable(said.get(tag, ""))).lower()[:TAG_LENGTH].strip() for tag in TAGS)
    return " / ".join(part for part in parts if part)
