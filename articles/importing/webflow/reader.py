"""The reader of Webflow's CSV exports. Each site names its columns itself; they are recognised by common names."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import reverse

from articles.importing.archives import main_file
from articles.importing.decoding import decode
from articles.importing.html.embeds import web_url
from articles.importing.posts import (
    ARCHIVED,
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    Cover,
    Export,
    ImportRefused,
    Post,
    PostRefused,
    Refusal,
    Term,
    attempt,
    name_of,
    person,
    term,
)
from articles.importing.values import moment, moment_or_none, truth
from articles.importing.webflow.csv_rows import Row, read_rows
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

# What a column may be called, most telling name first, all letters and digits only.
_COLUMNS = {
    "title": "name title posttitle headline blogtitle articletitle blogpostname",
    "slug": "slug urlslug permalink",
    "body": "postbody body bodycontent content postcontent blogcontent articlebody blogbody richtext posttext articlecontent maincontent blogpostbody fulltext text",
    "standfirst": "postsummary summary excerpt standfirst shortdescription shortsummary subtitle teaser intro introduction preview previewtext snippet blurb lede lead deck dek tagline abstract hook subheading subhead subheadline summarytext shorttext description postdescription",
    "category": "category categories blogcategory blogcategories postcategory maincategory topic topics section",
    "tags": "tags tag blogtags posttags keywords labels",
    "authors": "author authors writer writers byline authorname postauthor blogauthor",
    "cover": "mainimage coverimage featuredimage heroimage postimage blogimage image cover thumbnail thumbnailimage bannerimage",
    "cover_alt": "mainimagealt mainimagealttext imagealt imagealttext coverimagealt alttext featuredimagealt",
    "seo_title": "seotitle metatitle titletag metatitletag pagetitle ogtitle seotitletag",
    "seo_description": "seodescription metadescription metadesc seometadescription ogdescription",
    "dated": "publishdate publicationdate publisheddate datepublished publishedat postdate blogdate articledate date displaydate originalpublishdate releasedate",
    "published": "publishedon published",
    "updated": "updatedon lastupdated updated modified updatedat",
    "created": "createdon created createdat",
    "draft": "draft isdraft",
    "archived": "archived isarchived",
    "featured": "featured featuredpost isfeatured",
    "item": "itemid id webflowid",
    "locale": "localeid locale",
    "collection": "collectionid collection",
    "ends": "expirydate expireson expires unpublishdate unpublishon enddate",
    "canonical": "canonicalurl canonical canonicallink",
    "minutes": "readtime readingtime minutesread timetoread readingtimeminutes",
}  # fmt: skip
_NAMES = {name: (what, rank) for what, names in _COLUMNS.items() for rank, name in enumerate(names.split())}
_TEXTS = ("title", "body")


def read_webflow(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Webflow CSV. Raises ImportRefused if the file is not one, or is truncated."""
    data, files = main_file(path, ".csv")
    text, used = decode(data, encoding)
    header, rows = read_rows(text, _looks_whole)
    columns, more, remarks = _columns(header, rows)
    if encoding or used not in ("utf-8", "utf-8-sig"):
        remarks.append(f"The file was read as {used}.")
    offered = [] if "standfirst" in columns else _like_a_summary(header, rows, {*columns.values(), *more})
    remarks += [
        f"No column has the name of a summary. “{header[at]}” looks like one: choose it, on the command line with --column standfirst=“{header[at]}”."
        for at in offered
    ]
    export = Export("webflow", iter(()), total=len(rows), files=files, remarks=remarks)
    export.headers = list(filter(None, header))
    export.columns = {what: header[at] for what, at in columns.items()}
    export.posts = _posts(export, header, rows, more)
    return export


def _chosen(export: Export, header: list[str], rows: list[Row], more: list[int]) -> dict[str, int]:
    """Which column holds which field, after whoever imports had a say; the others are reported."""
    known = {name.casefold(): at for at, name in reversed(list(enumerate(header)))}
    columns = {}
    for what, name in export.columns.items():
        if what not in _COLUMNS:
            raise ImportRefused(f"There is no field “{what}”. There are: {', '.join(_COLUMNS)}.")
        if name.casefold() not in known:
            raise ImportRefused(f"The file has no column “{name}”. Its columns are: {', '.join(filter(None, header))}.")
        columns[what] = known[name.casefold()]
    for at, name in enumerate(header):
        filled = sum(bool(row.cells[at].strip()) for row in rows if row.cells)
        if at not in columns.values() and at not in more and filled:
            export.lost[f"column “{name or at + 1}”, which has no equivalent here"] = filled
    return columns


