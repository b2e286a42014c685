"""Colours as #rrggbb: how well one can be read on another, and a lighter one where it cannot."""

import re

READABLE = 4.5  # to 1: the least contrast of text (WCAG 2.2, 1.4.3)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_STEPS = 20


def is_colour(text: str) -> bool:
    return bool(_COLOUR.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    dark, light = sorted([_luminance(one), _luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def readable_on(ground: str, *candidates: str) -> str:
    """The first of some colours that can be read on a ground, or else the one that can be read best."""
    return next(
        (one for one in candidates if contrast(one, ground) >= READABLE),
        max(candidates, key=lambda one: contrast(one, ground)),
    )


def lightened(colour: str, *, ground: str) -> str:
    """The colour, mixed with as little white as it takes to be read on a dark ground."""
    mixes = (_mixed(colour, "#ffffff", step / _STEPS) for step in range(_STEPS + 1))
    return next((mix for mix in mixes if contrast(mix, ground) >= READABLE), "#ffffff")


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(colour: str) -> float:
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
