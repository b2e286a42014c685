"""The comparison of an export with what was made from it, post by post."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from articles.importing.detecting import open_export
from articles.importing.posts import Post
from articles.importing.verify.figures import Figures, count_blocks, count_html
from articles.importing.verify.source_posts import SourcePost
from articles.importing.verify.sources import posts_of
from articles.models import Article, Block, ImageAsset, ImportedPost
from core.lib.slugs import slug_of

AT_ONCE = 100
SHOWN = 8
MAX_LISTED = 40
TOLERANCE = 1.0  # seconds


@dataclass(slots=True)
class Verification:
    """What the export holds, what is here, and how they differ."""

    posts: int = 0
    here: int = 0
    there: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    differences: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return bool(self.differences)

    def as_json(self) -> dict[str, Any]:
        return {
            "posts": {"source": self.posts, "here": self.here},
            "source": dict(self.there),
            "here": dict(self.made),
            "differences": self.differences,
            "remarks": self.remarks,
        }

    def lines(self) -> Iterator[str]:
        """The verification as text."""
        yield "Verified: source / here"
        yield f"  posts: {self.posts} / {self.here}"
        yield from (f"  {name}: {self.there[name]} / {self.made[name]}" for name in self.there | self.made)
        yield from (f"  {remark}" for remark in self.remarks)
        if not self.differences:
            yield "  Nothing differs."
            return
        yield f"Different in {len(self.differences)} posts:"
        for title, found in list(self.differences.items())[:MAX_LISTED]:
            yield f"  {title}: {'; '.join(found)}"
        if (rest := len(self.differences) - MAX_LISTED) > 0:
            yield f"  … and {rest} more (--report FILE lists them all)"


def verify(
    path: Path,
    format_name: str,
    *,
    site: str = "",
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    tick: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Compare an export with the articles that were imported from it, by the `columns` that were chosen for its fields.

    `tick` is told how many posts have been.
    """
    found = Verification()
    source = posts_of(path, format_name, site, encoding, columns)
    posts: Iterator[SourcePost]
    try:
        first = next(source, None) if source else None
        posts = chain([first] if first else [], source or _as_read(path, format_name, site, encoding))
    except (ParseError, ValueError, KeyError):
        posts = _as_read(path, format_name, site, encoding)
        source = None
    if source is None:
        found.remarks.append(
            "The texts were counted as the importer read them, since nothing else here reads this export."
        )
    posts = _told_apart(posts)
    while some := list(islice(posts, AT_ONCE)):
        _compare_some(some, format_name, site, found)
        tick(found.posts)
    return found


def _told_apart(posts: Iterable[SourcePost]) -> Iterator[SourcePost]:
    """Posts that share an id by their slugs as well, as the import tells them apart."""
    seen: set[str] = set()
    for post in posts:
        if post.key in seen and post.slug:
            post.key = f"{post.key}:{post.slug}"
        seen.add(post.key)
        yield post


def _as_read(path: Path, format_name: str, site: str, encoding: str | None) -> Iterator[SourcePost]:
    """The posts of a format that only its reader knows."""
    for post in open_export(path, format_name, encoding).posts:
        if isinstance(post, Post):
            figures = count_html(post.html, site) if post.blocks is None else count_blocks(post.blocks, {}, site)
            yield SourcePost(post.source_id, post.title, post.slug, "", post.published_at, figures)


