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
    ),
    Provider(
        "Vimeo",
        re.compile(r"https://(?:www\.)?(?:player\.)?vimeo\.com/(?:video/)?(?P<id>\d{5,12})(?:[?#].*)?"),
        "https://player.vimeo.com/video/{id}?dnt=1",
        "https://player.vimeo.com",
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
FRAME_ORIGINS = sorted({provider.origin for provider in PROVIDERS})


def embed_of(url: str) -> Embed | None:
    """The player for a pasted address, None if it is not of a listed site."""
    for provider in PROVIDERS:
        if match := provider.pattern.fullmatch(url.strip()):
            return Embed(provider.name, url.strip(), provider.player.format(id=match["id"]))
    return None
