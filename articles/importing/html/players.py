"""Players that only a plug-in or a script could show (`object`, `embed`, gists), replaced by their addresses."""

import re
from html import escape, unescape
from urllib.parse import urlsplit

from articles.importing.html.delimited import replace_pairs
from articles.importing.html.embeds import embed_url, web_url
from articles.importing.posts import ConversionNotes

_OBJECT = re.compile(r"<object\b[^<>]*>", re.IGNORECASE)
_EMBED = re.compile(r"<embed\b[^<>]*>(?:\s*</embed\s*>)?", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^<>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)
_ADDRESS = re.compile(
    r"""(?<![\w-])(?:src|data|value|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE
)
_INNER = re.compile(r"</?(?:param|embed|object)\b[^<>]*>", re.IGNORECASE)
# Scripts that only dress up or measure what the page holds as well.
_DRESSING = re.compile(
    r"(?:^|\.)(?:twitter\.com|x\.com|instagram\.com|facebook\.net|tiktok\.com|bsky\.app|threads\.net|flickr\.com|imgur\.com|"
    r"pinterest\.com|google-analytics\.com|googletagmanager\.com|googlesyndication\.com|doubleclick\.net|disqus\.com|"
    r"jsdelivr\.net|cloudflare\.com|unpkg\.com|googleapis\.com|reddit\.com|redditmedia\.com|addthis\.com|jquery\.com|mathjax\.org)$"
)


def with_players(html: str, notes: ConversionNotes) -> str:
    """The HTML with a line for the address of each such player; what has none is left for the cleaner."""
    lowered = html.lower()
    if "<object" in lowered:
        html = replace_pairs(
            html, _OBJECT, lambda _: r"</object\s*>", lambda match, inside, whole: _player(whole, inside, notes)
        )
    if "<embed" in lowered:
        html = _EMBED.sub(lambda match: _player(match[0], "", notes) or match[0], html)
    if "<script" in lowered:
        html = replace_pairs(
            html, _SCRIPT, lambda _: r"</script\s*>", lambda match, _, whole: _script(match, whole, notes)
        )
    return html


def _player(whole: str, inside: str, notes: ConversionNotes) -> str:
    if "wp-block-file__embed" in whole:  # the link to the file follows
        return ""
    addresses = [unescape("".join(groups)).strip() for groups in _ADDRESS.findall(whole)]
    if known := next(filter(None, map(embed_url, addresses)), None):
        return f"<p>{escape(known, quote=False)}</p>"
    written = _INNER.sub("", inside)
    for address in addresses:
        if (web_url(address) or re.match(r"/(?!/)\S+\.\w+", address)) and "macromedia.com" not in address:
            if address in written:
                return written
            notes.lost["old players that are not on the list of embeds became links"] += 1
            label = address.rsplit("/", 1)[-1].split("?")[0] or address
            return f'<p><a href="{escape(address)}">{escape(label, quote=False)}</a></p>{written}'
    return written if re.sub(r"<[^<>]*>|\s", "", written) or "<img" in written else whole


def _script(match: re.Match[str], whole: str, notes: ConversionNotes) -> str:
    found = _SOURCE.search(match[0])
    address = web_url(unescape("".join(filter(None, found.groups())))) if found else None
    if not address:
        return whole
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in ("gist.github.com", "asciinema.org"):
        page = re.sub(r"\.js$", "", f"https://{host}{parts.path}")
        notes.changed["code kept elsewhere (gists, asciicasts) became links"] += 1
        return f'<p><a href="{escape(page)}">{escape(page, quote=False)}</a></p>'
    if not _DRESSING.search(host):
        notes.lost[f"what a script of {host} showed"] += 1
    return whole
