"""The pages of those who advertise, and the way from an ad to what it is for."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cms.lib.forms import client_address
from cms.lib.signing import BadToken
from sponsors import counting


@require_safe
@never_cache
def click(request: HttpRequest, token: str) -> HttpResponse:
    """From an ad on a page to where it leads; counted on the way, or not."""
    visit = counting.Visit(
        method=request.method or "",
        user_agent=request.headers.get("User-Agent", ""),
        address=client_address(request),
        purpose=f"{request.headers.get('Purpose', '')} {request.headers.get('Sec-Purpose', '')}",
        is_staff=request.user.is_authenticated,
    )
    try:
        destination = counting.follow(token, visit)
    except BadToken:
        raise Http404("This link is not complete.") from None
    return HttpResponseRedirect(destination, headers={"X-Robots-Tag": "noindex"})
