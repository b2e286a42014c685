"""Images for ads: of exactly the size sold, and encoded afresh so that nothing else travels with them."""

from io import BytesIO
from math import log
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from core.lib.pictures import eight_bits

MAX_BYTES = 4 * 1024 * 1024
LONGEST_SIDE = 8000  # pixels; of a larger image, decoding alone would take too much memory
FOCUSES = {
    f"{down} {across}".strip(): (f"{words_down} {words_across}".strip() or "middle", (x, y))
    for down, words_down, y in (("top", "top", 0.0), ("middle", "", 0.5), ("bottom", "bottom", 1.0))
    for across, words_across, x in (("left", "left", 0.0), ("centre", "", 0.5), ("right", "right", 1.0))
}  # what has to be seen of an image that is cut: its words, and its place from 0 to 1 across and down
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class CleanImage(ContentFile):
    """An image made by accept(), fresh or read back from storage."""


def accept(file: IO[bytes], sizes: list[tuple[int, int]], *, focus: str = "", max_bytes: int = MAX_BYTES) -> CleanImage:
    """Return a clean PNG or JPEG of an uploaded image. Raises ValidationError that says what is wrong with it.

    Width and height are exactly one of `sizes`, or exactly twice it in both (for dense screens). With a `focus` (FOCUSES),
    a larger image is cut to the shape of the nearest size around it, and made smaller; nothing is ever made larger.
    """
    data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValidationError(f"The image is larger than {max_bytes // 1024 // 1024} MB.")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            may_be_cut = bool(focus) and max(image.size) <= LONGEST_SIDE
            if not (
                may_be_cut or _fits(image.size, sizes) or _fits(image.size[::-1], sizes)
            ):  # before a pixel is decoded
                raise _wrong_size(image.size, sizes)
            if getattr(image, "n_frames", 1) > 1:
                raise ValidationError("This is an animation, and ads stand still. Send one picture of it.")
            upright = ImageOps.exif_transpose(image)
            if not _fits(upright.size, sizes):
                if not focus:
                    raise _wrong_size(upright.size, sizes)
                upright = _cut(upright, _nearest(upright.size, sizes), focus)
            return _encoded(eight_bits(upright), lossless=image.format in ("PNG", "GIF"))
    except UnidentifiedImageError:
        raise ValidationError("This is not an image we can read. Send a PNG, JPEG, WebP or GIF.") from None
    except Image.DecompressionBombError:
        raise ValidationError(
            "This image has far too many pixels. Save it in the size that is asked for, and send that."
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise ValidationError("This image is damaged. Save it again and send that.") from None


def _fits(size: tuple[int, ...], sizes: list[tuple[int, int]]) -> bool:
    return any(size in ((width, height), (2 * width, 2 * height)) for width, height in sizes)


def _nearest(size: tuple[int, int], sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """The size whose shape is the most like that of an image, doubled if there are pixels for it. Raises ValidationError."""
    width, height = size
    possible = [each for each in sizes if each[0] <= width and each[1] <= height]
    if not possible:
        wanted = " or ".join(f"{each[0]}×{each[1]}" for each in sizes)
        raise ValidationError(
            f"The image is {width}×{height} pixels, too small to be cut to {wanted}: it would be blurred. Send a larger one."
        )
    nearest = min(possible, key=lambda each: abs(log(each[0] / each[1]) - log(width / height)))
    twice = (2 * nearest[0], 2 * nearest[1])
    return twice if twice[0] <= width and twice[1] <= height else nearest


def _cut(image: Image.Image, size: tuple[int, int], focus: str) -> Image.Image:
    """As much of an image as has the shape of a size, with the focus in it, at that size."""
    plain = eight_bits(image)
    if plain.mode not in ("RGB", "RGBA", "L", "LA"):
        plain = plain.convert("RGBA" if "transparency" in plain.info or plain.mode == "PA" else "RGB")
    return ImageOps.fit(plain, size, Image.Resampling.LANCZOS, centering=FOCUSES[focus][1])


def _wrong_size(size: tuple[int, int], sizes: list[tuple[int, int]]) -> ValidationError:
    wanted = " or ".join(f"{width}×{height}" for width, height in sizes)
    return ValidationError(
        f"The image is {size[0]}×{size[1]} pixels. It must be exactly {wanted}, or exactly twice that."
    )


def _encoded(image: Image.Image, *, lossless: bool) -> CleanImage:
    """The pixels alone: no metadata, no colour profile, no second frame. PNG if it came lossless or transparent."""
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    pixels = image.convert("RGBA" if transparent else "RGB")
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    out = BytesIO()
    if transparent or lossless:
        clean.save(out, "PNG", optimize=True)
        return CleanImage(out.getvalue(), name="image.png")
    clean.save(out, "JPEG", quality=88, optimize=True, progressive=True)
    return CleanImage(out.getvalue(), name="image.jpg")
