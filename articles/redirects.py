"""Redirects from old addresses, each a single hop to where a page is now; their import, export and middleware."""

import csv
import io
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from articles.links import is_move
from articles.models import Redirect
from core import doorbell
from core.cdn_purge import purge
from core.lib.cachetags import with_tags
from core.lib.text import storable
from core.pagecache import bump, public

REDIRECTS = "redirects"

# The short links of WordPress, which live on in mails and posts: /?p=123.
SHORT_LINK = re.compile(r"(?:p|page_id)=\d{1,15}")


@transaction.atomic
def redirect_path(path: str, target: str, *, automatic: bool = False) -> Redirect | None:
    """Redirect an old address to a new one permanently. Redirects to the old one then go straight to the new one.

    None if both are the same page. Raises ValidationError for an invalid address.
    """
    bump()  # which locks out others who change redirects: two at once could form a loop
    target = target.removeprefix(settings.SITE_URL) or "/"
    onward = redirect_at(target)
    if onward and path not in _rows_asked(onward.target):
        target = onward.target
    if target == path or path in _rows_asked(target):
        return None
    Redirect.objects.filter(path__in=_rows_asked(target)).delete()
    Redirect.objects.filter(target=path).exclude(path=target).update(target=target)
    row = Redirect.objects.filter(path=path).first() or Redirect(path=path)
    row.target, row.automatic = target, automatic
    row.is_followed = not (automatic and is_move(path, target))
    row.full_clean(validate_unique=False)
    row.save()
    purge(REDIRECTS)
    if not row.is_followed:
        doorbell.ring("articles.tasks.follow_moved")
    return row


def redirect_at(address: str) -> Redirect | None:
    """The redirect that answers a request for an address where there is no page."""
    return Redirect.objects.filter(path__in=_rows_asked(address)).first()


def _rows_asked(address: str) -> set[str]:
    """The paths under which a redirect from an address may be stored; none for an address of another site."""
    parts = urlsplit(address)
    if parts.netloc:
        return set()
    path = unquote(parts.path)
    slashed = path if path.endswith("/") or "." in path else f"{path}/"
    return {path, slashed, f"{parts.path}?{parts.query}" if parts.query else path}


def free_path(path: str) -> None:
    """Remove the redirect at an address that has a page again."""
    if Redirect.objects.filter(path=path).delete()[0]:
        bump()
        purge(REDIRECTS)


def import_redirects(text: str) -> int:
    """Import redirects from CSV lines "from,to"; return how many. All or nothing: ValidationError names wrong lines."""
    problems, count = [], 0
    with transaction.atomic():
        for number, row in enumerate(_csv_rows(text), 1):
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells == ["from", "to"]:
                continue
            try:
                if len(cells) != 2:
                    raise ValidationError("write the old address, a comma and the new one")
                redirect_path(*cells)
                count += 1
            except ValidationError as error:
                problems.append(f"Line {number}: {' '.join(error.messages)}")
        if problems:
            raise ValidationError(problems)
    return count


def _csv_rows(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(storable(text))))
    except csv.Error as error:
        raise ValidationError(f"This cannot be read as CSV: {error}.") from None


def export_redirects() -> str:
    """All redirects as CSV, as `import_redirects` reads it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["from", "to"])
    writer.writerows(Redirect.objects.values_list("path", "target"))
    return out.getvalue()


class RedirectMiddleware:
    """Redirects requests for addresses that have no page, and short links of an older site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/" and SHORT_LINK.fullmatch(request.META.get("QUERY_STRING", "")):
            moved = Redirect.objects.filter(path=request.get_full_path()).first()
            return _onward(request, moved) if moved else self.get_response(request)
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD") or "\x00" in request.path:
            return response  # PostgreSQL stores no NUL, so no redirect has one
        row = redirect_at(request.get_full_path())
        return _onward(request, row) if row else response


def _onward(request: HttpRequest, row: Redirect) -> HttpResponse:
    return public(lambda _request: with_tags(HttpResponsePermanentRedirect(row.target), REDIRECTS))(request)
