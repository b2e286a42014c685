"""Links: those to the old site become paths of this one, those to its files stay there, those within a page find a heading."""

import re
from collections import Counter
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from articles.importing.posts import ConversionNotes
from core.lib.html import ANCHOR
from core.lib.slugs import slug_of

_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|od[stp]|csv|tsv|txt|rtf|epub|mobi|zip|gz|tgz|tar|bz2|7z|rar|exe|dmg|pkg|deb|rpm|apk|iso|mp3|m4a|aac|wav|ogg|"
    r"oga|flac|mp4|m4v|mov|avi|webm|mkv|ogv|ppsx?|key|pages|numbers|ics|vcf|ipynb|json|geojson|kml|gpx|swf|jpe?g|png|gif|webp|svg|avif|bmp|tiff?|"
    r"heic|torrent|sql|ai|psd|eps|indd|sketch|py|sh|jar|srt|vtt)$",
    re.IGNORECASE,
)
_FILES = re.compile(r"/(?:wp-content/uploads|content/(?:files|media))/.", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?|heic)$", re.IGNORECASE)
# The label of a link from a footnote back to the text.
_WAY_BACK = re.compile(r"[\u21a9\u2191\u2934\ufe0e\ufe0f^\u21b5]+|back(?: to text)?|jump up", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def parts_of(address: str) -> SplitResult:
    """The parts of an address; of one that cannot be read, none."""
    try:
        return urlsplit(address.strip())
    except ValueError:
        return SplitResult("", "", "", "", "")


def leads_to_file(path: str) -> bool:
    """Whether a path leads to a file (a PDF, a recording, a table), not to a page."""
    path = unquote(path)
    return bool(_FILE.search(path) or (_FILES.search(path) and not path.endswith("/")))


def make_local(root: HtmlElement, site: str, page: str, notes: ConversionNotes) -> None:
    """Turn links to pages of the old site into paths, which redirects lead to the imported articles.

    `page` is where the post was, from which its relative links start. Files are not imported: links to them keep, or get,
    the address that they have on the old site.
    """
    base = parts_of(site if "//" in site or not site else f"https://{site}")
    host = _host(base)
    base = base._replace(scheme=base.scheme or "https")
    for link in root.iter("a"):
        href = link.get("href", "").strip()
        target = parts_of(href)
        if not href or href.startswith(("#", "?")) or target.scheme not in ("", "http", "https"):
            continue
        if not target.netloc and not href.startswith("/"):
            if not page:
                continue
            target = parts_of(urljoin(page, href))
        own = not target.netloc or (_host(target) == host and target.path.startswith(base.path.rstrip("/")))
        if not own:
            continue
        if leads_to_file(target.path):
            _stay(link, target, base, notes)
            continue
        rest = target._replace(scheme="", netloc="").geturl()
        if (made := rest if rest.startswith("/") else "/" + rest) != href:
            link.set("href", made)
            notes.changed["links to the old address made links within the site"] += 1


def _stay(link: HtmlElement, target: SplitResult, base: SplitResult, notes: ConversionNotes) -> None:
    """Have a link to a file lead to the old site."""
    if not base.netloc and not target.netloc:
        notes.lost[
            "links to files of the old site, whose address is not known (give it with --site): they lead nowhere"
        ] += 1
        return
    if not target.netloc:
        target = target._replace(scheme=base.scheme, netloc=base.netloc)
        link.set("href", target.geturl())
    if _PICTURE.search(target.path) and next(link.iterdescendants("img", "picture"), None) is not None:
        link.set("data-own-file", "yes")  # mostly the larger version of a picture, which is fetched with it
        return
    notes.lost["links to files of the old site (PDF, audio, …), which are not imported: they still lead there"] += 1


def _host(parts: SplitResult) -> str:
    try:
        return (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def point_within_the_page(root: HtmlElement, notes: ConversionNotes) -> None:
    """Point links to a place in the text at its heading. Remove contents lists, and links that lead nowhere."""
    _drop_contents(root, notes)
    anchors, above = _anchors(root)
    for link in list(root.iter("a")):
        href = (link.get("href") or "").strip()
        if href.startswith("#") and _WAY_BACK.fullmatch(link.text_content().strip()):
            link.drop_tree()
            continue
        name = unquote(href[1:])
        if href.startswith("#") and name and (anchor := anchors.get(name) or above.get(name)):
            link.set("href", "#" + anchor)
            if name not in anchors:
                notes.changed["links to a place in the text lead to the heading above it"] += 1
        elif not href or href.startswith("#") or href.lower().startswith("data:"):
            if href and link.text_content().strip():
                notes.lost["links within a page that lead to no heading (their words are kept)"] += 1
            link.drop_tag()


def _anchors(root: HtmlElement) -> tuple[dict[str, str], dict[str, str]]:
    """The anchors that headings will have by the names they had, and those of the headings above other named places."""
    anchors: dict[str, str] = {}
    guessed: dict[str, str] = {}
    above: dict[str, str] = {}
    numbers = Counter[str]()
    current, inside = "", frozenset[HtmlElement]()
    for element in root.iter():
        if element.tag in _HEADINGS:
            text = element.text_content()
            base = slug_of(text, ANCHOR, otherwise="section")
            numbers[base] += 1
            current = base if numbers[base] == 1 else f"{base}-{numbers[base]}"
            inside = frozenset(element.iter())
            for guess in (base, re.sub(r"[^\w\s-]", "", text.strip().lower()).replace(" ", "-")):
                guessed.setdefault(guess if numbers[base] == 1 else f"{guess}-{numbers[base] - 1}", current)
        for name in filter(None, (element.get("id"), element.get("name"))):
            if element in inside:
                anchors.setdefault(name, current)
            elif current:
                above.setdefault(name, current)
            elif (heading := _heading_in(element)) is not None:  # a section that is named before its heading
                above.setdefault(name, slug_of(heading.text_content(), ANCHOR, otherwise="section"))
    return guessed | anchors, above


def _heading_in(element: HtmlElement) -> HtmlElement | None:
    return next(element.iterdescendants(*_HEADINGS), None) if element.tag in ("div", "section", "article") else None


def _drop_contents(root: HtmlElement, notes: ConversionNotes) -> None:
    for listing in list(root.iter("ul", "ol")):
        links = listing.findall(".//a")
        words = sum(len(link.text_content().strip()) for link in links)
        inside = all((link.get("href") or "").startswith("#") for link in links) and _is_no_footnote(links)
        if inside and words >= 0.9 * len("".join(listing.text_content().split())) and listing.getparent() is not None:
            listing.drop_tree()
            notes.changed["contents lists removed: the page makes its own"] += 1


def _is_no_footnote(links: list[HtmlElement]) -> bool:
    """Whether there are several links, none of which leads to or from a footnote."""
    return len(links) > 1 and not any(
        (a.get("href") or "").startswith(("#fn", "#_ftn", "#cite", "#ref", "#easy-footnote")) for a in links
    )