def _compare_some(posts: Iterable[SourcePost], format_name: str, site: str, found: Verification) -> None:
    posts = list(posts)
    keys = {post.key for post in posts}
    articles = dict(
        ImportedPost.objects.filter(source=format_name, source_id__in=keys).values_list("source_id", "article_id")
    )
    blocks: dict[int, list[dict[str, Any]]] = {}
    numbers = [number for number in articles.values() if number]
    for number, kind, data in (
        Block.objects.filter(parent__in=numbers).order_by("parent", "ordering").values_list("parent", "kind", "data")
    ):
        blocks.setdefault(number, []).append({"type": kind, **data})
    paths = {
        image["src"]
        for held in blocks.values()
        for block in held
        for image in block.get("images", [block])
        if "src" in image
    }
    names = dict(ImageAsset.objects.filter(file__in=paths).values_list("file", "name"))
    fields = "pk", "title", "slug", "state", "published_at", "publish_at", "standfirst"
    rows = {row["pk"]: row for row in Article.objects.filter(pk__in=numbers).values(*fields)}
    for post in posts:
        found.posts += 1
        found.there.update(post.figures.totals())
        row = rows.get(articles.get(post.key) or 0)
        if row is None:
            found.differences.setdefault(_called(post), []).append("it is not here")
            continue
        made = count_blocks(blocks.get(row["pk"], []), names, site)
        found.here += 1
        found.made.update(made.totals())
        found.made["words"] += _at_the_head(post, made, row).total()
        if differences := [*_of_the_article(post, row), *_of_the_text(post, made, row)]:
            found.differences.setdefault(_called(post), []).extend(differences)


def _called(post: SourcePost) -> str:
    return f"“{post.title[:80]}” ({post.key[:120]})"


def _of_the_article(post: SourcePost, row: dict[str, Any]) -> Iterator[str]:
    if post.state and row["state"] != post.state:
        yield f"{post.state} there, {row['state']} here"
    at: datetime | None = row["published_at"] or row["publish_at"]
    if post.at and at and abs((at - post.at).total_seconds()) > TOLERANCE:
        yield f"dated {post.at:%Y-%m-%d %H:%M} there, {at:%Y-%m-%d %H:%M} here"
    if post.slug and row["slug"] not in (post.slug, slug_of(post.slug)):
        yield f"the slug “{post.slug[:80]}” is “{row['slug']}” here"


def _of_the_text(post: SourcePost, made: Figures, row: dict[str, Any]) -> Iterator[str]:
    there = post.figures
    head = _head(post, row)
    missing, more = there.words - made.words, made.words - there.words - there.beside
    # Two words that met without a space there, and stand apart here, are the same.
    letters = (
        Counter("".join(missing.elements())) - Counter("".join(more.elements())) - Counter("".join(head.elements()))
    )
    if (missing - head) and letters:
        yield _listed("words are missing", missing - head)
    if more and (Counter("".join(more.elements())) - Counter("".join(missing.elements()))):
        yield _listed("words are new", more)
    here = made.links + made.players
    yield from _some(_listed("links are missing", there.links - here), there.links - here)
    lost = Counter({address: 1 for address in there.players - here if not any(_same(address, other) for other in here)})
    yield from _some(_listed("players or recordings are missing", lost), lost)
    if (pictures := there.pictures - made.pictures) and there.pictures.total() > made.pictures.total():
        yield _listed("pictures are missing", pictures)
    if code := +there.code - made.code:
        yield f"{code.total()} of {there.code.total()} pieces of code are missing or changed"
    if there.own > made.own + (made.links - there.links).total():
        yield f"{there.own} links within the site there, {made.own} here"
    if there.footnotes > made.footnotes:
        yield f"{there.footnotes} footnotes there, {made.footnotes} here"


def _head(post: SourcePost, row: dict[str, Any]) -> Counter[str]:
    """The words above a text, which some systems have in it."""
    found = Figures()
    found.say(f"{post.title} {row['title']} {row['standfirst']}")
    return found.words


def _at_the_head(post: SourcePost, made: Figures, row: dict[str, Any]) -> Counter[str]:
    """The words of the text there that stand above it here."""
    return (post.figures.words - made.words) & _head(post, row)


def _some(sentence: str, found: Counter[str]) -> Iterator[str]:
    if found:
        yield sentence


def _listed(what: str, found: Counter[str]) -> str:
    shown = " ".join(list(found)[:SHOWN])
    return f"{found.total()} {what}: {shown}{' …' if len(found) > SHOWN else ''}"


def _same(player: str, address: str) -> bool:
    """Whether a player shows what an address leads to: they share the long name of it."""
    names = {part for part in player.replace("?", "/").replace("=", "/").replace("&", "/").split("/") if len(part) >= 6}
    names -= {"youtube.com", "youtube-nocookie.com", "player.vimeo.com", "embed", "videos", "playlist", "status"}
    return any(name in address for name in names)
