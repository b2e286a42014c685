"""Images: uploads are checked, re-encoded and stripped; templates get renditions and crops."""

import io
import re
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps, UnidentifiedImageError

from articles.models import ImageAsset

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 2400
OUR_PATH = re.compile(r"images/[0-9a-f]{2}/[0-9a-f]{20}(?:_\w{7})?\.webp")
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
WIDTHS = (480, 960, 1600)
CARD_SIZES = ((480, 270), (960, 540))
SOCIAL_SIZE = (1200, 630)
ENCODINGS: dict[str, dict[str, Any]] = {
    "avif": {"format": "AVIF", "quality": 58, "speed": 8},
    "webp": {"format": "WEBP", "quality": 82, "method": 4},
}

_one_at_a_time = threading.Lock()  # scaling 40 million pixels down takes half a gigabyte

JPEG = {"format": "JPEG", "quality": 86, "optimize": True}  # social sites do not all read WebP


def store_image(
    upload: IO[bytes] | bytes, *, name: str, alt: str = "", credit: str = "", path: str | None = None, by: Any = None
) -> ImageAsset:
    """Re-encode an upload and store it with its renditions. The same bytes are stored once.

    `path` is where it was in the newsroom that it was exported from; it is stored there again if that path is free.

    Raises ValidationError, with a text for the person uploading, if it is not an image that we accept.
    """
    content = upload if isinstance(upload, bytes) else _read(upload)
    if len(content) > MAX_BYTES:
        raise ValidationError(f"“{name}” is larger than {MAX_BYTES // 1024 // 1024} MB.")
    digest = sha256(content).hexdigest()
    if known := ImageAsset.objects.filter(digest=digest).first():
        return known
    with _one_at_a_time:
        picture = _opened(content, name)
        if not path or not OUR_PATH.fullmatch(path):
            path = _write(f"images/{digest[:2]}/{digest[:20]}.webp", picture, "webp", quality=88)
        elif _is_bare(content) and max(_size(content)) <= MAX_SIDE:
            path = default_storage.save(path, ContentFile(content))  # as it is: each encoding loses a little
        else:
            path = _write(path, picture, "webp", quality=88)
        renditions = _renditions(path, picture)
    made, _ = ImageAsset.objects.get_or_create(  # somebody else may just have uploaded the same
        digest=digest,
        defaults={
            "file": path, "name": name[-160:], "alt": alt[:400], "credit": credit[:200], "width": picture.width,
            "height": picture.height, "renditions": renditions, "uploaded_by": by,
        },
    )  # fmt: skip
    return made


