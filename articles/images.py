"""Images: uploads are checked, re-encoded and stripped; templates get renditions and crops."""

import io
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from hashlib import sha256
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image, ImageOps

from articles.models import ImageAsset
from core.lib.pictures import ENCODINGS, MAX_SIDE, Copy, Prepared, Refused, encode, prepared

MAX_BYTES = 25 * 1024 * 1024
OUR_PATH = re.compile(r"images/[0-9a-f]{2}/[0-9a-f]{20}(?:_\w{7})?\.webp")
CARD_SIZES = ((480, 270), (960, 540))
SOCIAL_SIZE = (1200, 630)


def store_image(
    upload: IO[bytes] | bytes,
    *,
    name: str,
    alt: str = "",
    credit: str = "",
    path: str | None = None,
    by: Any = None,
    whole: bool = True,
    picture: Callable[[], Prepared] | None = None,
) -> ImageAsset:
    """Re-encode an upload and store it with its renditions. The same bytes are stored once.

    `path` is where it was in the newsroom that it was exported from; it is stored there again if that path is free.
    One that is not to be `whole` gets its renditions from a worker (articles.renditions): of many, that saves most of the time.
    `picture` gives it as `prepared` did elsewhere, from the same bytes.

    Raises ValidationError, with a text for the person uploading, if it is not an image that we accept.
    """
    content = read(upload, name)
    digest = sha256(content).hexdigest()
    if known := ImageAsset.objects.filter(digest=digest).first():
        return known
    files = store_files(
        content, digest=digest, name=name, path=path, picture=picture or partial(prepared, content, whole=whole)
    )
    made, _ = ImageAsset.objects.get_or_create(  # somebody else may just have uploaded the same
        digest=digest,
        defaults={"name": name[-160:], "alt": alt[:400], "credit": credit[:200], "uploaded_by": by, **files},
    )
    return made


def read(upload: IO[bytes] | bytes, name: str) -> bytes:
    """The bytes of an upload. Raises ValidationError."""
    content = upload if isinstance(upload, bytes) else _read(upload)
    if len(content) > MAX_BYTES:
        raise ValidationError(f"“{name}” is larger than {MAX_BYTES // 1024 // 1024} MB.")
    return content


def store_files(
    content: bytes, *, digest: str, name: str, path: str | None = None, picture: Callable[[], Prepared] | None = None
) -> dict[str, Any]:
    """Store an upload and its renditions; the columns that say where and what they are. Raises ValidationError."""
    try:
        made = picture() if picture else prepared(content)
    except Refused as error:
        raise ValidationError(f"“{name}” {error}") from None
    is_ours = bool(path and OUR_PATH.fullmatch(path))
    if not (is_ours and _is_bare(content) and max(_size(content)) <= MAX_SIDE):
        content = made.main.content  # else as it is: each encoding loses a little
    stored = path if path and is_ours else f"images/{digest[:2]}/{digest[:20]}.webp"
    stored = default_storage.save(stored, ContentFile(content))
    renditions = [written(stored, copy) for copy in made.others]
    sizes = {"width": made.width, "height": made.height}
    return {"file": stored, **sizes, "renditions": renditions, "renditions_due": not made.whole}


def delete_files(paths: Iterable[str]) -> None:
    """Delete the files of pictures, and the crops that were made of them."""
    for path in paths:
        default_storage.delete(path)
        if not OUR_PATH.fullmatch(path):
            continue  # a rendition
        folder, _, name = path.rpartition("/")
        stem = name.removesuffix(".webp")
        for other in _names_in(folder):
            if other.startswith(f"{stem}-"):
                default_storage.delete(f"{folder}/{other}")


def _names_in(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


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


def written(path: str, copy: Copy, *, anew: bool = False) -> dict[str, Any]:
    """Store a copy of a picture and describe it as a rendition; `anew` in the place of one that was left half done."""
    stem = path.removesuffix(".webp")
    name = f"{stem}-still.webp" if copy.still else f"{stem}-{copy.width}.{copy.kind}"
    if anew:
        default_storage.delete(name)
    stored = default_storage.save(name, ContentFile(copy.content))
    still = {"still": True} if copy.still else {}
    return {"type": f"image/{copy.kind}", "width": copy.width, "src": stored, **still}


def assets_of(sources: Iterable[str | None]) -> dict[str, ImageAsset]:
    """Our images among some sources, in one query."""
    ours = {source for source in sources if source and not source.startswith("http")}
    return {asset.file: asset for asset in ImageAsset.objects.filter(file__in=ours)} if ours else {}


def hold_due(sources: Iterable[str | None]) -> None:
    """Keep those of our images that have no renditions yet as they are until this transaction ends.

    Who makes the renditions waits until then, and so sees what was rendered without them.
    """
    ours = list({source for source in sources if source and not source.startswith("http")})
    if ours:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM articles_imageasset WHERE file = ANY(%s) AND renditions_due ORDER BY id FOR SHARE",
                [ours],
            )


