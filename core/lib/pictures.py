"""Pictures as we serve them: decoded within bounds of memory and time, stripped, shrunk, in every width and encoding.

A large one, an animation or a HEIC is unpacked by a child process, this file run as a program, which returns its memory
and may crash alone. A JPEG is read at a fraction of its size where that is enough.
"""

import io
import json
import struct
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
READABLE = "Use JPEG, PNG, WebP, AVIF, HEIC or GIF."
MAX_SIDE = 2400
WIDTHS = (480, 960, 1600)
ENCODINGS: dict[str, dict[str, Any]] = {
    "avif": {"format": "AVIF", "quality": 58, "speed": 8},
    "webp": {"format": "WEBP", "quality": 82, "method": 2},  # takes 40 % of the time of 4, for 3 % more bytes
}
PNG = {"format": "PNG", "optimize": True}  # for logos, which stand on any ground
JPEG = {"format": "JPEG", "quality": 86, "optimize": True}  # social sites do not all read WebP
MAX_UNPACKED = 240_000_000  # bytes of a picture in memory: 80 million pixels of three colours, 60 with transparency
SMALL = 4_000_000  # pixels that the web process unpacks itself
MAX_FRAMES, MAX_ANIMATED = 400, 120_000_000  # frames; pixels of all of them
ANIMATED_SIDE = 1200
# What decoders raise on damaged files.
_BROKEN = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
CHILD_MEMORY, CHILD_SECONDS = 3 * 1024**3, 120
MAIN_ONLY = "main-only"  # what tells a child process to leave the copies for later
_one_child_at_a_time = threading.Lock()  # it takes up to a gigabyte for a moment


class Refused(ValueError):
    """A picture that we do not take. Its text goes on from the picture's name: “is not an image …”."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a picture, encoded. `kind` is the file's ending; a `still` is one frame of an animation."""

    kind: str
    width: int
    content: bytes
    still: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it is stored: the copy that stands for it, and the others that browsers may choose, if it is `whole`."""

    width: int
    height: int
    main: Copy
    others: list[Copy]
    whole: bool = True


def prepared(content: bytes, *, whole: bool = True) -> Prepared:
    """Encode a picture anew; what takes longest, the copies to choose from, can be left for later. Raises Refused."""
    if _is_quick(content):
        return _encoded(content, whole=whole)
    with _one_child_at_a_time:
        return _in_a_child(content, whole=whole)


def copies_of(main: bytes) -> list[Copy]:
    """The copies of a picture that was prepared without them, by what stands for it. Raises Refused."""
    picture = _opened(main)
    with _refusing_broken():
        picture.load()
        return _copies(picture)


def _is_quick(content: bytes) -> bool:
    try:
        with _opened(content) as picture:
            return picture.width * picture.height <= SMALL and _frames(picture) == 1
    except Refused:
        return not _may_be_heic(content)  # whose decoder only the child loads


def _may_be_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _opened(content: bytes) -> Image.Image:
    start = content[:1000].lstrip().lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        raise Refused(f"is an SVG, which can carry scripts. {READABLE}")
    with _refusing_broken(), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we count memory, not pixels alone
        picture: Image.Image = Image.open(io.BytesIO(content), formats=[*FORMATS, *_more_formats])
        _check_memory(picture)
    return picture


@contextmanager
def _refusing_broken() -> Iterator[None]:
    """Refuse a picture that cannot be decoded."""
    try:
        yield
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused("has too many pixels.") from None
    except _BROKEN:
        raise Refused(f"is not an image we can read. {READABLE}") from None


_more_formats: list[str] = []


def _check_memory(picture: Image.Image) -> None:
    """Refuse a picture that would not fit into memory, before a pixel of it is unpacked."""
    size = f"has {picture.width} × {picture.height} pixels"
    channels = {"L": 1, "RGB": 3}.get(picture.mode, 4)
    if picture.format not in ("JPEG", "MPO") and picture.width * picture.height * channels > MAX_UNPACKED:
        raise Refused(f"{size}, which are too many.")  # a JPEG can be read at a half or a quarter of its sides
    frames = _frames(picture)
    if frames > MAX_FRAMES or (frames > 1 and frames * picture.width * picture.height > MAX_ANIMATED):
        raise Refused(
            f"is an animation of {frames} frames and {size}. At most {MAX_FRAMES} frames fit, and"
            f" {MAX_ANIMATED // 1_000_000} million pixels in all of them: make it shorter or smaller, or embed a video."
        )


def _frames(picture: Image.Image) -> int:
    """How many frames are shown one after the other. Phones store maps and bursts behind a JPEG (MPO) or in a HEIC."""
    return 1 if picture.format in ("MPO", "HEIF") else getattr(picture, "n_frames", 1)


def _encoded(content: bytes, *, whole: bool) -> Prepared:
    """Encode a picture in this process."""
    picture = _opened(content)
    with _refusing_broken():
        if _frames(picture) > 1:
            return _animated(picture)
        picture.draft(None, (MAX_SIDE, MAX_SIDE))
        picture.load()
        still = _shrunk(picture, MAX_SIDE)
        others = _copies(still) if whole else []
        return Prepared(
            still.width, still.height, Copy("webp", still.width, encode(still, "webp", quality=88)), others, whole
        )


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """A picture upright, in RGB or RGBA, with no side longer than this."""
    picture = eight_bits(picture)
    if picture.mode not in ("P", "1"):  # which would be scaled without blending
        picture.thumbnail((side, side))
    upright = ImageOps.exif_transpose(picture).convert("RGBA" if _is_transparent(picture) else "RGB")
    upright.thumbnail((side, side))
    return upright


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of 16 bits with 8, scaled: Pillow would clip it, and show it white."""
    return picture.point(lambda value: value / 256).convert("L") if picture.mode.startswith("I") else picture


