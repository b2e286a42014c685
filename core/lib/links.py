"""Addresses that links lead to, as people type and paste them: given their scheme, and freed of redirectors and trackers."""

import re
from urllib.parse import parse_qs, urlsplit

LONGEST = 4000
_BARE_ADDRESS = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?P<ending>[a-z]{2,24})(?P<port>:\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_FILE_ENDINGS = frozenset(
    ["aspx", "css", "csv", "doc", "docx", "gif", "htm", "html", "jpeg", "jpg", "js", "json", "md", "mp3", "mp4", "pdf", "php", "png", "svg", "txt", "webp", "xlsx", "xml", "zip"]
)  # fmt: skip
# Pages that only send on to the address in one of their parameters: whoever follows them is counted, or warned.
_REDIRECTORS = (
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}/url"), ("q", "url")),
    (re.compile(r"lm?\.facebook\.com/l\.php"), ("u",)),
    (re.compile(r"l\.instagram\.com/"), ("u",)),
    (re.compile(r"(?:[a-z0-9-]+\.)+safelinks\.protection\.outlook\.com/"), ("url",)),
    (re.compile(r"(?:www\.)?youtube\.com/redirect"), ("q",)),
    (re.compile(r"(?:www\.)?linkedin\.com/redir/redirect"), ("url",)),
    (re.compile(r"(?:www\.)?linkedin\.com/safety/go"), ("url",)),
    (re.compile(r"(?:www\.)?slack-redir\.net/link"), ("url",)),
    (re.compile(r"(?:www\.)?duckduckgo\.com/l/"), ("uddg",)),
    (re.compile(r"out\.reddit\.com/"), ("url",)),
    (re.compile(r"t\.umblr\.com/redirect"), ("z",)),
    (re.compile(r"(?:www\.)?vk\.com/away\.php"), ("to",)),
)
_TARGET = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)
# What tells one reader or one click from the others.
_CLICK = re.compile(
    r"fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid?|li_fat_id|srsltid|rb_clickid|wickedid"
    r"|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|__hs(?:tc|sc|fp)|hsctatracking|vero_(?:id|conv)|oly_(?:enc|anon)_id"
    r"|ml_subscriber(?:_hash)?|_g[al]|ref_(?:src|url)",
    re.IGNORECASE,
)
_CAMPAIGN = re.compile(r"utm_\w+", re.IGNORECASE)
_SHARED_BY = re.compile(r"(?:(?:www\.|m\.|music\.)?youtube\.com|youtu\.be|open\.spotify\.com)")  # they say so in "si"


def with_scheme(address: str) -> str:
    """The address, with https:// before a site's name that was typed without it; a file's name is left alone."""
    found = _BARE_ADDRESS.fullmatch(address.strip())
    is_site = found and (found["port"] or found["ending"].lower() not in _FILE_ENDINGS)
    return f"https://{address.strip()}" if is_site else address


def direct(address: str, *, keep_campaign: bool = False) -> str:
    """The address that is meant: with its scheme, where a redirector would have sent on to, and without trackers.

    The name of a campaign (`utm_…`) is a tracker in a text, and meant in the link of a button or an ad.
    """
    address = with_scheme(address)
    if len(address) > LONGEST or not _TARGET.fullmatch(address.strip()):
        return address
    address = address.strip()
    while target := _sent_on(address):
        address = target
    return _without_trackers(address, keep_campaign)


def _sent_on(address: str) -> str:
    """The address that a redirector leads to, empty if this is none. It is always shorter than the redirector's."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    for page, names in _REDIRECTORS:
        if page.fullmatch(host + (parts.path or "/")):
            query = parse_qs(parts.query)
            return next((query[name][0] for name in names if name in query and _TARGET.fullmatch(query[name][0])), "")
    return ""


def _without_trackers(address: str, keep_campaign: bool) -> str:
    rest, hash_mark, fragment = address.partition("#")
    page, mark, query = rest.partition("?")
    if not mark:
        return address
    host = page.split("/")[2].lower()

    def tracks(parameter: str) -> bool:
        name = parameter.partition("=")[0]
        if _CLICK.fullmatch(name) or (name == "si" and _SHARED_BY.fullmatch(host)):
            return True
        return not keep_campaign and bool(_CAMPAIGN.fullmatch(name))

    parameters = query.split("&")
    kept = [parameter for parameter in parameters if not tracks(parameter)]
    if len(kept) == len(parameters):
        return address
    return page + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment
