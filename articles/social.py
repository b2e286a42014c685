"""The social picture of an article without a cover: its title in the site's colours."""

import io
import textwrap
from hashlib import sha256

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
NIGHT, MOON, BONE, MIST = "#10192e", "#f2b632", "#f7f4ec", "#aab4c8"
FONTS = settings.BASE_DIR / "static" / "fonts"


def title_image(title: str, *, site: str, section: str = "") -> str:
    """The path of the picture for a title, drawn if it does not exist yet."""
    digest = sha256(f"1|{title}|{site}|{section}".encode()).hexdigest()[:20]
    path = f"images/social/{digest}.png"
    if default_storage.exists(path):
        return path
    picture = Image.new("RGB", SIZE, NIGHT)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 10), fill=MOON)
    draw.ellipse((1010, -190, 1390, 190), outline=MOON, width=3)
    draw.ellipse((986, 96, 1018, 128), fill=MOON)
    small = ImageFont.truetype(str(FONTS / "hanken-grotesk-core.woff2"), 34)
    draw.text((80, 80), section, font=small, fill=MOON)
    size, lines = _fitted(title)
    large = ImageFont.truetype(str(FONTS / "newsreader-core.woff2"), size)
    draw.multiline_text((80, 160), "\n".join(lines), font=large, fill=BONE, spacing=size // 6)
    draw.text((80, 540), site, font=small, fill=MIST)
    out = io.BytesIO()
    # A few flat colours: with a palette, the file has a third of the size and is written much faster.
    flat = picture.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat.save(out, "PNG")
    return default_storage.save(path, ContentFile(out.getvalue()))


def _fitted(title: str) -> tuple[int, list[str]]:
    """The largest size at which the title fits, and its lines."""
    for size, columns, most in ((88, 24, 3), (72, 30, 4), (58, 38, 5)):
        lines = textwrap.wrap(title, columns)
        if len(lines) <= most:
            return size, lines
    return 48, textwrap.wrap(title, 46, max_lines=6, placeholder=" …")
