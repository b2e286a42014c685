"""Redirects from the old addresses of an export to the pages that replace them."""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from django.core.exceptions import ValidationError
from django.db.models import Q

from articles.addresses import Page, page_at
from articles.importing.load.report import Report
from articles.models import Redirect
from articles.redirects import REDIRECTS, SHORT_LINK, redirect_path
from core.cdn_purge import purge
from core.pagecache import bump


def redirect_all(old: Iterable[str], new: str, report: Report) -> None:
    """Redirect old addresses to a page of this site, except those at which a page of this site lives."""
    paths = [path for path in dict.fromkeys(map(old_path, old)) if path and path.rstrip("/") != new.rstrip("/")]
    paths = [path for path in paths if page_at(path) is not Page.SHOWN]
    if not paths:
        return
    rows = list(Redirect.objects.filter(Q(path__in=[*paths, new]) | Q(target__in=paths)).values_list("path", "target"))
    before = {path: target for path, target in rows if path in paths}
    fresh = [path for path in paths if path not in before]
    chained = {new for path, _ in rows if path == new} | {target for _, target in rows if target in fresh}
    for path in paths:
        plain = re.fullmatch(r"/[^/\s]\S{0,490}", path) and re.fullmatch(r"/|/[^/\s\\]\S*|https?://\S+", new)
        if path in before or path in chained or new in chained or not plain:
            _redirect(path, new, before.get(path), report)
            fresh = [other for other in fresh if other != path]
    made = Redirect.objects.bulk_create([Redirect(path=path, target=new) for path in fresh])
    report.redirects += len(made)
    report.trace("redirect", *((row.path, row.target) for row in made))
    if made:
        bump()
        purge(REDIRECTS)


def _redirect(path: str, new: str, before: str | None, report: Report) -> None:
    """Redirect one address that needs care: it has a redirect already, or is part of a chain of them."""
    if before == new:
        return
    if before and page_at(before) is Page.SHOWN:
        report.lost[f"the old address {path[:200]} still leads to {before}, as before"] += 1
        return
    try:
        made = redirect_path(path, new)
    except ValidationError as error:
        report.lost[f"the old address {path[:200]} cannot be redirected: {' '.join(error.messages)}"] += 1
    else:
        report.redirects += made is not None
        if made and not before:
            report.trace("redirect", (made.path, made.target))


def old_path(address: str) -> str:
    """The path of an old address, with its query for WordPress's short links; empty if it cannot be redirected."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("", "http", "https"):
        return ""
    path = unquote(parts.path)
    if re.search(r"[\s\x00-\x1f]", path) or "\ufffd" in path:
        path = quote(path if "\ufffd" not in path else unquote_to_bytes(parts.path))
    path = re.sub(r"/{2,}", "/", "/" + path.strip())
    if SHORT_LINK.fullmatch(parts.query):
        return f"{path}?{parts.query}"
    if path == "/" or parts.query or len(path) > 490:
        return ""
    return path if path.endswith("/") or "." in path else path + "/"
