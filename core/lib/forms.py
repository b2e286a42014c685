"""Public forms that need no cookie, and a field for the address of a website."""

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from core.lib.links import direct
from core.lib.networks import address_in
from core.lib.text import one_line, prose


def refuse_cross_site(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a POST endpoint that reader pages use without a CSRF cookie.

    There is no session to ride on, so forgery gains little; still, a browser that says it comes from another site is
    refused. Programs send neither header and are let through: rate limits and confirmations are for them.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and is_from_elsewhere(request):
            return HttpResponseForbidden("This form can only be sent from our own pages.")
        return view(request, *args, **kwargs)

    return csrf_exempt(guarded)


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether a browser says that it sends a form of another site."""
    if site := str(request.META.get("HTTP_SEC_FETCH_SITE", "")):
        return site == "cross-site"
    origin = str(request.META.get("HTTP_ORIGIN", ""))
    if origin in ("", "null"):
        return False
    try:
        return urlsplit(origin).netloc != request.get_host()
    except ValueError:  # no browser writes what cannot be parsed
        return True


def no_store(page: HttpResponse) -> HttpResponse:
    """Have no cache keep a page that is one person's."""
    page["Cache-Control"] = "no-store"
    return page


def personal(page: HttpResponse) -> HttpResponse:
    """Have no cache keep a page behind a link of somebody's own.

    What the page loads is not told its address, which would stand in the web server's log.
    """
    add_never_cache_headers(page)
    page["Referrer-Policy"] = "no-referrer"
    return page


def client_address(request: HttpRequest) -> str:
    """The address a request came from, without a port."""
    return address_of(request.META)


def address_of(environ: Mapping[str, Any]) -> str:
    """The address that a WSGI request came from, without a port.

    Each of our proxies appends the address it was called from, so the client's is as many places from the end as there
    are proxies; anything before it may be forged. If it is not an address, the proxy's own is used, which all its
    clients then share.
    """
    direct = address_in(environ.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_PROXY:
        return direct
    named = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[-settings.PROXY_HOPS :]
    return address_in(named[0]) or direct


class LineField(forms.CharField):
    """A name or a title of readers and buyers: one line that can be seen."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class ProseField(forms.CharField):
    """What readers and buyers write in several lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return prose(super().to_python(value) or "")


class WebsiteInput(forms.TextInput):
    """An input for a web address. One of type `url` would have the browser refuse what is typed without https://."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"} | (attrs or {}))


class WebsiteField(forms.URLField):
    """The address of a website, taken as links in articles are: https:// may be left out, redirectors and trackers go."""

    widget = WebsiteInput
    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(direct(value, keep_campaign=True) if isinstance(value, str) else value)


class RowsFormSet(BaseInlineFormSet):
    """A formset whose form for a new row is made once; Django makes one whenever it is asked for, four times for a page."""

    @cached_property
    def empty_form(self) -> Any:
        return super().empty_form

    @cached_property
    def media(self) -> forms.Media:
        """The media of one form, which are those of all: they are of one kind."""
        return sum((field.widget.media for field in self.empty_form.fields.values()), forms.Media())
