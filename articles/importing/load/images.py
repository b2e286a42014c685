"""The pictures of an export, stored as images of ours where we have the file, else kept at their old addresses."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urljoin, urlsplit
from weakref import WeakValueDictionary

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.utils import timezone

from articles.images import MAX_BYTES, store_image
from articles.importing.html.embeds import web_url
from articles.importing.load.fetcher import Fetcher, NotFetched
from articles.importing.load.report import Report
from articles.importing.posts import Export
from articles.models import ImageAsset
from core.lib.pictures import Prepared, prepared
from core.lib.text import one_line

NOT_HELD = "the export does not contain it"
AT_ONCE = 2  # pictures that are prepared while others are stored


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Held:
    """The bytes of a picture, which is prepared meanwhile."""

    content: bytes
    picture: Callable[[], Prepared]


Contents = dict[str, Held | NotFetched]


class ImageStore:
    """Stores the pictures of one export. `gather` fetches them, outside a transaction; `place` puts them into a document."""

    def __init__(
        self, export: Export, report: Report, fetcher: Fetcher, *, dry_run: bool = False, by: Any = None
    ) -> None:
        self.report = report
        self.fetcher = fetcher
        self.files = export.files
        self.site = export.site
        self.described = export.images
        self.dry_run = dry_run
        self.by = by
        self._stored: dict[str, str] = {}
        self._uncommitted: dict[str, str] = {}
        self._known_failures: dict[str, str] = {}
        self._waiting = WeakValueDictionary[str, Held | NotFetched]()  # for as long as a post that waits has them
        self.without_host = set[str]()
        self._pool = ThreadPoolExecutor(AT_ONCE, "picture")

    def close(self) -> None:
        """Prepare no more pictures."""
        self._pool.shutdown(cancel_futures=True)

    def commit(self) -> None:
        """Count the images stored since the last call: their transaction was committed."""
        self.report.images_stored += len(set(self._uncommitted.values()) - set(self._stored.values()))
        self._stored |= self._uncommitted
        self._uncommitted.clear()

    def rollback(self) -> None:
        """Forget the images stored since the last commit: their transaction was rolled back."""
        self._uncommitted.clear()

    def gather(self, sources: Iterable[str]) -> Contents:
        """Each picture, prepared while its document waits to be stored, or why there is none."""
        found: dict[str, bytes | NotFetched] = {}
        waiting: Contents = {}
        remote = []
        for source in dict.fromkeys(sources):
            if source in self._stored or source in self._known_failures:
                continue
            if before := self._waiting.get(source):
                waiting[source] = before
            elif source.startswith("data:"):
                found[source] = _from_data(source)
            elif (content := self._from_files(source)) is not None:
                found[source] = content
            elif address := self._address(source):
                remote.append((source, address))
            else:
                found[source] = NotFetched(NOT_HELD)
                self.without_host.add(source)
        if remote and self.dry_run:
            found |= {source: NotFetched("a dry run fetches nothing") for source, _ in remote}
        elif remote:
            fetched = self.fetcher.fetch_all([address for _, address in remote])
            found |= {source: fetched[address] for source, address in remote}
        new = {
            source: content if isinstance(content, NotFetched) else self._held(content)
            for source, content in found.items()
        }
        self._waiting.update(new)
        return waiting | new

    def _held(self, content: bytes) -> Held:
        digest = hashlib.sha256(content).hexdigest()
        if self.dry_run or len(content) > MAX_BYTES or ImageAsset.objects.filter(digest=digest).exists():
            return Held(content, partial(prepared, content, whole=False))
        return Held(content, self._pool.submit(prepared, content, whole=False).result)

    def place(self, document: dict[str, Any], contents: Contents) -> list[str]:
        """Give every picture of a document its new path or address; return those that had to be removed, and why."""
        lost: list[str] = []
        kept = []
        for block in document["blocks"]:
            if block["type"] == "image" and not self._placed(block, contents):
                lost.append(block["src"])
                kept += _captions([block])
                continue
            if block["type"] == "gallery":
                fitting = [image for image in block["images"] if self._placed(image, contents)]
                missing = [image for image in block["images"] if image not in fitting]
                lost += [image["src"] for image in missing]
                block["images"] = fitting
                kept += [block] if fitting else []
                kept += _captions([*missing, *([] if fitting else [block])])
                continue
            kept.append(block)
        if document.get("cover") and not self._placed(document["cover"], contents):
            lost.append(document["cover"]["src"])
            kept = [*_captions([document["cover"]]), *kept]
            document["cover"] = None
        document["blocks"] = kept
        return [f"{source[:200]} ({self._known_failures.get(source, '')})" for source in lost]

    def stored_path(self, source: str, contents: Contents, *, alt: str = "") -> str:
        """The media path of one picture, or an empty string."""
        entry = {"src": source, "alt": alt}
        return entry["src"] if self._placed(entry, contents) and not entry["src"].startswith("http") else ""

    def _placed(self, entry: dict[str, Any], contents: Contents) -> bool:
        source = entry["src"]
        if path := self._stored.get(source) or self._uncommitted.get(source):
            entry["src"] = path
            return True
        content = contents.get(source, NotFetched(self._known_failures.get(source, "not fetched")))
        reason = str(content) if isinstance(content, NotFetched) else ""
        if isinstance(content, Held):
            try:
                entry["src"] = self._uncommitted[source] = self._kept(source, content, entry)
                return True
            except ValidationError as error:
                reason = " ".join(error.messages)
        self._known_failures[source] = reason
        if address := self._address(source):
            self.report.images_kept[address] = reason
            entry["src"] = address
            return True
        return False

    def _kept(self, source: str, held: Held, entry: dict[str, Any]) -> str:
        """Store a picture and return its path. A picture of our own export keeps its path."""
        content = held.content
        if self.dry_run:
            return f"images/{hashlib.sha256(content).hexdigest()[:20]}.webp"
        described = self.described.get(source, {})
        if described and _is_stored(source, content):
            return source
        name, alt, credit = (str(described.get(key) or "") for key in ("name", "alt", "credit"))
        if not described:
            name, alt, credit = _name(source), entry.get("alt", ""), entry.get("credit", "")
        began = timezone.now()
        kept = source if described else None
        asset = store_image(
            content, name=name, alt=alt, credit=credit, path=kept, by=self.by, whole=False, picture=held.picture
        )
        if asset.created_at >= began:
            self.report.trace("picture", (asset.file, ""))
        if described.get("decorative") is True or isinstance(described.get("tags"), list):
            tags = [one_line(str(tag))[:40] for tag in described.get("tags") or []][:20]
            asset.is_decorative, asset.tags = described.get("decorative") is True, [tag for tag in tags if tag]
            asset.save(update_fields=["is_decorative", "tags"])
        focal = described.get("focal")
        if isinstance(focal, list) and len(focal) == 2:
            asset.focal_x, asset.focal_y = (min(max(float(share), 0.0), 1.0) for share in focal)
            asset.save(update_fields=["focal_x", "focal_y"])
        return asset.file

    def _address(self, source: str) -> str | None:
        if source.startswith("data:"):
            return None
        source = source.removeprefix("__GHOST_URL__")
        absolute = web_url(source) or (self.site and web_url(urljoin(self.site, source))) or None
        return _escaped(absolute) if absolute else None

    def _from_files(self, source: str) -> bytes | None:
        if self.files is None:
            return None
        content = self.files.read(source)
        if content is None and "%" in source:
            content = self.files.read(unquote(source))
        return content


def _captions(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The captions, credits and links of pictures that are left out, as texts."""
    found = []
    for entry in entries:
        line, link = " ".join(filter(None, (entry.get("caption"), entry.get("credit")))), entry.get("link")
        if words := escape(line or (link and (entry.get("alt") or link)) or "", quote=False):
            html = f'<a href="{escape(link)}">{words}</a>' if link else words
            found.append({"type": "richtext", "html": f"<p>{html}</p>"})
    return found


def _is_stored(path: str, content: bytes) -> bool:
    """Whether an image of ours has this path and these bytes."""
    if not ImageAsset.objects.filter(file=path).exists() or not default_storage.exists(path):
        return False
    with default_storage.open(path) as file:
        return bool(file.read() == content)


def _from_data(source: str) -> bytes | NotFetched:
    """The bytes in a `data:` address."""
    head, _, body = source.partition(",")
    if not head.lower().startswith("data:image/"):
        return NotFetched("its data is not a picture")
    if len(body) > MAX_BYTES * 4 // 3 + 4:
        return NotFetched(f"the picture in it is larger than {MAX_BYTES >> 20} MB")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(re.sub(r"\s|%0[aAdD]", "", unquote(body)), validate=True)
    except (binascii.Error, ValueError):
        return NotFetched("its data is damaged")


def _name(source: str) -> str:
    if source.startswith("data:"):
        return "picture"
    return unquote(urlsplit(source).path).rsplit("/", 1)[-1][-120:] or "picture"


def _escaped(address: str) -> str:
    """An address with spaces and other characters percent-encoded, as RFC 3986 requires."""
    return re.sub(
        r"[^\x21-\x7e]|[\"<>\\^`{|}]", lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode()), address
    )