def picture_of(entry: Mapping[str, Any], assets: dict[str, ImageAsset]) -> dict[str, Any]:
    """The context of components/picture.html for an image in a document; `missing` if it is not one of ours."""
    asset = assets.get(entry["src"])
    extras: dict[str, Any] = {name: entry[name] for name in ("caption", "credit", "link") if name in entry}
    if not asset:
        return {"src": entry["src"], "alt": entry.get("alt", ""), "missing": True, **extras}
    return {
        "src": asset.url,
        "alt": alt_of(entry, asset),
        "width": asset.width,
        "height": asset.height,
        "sources": _sources(asset),
        **({"credit": asset.credit} if asset.credit else {}),
        **extras,
    }


def alt_of(entry: Mapping[str, Any], asset: ImageAsset) -> str:
    """What is written in its place, or else what the library has; nothing for a decoration."""
    return str(entry.get("alt") or ("" if asset.is_decorative else asset.alt))


def _sources(asset: ImageAsset) -> list[dict[str, str]]:
    """What browsers may choose from: widths and encodings, or for an animation its first frame, where motion is unwanted."""
    for rendition in asset.renditions:
        if rendition.get("still"):
            still = default_storage.url(rendition["src"])
            return [{"type": rendition["type"], "srcset": still, "media": "(prefers-reduced-motion: reduce)"}]
    sources: list[dict[str, str]] = []
    for kind in ("image/avif", "image/webp"):
        sizes = [f"{default_storage.url(r['src'])} {r['width']}w" for r in asset.renditions if r["type"] == kind]
        if kind == "image/webp":
            sizes.append(f"{asset.url} {asset.width}w")
        if sizes:
            sources.append({"type": kind, "srcset": ", ".join(sizes)})
    return sources if asset.renditions else []


def cut_card(entry: Mapping[str, Any], asset: ImageAsset) -> dict[str, Any]:
    """Cut an image for cards, its focal point in view; return the context of components/picture.html.

    Until it has its renditions, the image stands there whole: what shows it is rendered anew with them.
    """
    if asset.renditions_due:
        alt = alt_of(entry, asset)
        return {"src": asset.url, "alt": alt, "width": asset.width, "height": asset.height, "sources": []}
    sizes = _within(asset, CARD_SIZES)
    pixels = _Pixels(asset)
    cuts = {
        kind: [(_crop(asset, entry.get("focal"), size, kind, pixels), size) for size in sizes] for kind in ENCODINGS
    }
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
        "alt": alt_of(entry, asset),
        "width": width,
        "height": height,
        "sources": sources,
    }


def cut_for_mail(
    asset: ImageAsset, *, width: int, height: int = 0, focal: list[float] | None = None, kind: str = "jpg"
) -> tuple[str, int, int]:
    """An image no larger than this, in an encoding that every mail program shows; its address, width and height.

    Without a height nothing is cut off. No pixels are made up: a smaller image stays as small as it is.
    """
    if height:
        ((across, down),) = _within(asset, ((width, height),))
    else:
        across = min(width, asset.width)
        down = max(1, round(asset.height * across / asset.width))
    return default_storage.url(_crop(asset, focal, (across, down), kind)), across, down


def asset_at(address: str) -> ImageAsset | None:
    """Our image that is served at an address, if there is one."""
    path = address.removeprefix(default_storage.url(""))
    return ImageAsset.objects.filter(file=path).first() if path and path != address else None


def _within(asset: ImageAsset, sizes: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Those of some sizes of one shape that an image has the pixels for, or else the largest of that shape."""
    across, down = sizes[0]
    width = max(1, min(asset.width, asset.height * across // down))
    largest = (width, max(1, width * down // across))
    return [size for size in sizes if size[0] <= asset.width and size[1] <= asset.height] or [largest]


def cut_social(entry: Mapping[str, Any], asset: ImageAsset) -> str:
    """Cut an image to the size that social sites show; return its path, or "" if it is too small, or has no renditions yet."""
    if asset.renditions_due or asset.width * 2 < SOCIAL_SIZE[0] or asset.height * 2 < SOCIAL_SIZE[1]:
        return ""
    return _crop(asset, entry.get("focal"), SOCIAL_SIZE, "jpg")


class _Pixels:
    """An image's pixels, unpacked once for all that is cut from them, and only if something is."""

    def __init__(self, asset: ImageAsset) -> None:
        self.asset = asset

    @cached_property
    def picture(self) -> Image.Image:
        with default_storage.open(self.asset.path) as file:
            picture = Image.open(file)
            picture.load()
            return picture


def _crop(
    asset: ImageAsset, focal: list[float] | None, size: tuple[int, int], kind: str, pixels: _Pixels | None = None
) -> str:
    """The path of a crop, made if it does not exist; a rendition if nothing needs to be cut off."""
    if asset.width * size[1] == asset.height * size[0]:
        for rendition in asset.renditions:
            if rendition["type"] == f"image/{kind}" and rendition["width"] == size[0]:
                return str(rendition["src"])
    x, y = focal or (asset.focal_x, asset.focal_y)
    stem = asset.path.removesuffix(".webp")
    path = f"{stem}-{size[0]}x{size[1]}-{round(x * 100)}-{round(y * 100)}.{kind}"
    if not default_storage.exists(path):
        cut = ImageOps.fit((pixels or _Pixels(asset)).picture, size, Image.Resampling.LANCZOS, centering=(x, y))
        path = default_storage.save(path, ContentFile(encode(cut, kind)))
    return path
