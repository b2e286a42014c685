"""The sites whose players may be embedded, and how a pasted address becomes a player that loads after a click."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """A site whose players may be embedded: the pattern of its addresses, and the player's address made from one."""

    name: str
    pattern: re.Pattern[str]
    player: str
    origin: str
    start: str = ""  # what names the second to start at in the player's address


@dataclass(frozen=True, slots=True)
class Embed:
    """One player: the site's name, the page to open without JavaScript, the frame to load after a click."""

    provider: str
    url: str
    embed_url: str


PROVIDERS = (
    Provider(
        "YouTube",
        re.compile(
            r"https://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/|embed/)|youtu\.be/)"
            r"(?P<id>[\w-]{11})(?:[?&#].*)?"
        ),
        "https://www.youtube-nocookie.com/embed/{id}",
        "https://www.youtube-nocookie.com",
        "?start={seconds}",
    ),
    Provider(
        "Vimeo",
        re.compile(r"https://(?:www\.)?(?:player\.)?vimeo\.com/(?:video/)?(?P<id>\d{5,12})(?:[?#].*)?"),
        "https://player.vimeo.com/video/{id}?dnt=1",
        "https://player.vimeo.com",
        "#t={seconds}s",
    ),
    Provider(
        "X",
        re.compile(r"https://(?:www\.|mobile\.)?(?:twitter|x)\.com/\w{1,15}/status/(?P<id>\d{5,25})(?:[?#].*)?"),
        "https://platform.twitter.com/embed/Tweet.html?dnt=true&id={id}",
        "https://platform.twitter.com",
    ),
    Provider(
        "Spotify",
        re.compile(r"https://open\.spotify\.com/(?P<id>(?:episode|show|track|playlist)/[A-Za-z0-9]{22})(?:[?#].*)?"),
        "https://open.spotify.com/embed/{id}",
        "https://open.spotify.com",
    ),
    Provider(
        "Dune",
        re.compile(r"https://dune\.com/(?:embeds|queries)/(?P<id>\d{1,12}/\d{1,12})/?(?:[?#].*)?"),
        "https://dune.com/embeds/{id}",
        "https://dune.com",
    ),
)
_START = re.compile(
    r"[?&#](?:t|start|time_continue)=(?:(?P<h>\d{1,3})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6})s?)?(?=[&#]|$)"
)
FRAME_ORIGINS = sorted({provider.origin for provider in PROVIDERS})


def embed_of(url: str) -> Embed | None:
    """The player for a pasted address, None if it is not of a listed site."""
    for provider in PROVIDERS:
        if match := provider.pattern.fullmatch(url.strip()):
            player = provider.player.format(id=match["id"])
            seconds = _start_of(url.strip()) if provider.start else 0
            return Embed(
                provider.name, url.strip(), player + (provider.start.format(seconds=seconds) if seconds else "")
            )
    return None


def _start_of(url: str) -> int:
    """The second at which a shared address starts: t=90, t=90s, t=1h2m3s, start=90."""
    found = _START.search(url)
    if not found:
        return 0
    hours, minutes, seconds = (int(found[name] or 0) for name in "hms")
    return hours * 3600 + minutes * 60 + seconds