def _like_a_summary(header: list[str], rows: list[Row], taken: set[int]) -> list[int]:
    """The columns that hold a sentence or two in most rows, and no HTML."""
    found = []
    for at in range(len(header)):
        cells = [row.cells[at].strip() for row in rows if row.cells]
        fitting = sum(
            30 <= len(cell) <= 600 and " " in cell and "<" not in cell and "://" not in cell for cell in cells
        )
        if at not in taken and cells and fitting > len(cells) / 2:
            found.append(at)
    return found


def looks_like_webflow(header: list[str]) -> bool:
    known = {_NAMES[key][0] for name in header if (key := _key(name)) in _NAMES}
    return "title" in known and len(known) >= 3


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns(header: list[str], rows: list[Row]) -> tuple[dict[str, int], list[int], list[str]]:
    """Which column holds which field, which ones continue the body, and remarks on what was guessed."""
    best: dict[str, tuple[int, int]] = {}
    keys = [_key(name) for name in header]
    for at, key in enumerate(keys):
        what, rank = _NAMES.get(key, ("", 0))
        if what and (what not in best or rank < best[what][0]):
            best[what] = rank, at
    columns = {what: at for what, (_, at) in best.items()}
    remarks = []
    if "title" not in columns and columns.get("slug") == 1:
        columns["title"] = 0
        remarks.append(f"No column has the name of a title; “{header[0]}”, the one before the slug, was used.")
    numbered = [at for at, key in enumerate(keys) if _NAMES.get(key.rstrip("0123456789"), ("",))[0] == "body"]
    if "body" not in columns and numbered:
        columns["body"] = numbered[0]
    if "body" not in columns and (longest := _longest(header, rows, columns)) is not None:
        columns["body"] = longest
        remarks.append(
            f"No column has the name of a body; “{header[longest]}”, the one with the longest texts, was used."
        )
    if missing := [what for what in _TEXTS if what not in columns]:
        wanted = {"title": "a title (such as Name or Title)", "body": "a body (such as Post Body or Content)"}
        raise ImportRefused(
            f"The file has no column for {' and none for '.join(wanted[what] for what in missing)}. "
            f"Its columns are: {', '.join(filter(None, header)) or 'none'}. Nothing was imported."
        )
    base = keys[columns["body"]].rstrip("0123456789")
    more = [at for at in numbered if at > columns["body"] and keys[at].rstrip("0123456789") == base]
    if more:
        remarks.append(f"The body continues in {', '.join(f'“{header[at]}”' for at in more)}.")
    return columns, more, remarks


_LINK = re.compile(r"""href=["']?(https?://[^/"'\s>]+)?(/(?:[^"'\s>#?]*/)?)([\w-]+)/?["'\s>#?]""")


def _where_posts_were(export: Export, rows: list[Row], columns: dict[str, int]) -> str:
    """The folder of the old site's posts, derived from links between them.

    A link without a host leads to the site itself, one with a host only if whoever imports said that it is the old site's:
    many links to copies of the posts elsewhere are no sign of where they were.
    """
    usual = reverse("articles:articles")
    if "slug" not in columns:
        return usual
    slugs = {row.cells[columns["slug"]].strip() for row in rows if row.cells}
    own = _host(export.site if "//" in export.site else f"https://{export.site}")
    found: dict[str, set[str]] = {}
    elsewhere: dict[str, set[str]] = {}
    for row in rows:
        for site, folder, slug in _LINK.findall(row.cells[columns["body"]]) if row.cells else ():
            if slug in slugs:
                here = found if not site or (own and _host(site) == own) else elsewhere
                here.setdefault(folder if here is found else site, set()).add(slug)
    if not own and (site := max(elsewhere, key=lambda site: len(elsewhere[site]), default="")):
        export.remarks.append(
            f"{len(elsewhere[site])} links lead to pages of {site} that are called like posts of this export. They were kept. If "
            f"that is the old site, import with --site {site}, so that they lead to the posts here."
        )
    folder = max(found, key=lambda folder: len(found[folder]), default=usual)
    if folder != usual:
        export.remarks.append(
            f"Links in the texts show that posts were at {folder}…, so those addresses are redirected."
        )
    return folder


