"""Pictures of nominees: for social sites, for those who ask for votes, and the winners' badges."""

import io
import textwrap

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from surveys.models import Nominee

SIZES = {"wide": (1200, 630), "square": (1080, 1080), "tall": (1080, 1350)}
BADGE = (600, 600)
BADGE_NAME = ((64, 12, 2), (48, 17, 3), (36, 22, 4))  # size, letters a line, lines
BADGE_ABOUT = (30, 3)
NIGHT, MOON, BONE, MIST = "#10192e", "#f2b632", "#f7f4ec", "#aab4c8"
FONTS = settings.BASE_DIR / "static" / "fonts"
LOGO = 220  # pixels


def card(nominee: Nominee, *, size: str, lead: str, about: str, site: str) -> bytes:
    """A PNG with a nominee's name, and the logo where there is one. `lead` stands above, `about` below it."""
    width, height = SIZES[size]
    picture, draw = _night((width, height))
    top = 80
    draw.text((80, top), lead, font=_sans(44), fill=MOON)
    if logo := _logo(nominee):
        picture.paste(logo, (width - 80 - logo.width, top), logo)
        top += max(logo.height - 100, 0) if size != "wide" else 0
    _name(draw, nominee.name, (80, top + 100), width - 160 - (LOGO if nominee.image and size == "wide" else 0))
    lines = wrapped(about, (width - 160) // 19, 2)
    draw.multiline_text((80, height - 190), "\n".join(lines), font=_sans(38), fill=BONE, spacing=8)
    draw.text((80, height - 80), site, font=_sans(30), fill=MIST)
    return _png(picture)


def titled(title: str, *, lead: str, about: str, site: str) -> bytes:
    """A PNG with a title, for social sites."""
    width, height = SIZES["wide"]
    picture, draw = _night((width, height))
    draw.text((80, 80), lead, font=_sans(44), fill=MOON)
    _name(draw, title, (80, 180), width - 160)
    draw.text((80, height - 150), about, font=_sans(38), fill=BONE)
    draw.text((80, height - 80), site, font=_sans(30), fill=MIST)
    return _png(picture)


def badge(nominee: Nominee, *, lead: str, about: str, site: str) -> bytes:
    """A winner's badge as a PNG."""
    width, height = BADGE
    picture, draw = _night(BADGE)
    draw.ellipse((24, 24, width - 24, height - 24), outline=MOON, width=6)
    draw.ellipse((width // 2 - 26, 60, width // 2 + 26, 112), fill=MOON)
    _centred(draw, lead, 150, _sans(40), MOON)
    size, lines = fitted(nominee.name, BADGE_NAME)
    top = 235 - 10 * len(lines)
    for number, line in enumerate(lines):
        _centred(draw, line, top + number * int(size * 1.2), _serif(size), BONE)
    for number, line in enumerate(wrapped(about, *BADGE_ABOUT)):
        _centred(draw, line, 400 + number * 34, _sans(26), BONE)
    _centred(draw, site, 515, _sans(24), MIST)
    return _png(picture)


def _night(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", size, NIGHT)
    draw = ImageDraw.Draw(picture)
    return picture, draw


def _name(draw: ImageDraw.ImageDraw, name: str, at: tuple[int, int], width: int) -> None:
    size, lines = fitted(
        name, tuple((size, int(width / size * 2.1), most) for size, most in ((120, 2), (88, 3), (64, 4)))
    )
    draw.multiline_text(at, "\n".join(lines), font=_serif(size), fill=BONE, spacing=size // 8)


def fitted(text: str, choices: tuple[tuple[int, int, int], ...]) -> tuple[int, list[str]]:
    """The largest size (with its columns and most lines) at which the words fit, and their lines."""
    for size, columns, most in choices:
        lines = textwrap.wrap(text, columns)
        if len(lines) <= most:
            return size, lines
    size, columns, most = choices[-1]
    return size, wrapped(text, columns, most)


def wrapped(text: str, columns: int, most: int) -> list[str]:
    return textwrap.wrap(text, columns, max_lines=most, placeholder=" …")


def _centred(draw: ImageDraw.ImageDraw, text: str, top: int, font: ImageFont.FreeTypeFont, fill: str) -> None:
    draw.text((BADGE[0] // 2, top), text, font=font, fill=fill, anchor="ma")


def _logo(nominee: Nominee) -> Image.Image | None:
    """The logo within its bounds; None where there is none that can be read."""
    if not nominee.image:
        return None
    try:
        with nominee.image.open("rb") as file, Image.open(file, formats=["PNG", "JPEG", "WEBP", "GIF"]) as picture:
            picture.thumbnail((LOGO, LOGO))
            return picture.convert("RGBA")
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _sans(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "hanken-grotesk-core.woff2"), size)


def _serif(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "newsreader-core.woff2"), size)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    if picture.getcolors(256) is None:
        picture = picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    picture.save(out, "PNG")
    return out.getvalue()
