"""Previews of an ad where it will really stand: those who render pages and mails put themselves in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sponsors.placements import Placement


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole page or mail with the ad in it; `text` is the plain-text part of a mail."""

    html: str
    text: str = ""


Previewer = Callable[[str, "Placement"], Preview]
_previewers: dict[str, Previewer] = {}


def register(channels: str, previewer: Previewer) -> None:
    """Let it render previews of a channel, or of all whose names begin so, such as "mail:"."""
    _previewers[channels] = previewer


def text(channel: str, placement: "Placement") -> str:
    """The plain-text part of a mail with the ad in it; of a page, empty."""
    found = preview(channel, placement) if channel.startswith("mail:") else None
    return found.text if found else ""


def preview(channel: str, placement: "Placement") -> Preview | None:
    """An ad on a channel; None where nobody renders one."""
    found = [name for name in _previewers if channel == name or (name.endswith(":") and channel.startswith(name))]
    return _previewers[found[0]](channel, placement) if found else None
