"""Images for ads: of exactly the size sold, and encoded afresh so that nothing else travels with them."""

from io import BytesIO
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from core.lib.pictures import eight_bits

MAX_BYTES = 4 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class CleanImage(ContentFile):
    """An image made by accept(), fresh or read back from storage."""


def accept(file: IO[bytes], sizes: list[tuple[int, int]], *, max_bytes: int = MAX_BYTES) -> CleanImage:
    """Return a clean PNG or JPEG of an uploaded image. Raises ValidationError that says what is wrong with it.

    Width and height are exactly one of `sizes`, or exactly twice it in both (for dense screens): nothing is scaled.
    """
    data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValidationError(f"The image is larger than {max_bytes // 1024 // 1024} MB.")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if not (_fits(image.size, sizes) or _fits(image.size[::-1], sizes)):  # before a pixel is decoded
                raise _wrong_size(image.size, sizes)
            if getattr(image, "n_frames", 1) > 1:
                raise ValidationError("This is an animation, and ads stand still. Send one picture of it.")
            upright = ImageOps.exif_transpose(image)
            if not _fits(upright.size, sizes):
                raise _wrong_size(upright.size, sizes)
            return _encoded(eight_bits(upright), lossless=image.format in ("PNG", "GIF"))
    except UnidentifiedImageError:
        raise ValidationError("This is not an image we can read. Send a PNG, JPEG, WebP or GIF.") from None
    except Image.DecompressionBombError:
        raise ValidationError("This image has far too many pixels.") from None
    except (OSError, SyntaxError, ValueError):
        raise ValidationError("This image is damaged. Save it again and send that.") from None


def _fits(size: tuple[int, ...], sizes: list[tuple[int, int]]) -> bool:
    return any(size in ((width, height), (2 * width, 2 * height)) for width, height in sizes)


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
