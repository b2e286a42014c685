"""The Markdown files of a folder, a zip or a site generator: which of them are posts, and how they link to each other."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from django.urls import reverse

from articles.importing.archives import FolderFiles, ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.html.links import leads_to_file
from articles.importing.markdown.dialects import plain_markdown
from articles.importing.markdown.frontmatter import load_yaml, split
from articles.importing.markdown.metadata import PostPath, author_from, read_metadata, slug_from, title_and_text
from articles.importing.markdown.render import markdown_html
from articles.importing.markdown.site_config import read_config
from articles.importing.moonpress.reader import is_moonpress_export, read_moonpress
from articles.importing.posts import (
    MAX_BODY,
    Export,
    ImportRefused,
    Person,
    Post,
    PostRefused,
    Refusal,
    attempt,
)
from core.lib.slugs import slug_of
from core.lib.text import storable

ENDINGS = (".md", ".markdown", ".mdx", ".mkd")
# HTML files are posts only in the folders in which Jekyll and Hugo keep posts.
HTML_POST = re.compile(r"(?:^|/)(?:_posts|_drafts|content)/.+\.html?$", re.IGNORECASE)
_NOT_READ = re.compile(
    r"(?:^|/)(?:_posts|_drafts|content|posts)/.+\.(rst|adoc|asciidoc|org|textile|ipynb|pandoc)$", re.IGNORECASE
)
_NOT_POSTS = re.compile(
    r"(?:^|/)(?:readme|license|licence|changelog|contributing|code_of_conduct|security|_index|404)\.\w+$", re.IGNORECASE
)
_NOT_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|_layouts|_includes|_site|themes|archetypes|layouts|templates|vendor|public)/",
    re.IGNORECASE,
)
_MADE_FROM_PATH = re.compile(r"(?:^|/)(?:_posts|content)/.")
_POST_FOLDERS = ("_posts", "_drafts", "content")
_IMAGE = re.compile(r"(<img\b[^>]*?\bsrc=\")([^\"]+)(\")")
_LINK = re.compile(r"(<a\b[^>]*?\bhref=\")([^\"]+)(\")")


def read_markdown(path: Path, encoding: str | None = None) -> Export:
    """The posts of a folder, a zip or a single file. Raises ImportRefused if there are none."""
    files, names, skipped, unread = _files_of(path)
    if not names:
        raise ImportRefused("It contains no Markdown file.")
    lost: Counter[str] = Counter()
    for told, found in (("files that are not posts", skipped), ("posts in a format that cannot be read", unread)):
        if found:
            lost[f"{told} ({', '.join(found[:5])}{' …' if len(found) > 5 else ''})"] = len(found)
    if is_moonpress_export(files):
        return read_moonpress(files, names)
    source = _MarkdownFiles(files, names, encoding)
    remarks = []
    if not source.config.found and (guessed := sum(bool(_MADE_FROM_PATH.search(name)) for name in names)):
        remarks.append(
            f"The export holds no configuration of the site, so the old addresses of {guessed} posts follow the defaults of "
            "Jekyll and Hugo, unless a post names its own. Import the whole folder of the site to have them as they were."
        )
    return Export(
        "markdown", source.posts(), total=len(names), site=source.config.url, files=files, lost=lost, remarks=remarks
    )


def files_of(path: Path) -> tuple[FolderFiles | ZipFiles, list[str]]:
    """The files of an export, and the names of those that are posts."""
    files, names, _, _ = _files_of(path)
    return files, names


def _files_of(path: Path) -> tuple[FolderFiles | ZipFiles, list[str], list[str], list[str]]:
    """The files of an export; and the names of posts, of files that are none, and of posts that cannot be read."""
    root, within = _root_of(path)
    files = files_beside(root)
    names = [name for name in files.names() if name.startswith(within)] if within else _names(path, files)
    unread = [name for name in names if _NOT_READ.search(name)]
    if not path.is_file() or isinstance(files, ZipFiles):
        names = [name for name in names if name.lower().endswith(ENDINGS) or HTML_POST.search(name)]
    skipped = {name for name in names if len(names) > 1 and (_NOT_POSTS.search(name) or _NOT_FOLDERS.search(name))}
    return files, [name for name in names if name not in skipped], sorted(skipped), unread


def _names(path: Path, files: FolderFiles | ZipFiles) -> list[str]:
    return [path.name] if path.is_file() and isinstance(files, FolderFiles) else files.names()


def _root_of(path: Path) -> tuple[Path, str]:
    """The folder of the whole site, where only its folder of posts was given, and the path of that below it.

    What the site says about itself stands beside its posts: how addresses are made, pictures, authors.
    """
    if not path.is_dir():
        return path, ""
    path = path.resolve()
    parts = path.parts
    at = next((number for number in range(len(parts) - 1, 0, -1) if parts[number] in _POST_FOLDERS), 0)
    if not at or len(parts) - at > 4:
        return path, ""
    if parts[at - 1] in ("src", "source") and at > 1:
        at -= 1
    return Path(*parts[:at]), "/".join(parts[at:]) + "/"


class _MarkdownFiles:
    """The Markdown files of one export."""

    def __init__(self, files: FolderFiles | ZipFiles, names: list[str], encoding: str | None) -> None:
        self.files = files
        self.names = names
        self.encoding = encoding
        self.everything = set(files.names())
        self.by_file = {name.rsplit("/", 1)[-1].lower(): name for name in sorted(self.everything, reverse=True)}
        self.slugs: dict[str, str] = {}
        for name in names:
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
            self.slugs[stem] = self.slugs[name.lower()] = PostPath.of(name).slug
        self.authors = self._authors()
        self.config = read_config(files.read, self.everything, names)

    def _authors(self) -> dict[str, Person]:
        """The authors in Jekyll's and Hugo's data files, by their keys."""
        found: dict[str, Person] = {}
        for name in self.everything:
            if re.search(r"(?:^|/)_?data/authors\.ya?ml$", name):
                try:
                    rows = load_yaml((self.files.read(name) or b"").decode("utf-8", "replace"))
                except PostRefused:
                    continue
                for key, row in (rows if isinstance(rows, dict) else {}).items():
                    if isinstance(row, dict) and (author := author_from({"slug": str(key), **row})):
                        found[str(key).lower()] = author
        return found

    def posts(self) -> Iterator[Post | Refusal]:
        for name in self.names:
            yield attempt(partial(self._post, name), name)

    def _post(self, name: str) -> Post:
        content = self.files.read(name)
        if content is None:
            raise PostRefused("It cannot be read: the file is damaged.")
        if len(content) > MAX_BODY:
            raise PostRefused(f"It is {len(content) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
        try:
            text, _ = decode(content, self.encoding)
        except ImportRefused as refused:
            raise PostRefused(str(refused).replace(" Nothing was imported.", "")) from None
        head, body = split(storable(text))
        path = PostPath.of(name)
        title, body = title_and_text(head, body, path)
        post = Post(name, title, where=name)
        post.slug = slug_from(head, path) or slug_of(title)
        body = plain_markdown(body, post.notes, linked=self.address, mdx=name.lower().endswith(".mdx"))
        is_html = name.lower().endswith((".html", ".htm"))
        post.html = self._located(body if is_html else markdown_html(body), path.folder)
        read_metadata(
            post,
            head,
            path,
            authors=self.authors,
            config=self.config,
            located=lambda source: self.located(source, path.folder),
        )
        return post

    def address(self, target: str) -> str:
        """The new address of another post of the export, found by its path or name."""
        target = unquote(target.strip().strip("/")).lower()
        stem = target.rsplit("/", 1)[-1]
        found = self.slugs.get(target) or self.slugs.get(stem.rsplit(".", 1)[0] if stem.endswith(ENDINGS) else stem)
        return reverse("articles:article", args=[found]) if found else ""

    def _located(self, html: str, folder: str) -> str:
        html = _IMAGE.sub(lambda match: match[1] + self.located(match[2], folder) + match[3], html)

        def link(match: re.Match[str]) -> str:
            target, _, anchor = match[2].partition("#")
            if "://" in target or not target or target.startswith(("//", "mailto:", "tel:")):
                return match[0]
            here = self.address(target) if target.lower().endswith(ENDINGS) else ""
            here = here or self._file(target, folder)
            return match[1] + (here + (f"#{anchor}" if anchor else "") if here else match[2]) + match[3]

        return _LINK.sub(link, html)

    def _file(self, target: str, folder: str) -> str:
        """The address that a file beside the posts had on the old site, or nothing for what is no such file."""
        plain = unquote(re.split(r"[?]", target)[0])
        if not leads_to_file(plain) or plain.startswith("/"):
            return ""
        found = posixpath.normpath(posixpath.join(folder, plain))
        if found not in self.everything:
            return ""
        public = re.sub(r"^(?:.*/)?(?:static|public|source|content)/", "", found)
        return f"{self.config.base}/{public}"

    def located(self, source: str, folder: str) -> str:
        """The path of a picture in the export, given the folder of the file that refers to it."""
        if re.match(r"[a-z][a-z0-9+.-]*:|//", source, re.IGNORECASE):
            return source
        plain = unquote(re.split(r"[?#]", source)[0])
        beside = posixpath.normpath(posixpath.join(folder, plain.lstrip("/") if plain.startswith("/") else plain))
        rooted = posixpath.normpath(plain.lstrip("/"))
        places = [
            beside,
            rooted,
            f"static/{rooted}",
            f"assets/{rooted}",
            f"public/{rooted}",
            f"source/{rooted}",
            f"src/{rooted}",
        ]
        found = next((place for place in places if place in self.everything), None)
        return found or self.by_file.get(rooted.rsplit("/", 1)[-1].lower()) or source