def _host(site: str) -> str:
    try:
        return (urlsplit(site).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _longest(header: list[str], rows: list[Row], columns: dict[str, int]) -> int | None:
    """The column with the most text that looks like HTML."""
    totals = {
        at: sum(len(row.cells[at]) for row in rows if row.cells and re.search(r"<(?:p|h[1-6]|div|ul)\b", row.cells[at]))
        for at in range(len(header))
        if at not in columns.values()
    }
    longest = max(totals, key=lambda column: totals[column], default=None)
    return longest if longest is not None and totals[longest] else None


def _looks_whole(header: list[str], cells: list[str]) -> bool:
    """Whether the cells of a row look right: a slug, an id, yes or no where the header says so."""
    checks = {
        "slug": lambda cell: re.fullmatch(r"[\w-]+(?:/[\w-]+)*", cell) is not None,
        "item": lambda cell: re.fullmatch(r"[0-9a-fA-F-]{6,40}", cell) is not None,
        "draft": lambda cell: cell.lower() in ("true", "false", "yes", "no", "0", "1", ""),
        "archived": lambda cell: cell.lower() in ("true", "false", "yes", "no", "0", "1", ""),
    }
    found = [
        checks[what](cell.strip())
        for name, cell in zip(header, cells, strict=True)
        if (what := _NAMES.get(_key(name), ("",))[0]) in checks
    ]
    return all(found) and bool(found or cells[0].strip())


def _posts(export: Export, header: list[str], rows: list[Row], more: list[int]) -> Iterator[Post | Refusal]:
    columns = _chosen(export, header, rows, more)
    folder = _where_posts_were(export, rows, columns)
    for row in rows:
        cells = {what: row.cells[at].strip() for what, at in columns.items()} if row.cells else {}
        for at in more if row.cells else ():
            cells["body"] += f"\n{row.cells[at]}"
        title = one_line(cells.get("title", ""))[:200]
        yield attempt(partial(_post, row, cells, folder), row.where, title)


def _post(row: Row, cells: dict[str, str], folder: str) -> Post:
    if row.problem:
        raise PostRefused(f"The row cannot be read: {row.problem}.")
    get = cells.get
    if size := next((len(value) for value in cells.values() if len(value) > MAX_BODY), 0):
        raise PostRefused(f"A cell holds {size >> 20} MB of text; at most {MAX_BODY >> 20} MB are imported.")
    slug = get("slug", "").strip("/").rsplit("/", 1)[-1]
    title = one_line(get("title", ""))
    if not title and not slug:
        raise PostRefused("The title is missing.")
    shown = title or name_of(slug)
    post = Post(_source_id(cells, slug or slug_of(title)), shown, where=row.where, slug=slug_of(slug or title))
    if not title:
        post.notes.changed["posts without a title got one from their address"] += 1
    post.html, post.standfirst = get("body", ""), one_line(get("standfirst", ""))
    post.seo_title, post.seo_description = one_line(get("seo_title", "")), one_line(get("seo_description", ""))
    categories = _several(get("category", ""))
    post.category = categories[0] if categories else None
    post.tags = list(dict.fromkeys([*categories[1:], *_several(get("tags", ""))]))
    if categories[1:]:
        post.notes.changed["categories after the first became tags"] += len(categories) - 1
    post.authors = [found for found in map(person, _several_texts(get("authors", ""))) if found]
    _read_times(post, cells)
    if web_url(address := get("canonical", "")):
        post.own["seo"] = {"canonical": address}
    if address := get("cover", ""):
        post.cover = Cover(address.split(";")[0].strip(), one_line(get("cover_alt", "")))
    post.featured = truth(get("featured", ""))
    if minutes := re.match(r"\d{1,3}", get("minutes", "")):
        post.reading_minutes = int(minutes[0]) or None
    if slug:
        post.old_urls.append(f"{folder}{slug}")
    return post


def _source_id(cells: dict[str, str], slug: str) -> str:
    """Webflow's id of the item and its locale, or else the slug."""
    item = cells.get("item", "")
    return storable(":".join(filter(None, [item, cells.get("locale", "")]))) if item else f"slug:{slug}"


def _read_times(post: Post, cells: dict[str, str]) -> None:
    published = moment(cells.get("published"), "date of publication")
    # The date that the site itself showed; “Published On” is when Webflow last published the item.
    shown = moment_or_none(cells.get("dated"), post.notes)
    post.published_at = published if published and shown and shown > datetime.now(UTC) else shown or published
    post.updated_at = moment(cells.get("updated"), "date of the last change")
    post.ends_at = moment_or_none(cells.get("ends"), post.notes, "date of expiry")
    draft, archived = truth(cells.get("draft")), truth(cells.get("archived"))
    if archived or (not draft and post.ends_at and post.ends_at < datetime.now(UTC)):
        post.status = ARCHIVED
    elif draft or ("published" in cells and not published) or ("dated" in cells and not post.published_at):
        post.status = DRAFT
        if not draft:
            post.notes.changed["posts without a date of publication became drafts"] += 1
    else:
        post.status = PUBLISHED
        post.published_at = post.published_at or moment(cells.get("created"), "date of creation") or post.updated_at


def _several_texts(cell: str) -> list[str]:
    parts = re.split(r"\s*;\s*|\s*\|\s*", cell) if ";" in cell or "|" in cell else re.split(r"\s*,\s*", cell)
    return [part for part in (one_line(text) for text in parts) if part]


def _several(cell: str) -> list[Term]:
    return list(dict.fromkeys(found for text in _several_texts(cell) if (found := term(text))))
