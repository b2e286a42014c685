"""Addresses of videos and posts the site can embed, derived from players, short links and frames."""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from articles.embeds import embed_of

# Host, path, and the address of the page itself.
_FORMS = (
    (
        r"(?:www\.|m\.|music\.)?youtube(?:-nocookie)?\.com",
        r"/(?:embed|shorts|live|v)/([\w-]{11})",
        "https://www.youtube.com/watch?v={}",
    ),
    (r"youtu\.be", r"/([\w-]{11})", "https://www.youtube.com/watch?v={}"),
    (r"(?:www\.|player\.)?vimeo\.com", r"/(?:video/|channels/[\w-]+/)?(\d{5,12})", "https://vimeo.com/{}"),
    (r"(?:www\.|mobile\.)?(?:twitter|x)\.com", r"/(\w{1,15}/status)(?:es)?(/\d{5,25})", "https://x.com/{}{}"),
    (
        r"open\.spotify\.com",
        r"(?:/embed)?/((?:episode|show|track|playlist)/[A-Za-z0-9]{22})",
        "https://open.spotify.com/{}",
    ),
)
_FORMS_COMPILED = tuple((re.compile(host), re.compile(path), form) for host, path, form in _FORMS)


def embed_url(address: str) -> str | None:
    """The page of a video or post that the site can embed, from the address of its page, player or short link."""
    parts = _parts(address)
    if parts is None:
        return None
    host = (parts.hostname or "").lower()
    query = parse_qs(parts.query)
    if host.endswith("embedly.com"):
        return next(filter(None, (embed_url(unquote(v)) for key in ("url", "src") for v in query.get(key, ()))), None)
    plain = parts._replace(scheme="https").geturl()
    if "youtube" in host and parts.path == "/watch":
        plain = f"https://www.youtube.com/watch?v={query.get('v', [''])[0]}"
    for hosts, path, form in _FORMS_COMPILED:
        if hosts.fullmatch(host) and (match := path.match(parts.path)):
            plain = form.format(*match.groups())
    return plain if embed_of(plain) else None


def web_url(address: str) -> str | None:
    """An absolute http or https address, or None."""
    parts = _parts(address)
    return parts.geturl() if parts else None


def _parts(address: str) -> SplitResult | None:
    address = re.sub(r"[\s\x00-\x1f]", "", address)
    if address.startswith("//"):
        address = "https:" + address
    try:
        parts = urlsplit(address)
        valid = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if valid and parts.scheme in ("http", "https") and parts.hostname else None