def _copies(picture: Image.Image) -> list[Copy]:
    full = picture.width
    wanted = [(width, kind) for width in WIDTHS if width < full for kind in ENCODINGS]
    wanted += [(full, kind) for kind in ENCODINGS if kind != "webp"]
    copies = {width: _scaled(picture, width) for width, _ in wanted}

    from concurrent.futures import ThreadPoolExecutor  # which a child that makes one copy starts sooner without

    def written(rendition: tuple[int, str]) -> Copy:
        width, kind = rendition
        return Copy(kind, width, encode(copies[width], kind))

    with ThreadPoolExecutor() as pool:  # encoders release the GIL, so this uses all cores
        return list(pool.map(written, wanted))


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    height = max(1, round(picture.height * width / picture.width))
    return picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)


def encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The pixels of a picture alone, encoded."""
    out = io.BytesIO()
    if kind == "jpg" and picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    _bare(picture).save(out, **(ENCODINGS | {"jpg": JPEG, "png": PNG})[kind] | options)
    return out.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """A picture of its pixels alone: EXIF, colour profiles and comments stay behind."""
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())


def _animated(picture: Image.Image) -> Prepared:
    """An animation as WebP, and its first frame for those who ask for no motion."""
    frames, times, out = [], [], io.BytesIO()
    for frame in ImageSequence.Iterator(picture):
        frame.load()  # only then does it know how long it is shown
        took = int(frame.info.get("duration", 0))
        times.append(took if took > 10 else 100)  # as browsers show those that say less
        frames.append(_bare(_shrunk(frame.convert("RGBA" if _is_transparent(frame) else "RGB"), ANIMATED_SIDE)))
    first, loop = frames[0], picture.info.get("loop", 1)
    first.save(
        out, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=loop, quality=75, method=2
    )  # fmt: skip
    still = Copy("webp", first.width, encode(first, "webp"), still=True)
    return Prepared(first.width, first.height, Copy("webp", first.width, out.getvalue()), [still])


def _in_a_child(content: bytes, *, whole: bool) -> Prepared:
    """Encode a picture in a process of its own. Raises Refused, also if it takes too much memory or time."""
    import subprocess  # as above

    try:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(__file__)), *([] if whole else [MAIN_ONLY])],
            input=content,
            capture_output=True,
            check=False,
            timeout=CHILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Refused("takes too long to unpack. Save it smaller.") from None
    if done.returncode:
        raise Refused("takes too much memory to unpack. Save it smaller.")
    head, _, rest = done.stdout.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise Refused(said["refused"])
    copies = []
    for described, length in said["copies"]:
        copies.append(Copy(**described, content=rest[:length]))
        rest = rest[length:]
    return Prepared(said["width"], said["height"], copies[0], copies[1:], said["whole"])


def main() -> None:
    """Read a picture from standard input; write a line of JSON, and the copies behind it."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    content, out = sys.stdin.buffer.read(), sys.stdout.buffer
    if _may_be_heic(content):
        from pi_heif import register_heif_opener

        register_heif_opener()
        _more_formats.append("HEIF")
    try:
        made = _encoded(content, whole=MAIN_ONLY not in sys.argv)
    except Refused as error:
        out.write(json.dumps({"refused": str(error)}).encode())
        return
    copies = [made.main, *made.others]
    described = [(asdict(replace(copy, content=b"")), len(copy.content)) for copy in copies]
    for fields, _ in described:
        del fields["content"]
    head = {"width": made.width, "height": made.height, "whole": made.whole, "copies": described}
    out.write(json.dumps(head).encode() + b"\n")
    for copy in copies:
        out.write(copy.content)


if __name__ == "__main__":
    main()