def _is_bare(content: bytes) -> bool:
    """Whether this is a WebP as we write them, with one picture and nothing else: no EXIF, profile or trailing bytes."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or int.from_bytes(content[4:8], "little") + 8 != len(content):
        return False
    found, at = [], 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        found.append(content[at : at + 4])
        at += 8 + length + length % 2
    return at == len(content) and found in ([b"VP8 "], [b"VP8L"], [b"VP8X", b"ALPH", b"VP8 "], [b"VP8X", b"VP8L"])


def _size(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content), formats=("WEBP",)) as picture:
        return picture.size


def _read(upload: IO[bytes]) -> bytes:
    upload.seek(0)  # a form that is validated twice has read it before
    return upload.read(MAX_BYTES + 1)


def _opened(content: bytes, name: str) -> Image.Image:
    start = content[:1000].lstrip().lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        raise ValidationError(f"“{name}” is an SVG, which can carry scripts. Use PNG, JPEG, WebP or AVIF.")
    try:
        picture: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise ValidationError(
                f"“{name}” has {picture.width} × {picture.height} pixels; at most {MAX_PIXELS:,} fit."
            )
        picture.seek(0)
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except Image.DecompressionBombError:
        raise ValidationError(f"“{name}” has too many pixels; at most {MAX_PIXELS:,} fit.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise ValidationError(f"“{name}” is not an image we can read. Use PNG, JPEG, WebP or AVIF.") from None
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would clip instead of scaling
        picture = picture.point(lambda value: value / 256).convert("L")
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    picture = picture.convert("RGBA" if transparent else "RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return picture


def _renditions(path: str, picture: Image.Image) -> list[dict[str, Any]]:
    """Write smaller copies in every encoding, and a full-size one in those that the stored file is not in."""
    stem, full = path.removesuffix(".webp"), picture.width
    wanted = [(width, kind) for width in WIDTHS if width < full for kind in ENCODINGS]
    wanted += [(full, kind) for kind in ENCODINGS if kind != "webp"]
    copies = {width: _scaled(picture, width) for width, _ in wanted}

    def written(rendition: tuple[int, str]) -> dict[str, Any]:
        width, kind = rendition
        return {"type": f"image/{kind}", "width": width, "src": _write(f"{stem}-{width}.{kind}", copies[width], kind)}

    with ThreadPoolExecutor() as pool:  # encoders release the GIL, so this uses all cores
        return list(pool.map(written, wanted))


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    height = max(1, round(picture.height * width / picture.width))
    return picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)


def _write(path: str, picture: Image.Image, kind: str, **options: Any) -> str:
    out = io.BytesIO()
    # A new image carries pixels only: EXIF, colour profiles and comments stay behind.
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    bare.save(out, **(ENCODINGS | {"jpg": JPEG})[kind] | options)
    return default_storage.save(path, ContentFile(out.getvalue()))


def assets_of(sources: Iterable[str | None]) -> dict[str, ImageAsset]:
    """Our images among some sources, in one query."""
    ours = {source for source in sources if source and not source.startswith("http")}
    return {asset.file: asset for asset in ImageAsset.objects.filter(file__in=ours)} if ours else {}


def picture_of(entry: Mapping[str, Any], assets: dict[str, ImageAsset]) -> dict[str, Any]:
    """The context of components/picture.html for an image in a document; `missing` if it is not one of ours."""
    asset = assets.get(entry["src"])
    extras: dict[str, Any] = {name: entry[name] for name in ("caption", "credit") if name in entry}
    if not asset:
        return {"src": entry["src"], "alt": entry.get("alt", ""), "missing": True, **extras}
    sources = []
    for kind in ("image/avif", "image/webp"):
        sizes = [f"{default_storage.url(r['src'])} {r['width']}w" for r in asset.renditions if r["type"] == kind]
        if kind == "image/webp":
            sizes.append(f"{asset.url} {asset.width}w")
        if sizes:
            sources.append({"type": kind, "srcset": ", ".join(sizes)})
    return {
        "src": asset.url,
        "alt": entry.get("alt") or asset.alt,
        "width": asset.width,
        "height": asset.height,
        "sources": sources if asset.renditions else [],
        **({"credit": asset.credit} if asset.credit else {}),
        **extras,
    }


def cut_card(entry: Mapping[str, Any], asset: ImageAsset) -> dict[str, Any]:
    """Cut an image for cards, its focal point in view; return the context of components/picture.html."""
    cuts = {kind: [(_crop(asset, entry.get("focal"), size, kind), size) for size in CARD_SIZES] for kind in ENCODINGS}
    sources = [
        {
            "type": f"image/{kind}",
            "srcset": ", ".join(f"{default_storage.url(path)} {size[0]}w" for path, size in made),
        }
        for kind, made in cuts.items()
    ]
    path, (width, height) = cuts["webp"][-1]
    return {
        "src": default_storage.url(path),
        "alt": entry.get("alt") or asset.alt,
        "width": width,
        "height": height,
        "sources": sources,
    }


def cut_social(entry: Mapping[str, Any], asset: ImageAsset) -> str:
    """Cut an image to the size that social sites show; return its path."""
    return _crop(asset, entry.get("focal"), SOCIAL_SIZE, "jpg")


def _crop(asset: ImageAsset, focal: list[float] | None, size: tuple[int, int], kind: str) -> str:
    """The path of a crop, made if it does not exist; a rendition if nothing needs to be cut off."""
    if asset.width * size[1] == asset.height * size[0]:
        for rendition in asset.renditions:
            if rendition["type"] == f"image/{kind}" and rendition["width"] == size[0]:
                return str(rendition["src"])
    x, y = focal or (asset.focal_x, asset.focal_y)
    stem = asset.file.removesuffix(".webp")
    path = f"{stem}-{size[0]}x{size[1]}-{round(x * 100)}-{round(y * 100)}.{kind}"
    if not default_storage.exists(path):
        with default_storage.open(asset.file) as file:
            cut = ImageOps.fit(Image.open(file), size, Image.Resampling.LANCZOS, centering=(x, y))
        path = _write(path, cut, kind)
    return path
