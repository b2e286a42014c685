"""Old addresses of an export, led to the pages that took their place."""

import re
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve, reverse

from articles.importing.reporting import Report
from articles.models import Publication, Redirect
from articles.redirecting import SHORT_LINK, redirect_path


def redirect_old(old: str, new: str, report: Report) -> None:
    """Redirect an old address to a page of this site, unless it is that page or another one's."""
    path = old_path(old)
    if not path or path.rstrip("/") == new.rstrip("/") or _is_page(path):
        return
    before = Redirect.objects.filter(path=path).values_list("target", flat=True).first()
    if before == new:
        return
    if before and _is_page(before):
        report.left[f"the old address {path[:200]} leads to {before} already, and goes on to do so"] += 1
        return
    try:
        made = redirect_path(path, new)
    except ValidationError as error:
        report.left[f"the old address {path[:200]} cannot be redirected: {' '.join(error.messages)}"] += 1
    else:
        report.redirects += made is not None


def old_path(address: str) -> str:
    """The path of an old address as requests will name it, WordPress's short links with their number; empty for the front page."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
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


def _is_page(path: str) -> bool:
    """Whether a published article lives at a path."""
    try:
        slug = resolve(path).kwargs.get("slug")
    except Resolver404:
        return False
    return (
        slug is not None
        and Publication.objects.filter(slug=slug).exists()
        and reverse("articles:article", args=[slug]) == path
    )
