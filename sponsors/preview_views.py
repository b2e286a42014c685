"""Ads as they will stand on a page or in a mail: by signed link for those who work on one, and as samples in the media kit."""

import re

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.lib.signing import BadToken, read_token
from core.pagecache import public
from sponsors import previews
from sponsors.models import CreativeVersion, PackageItem, PlacementKind
from sponsors.models.creatives import LOOK
from sponsors.placements import LABEL, Placement, placement_of

MAIL_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "frame-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", "http:", "https:"],
}
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_FIRST_AD = re.compile(r'<(aside|td) (class="(?:sponsor|ad)")')


@require_safe
@never_cache
def look(request: HttpRequest, token: str) -> HttpResponseBase:
    """A version as it will stand: the whole page, or the mail's HTML."""
    try:
        (pk,) = read_token(LOOK, token)
    except BadToken:
        raise Http404("This preview is not there any more. Open the page of the ad again.") from None
    versions = CreativeVersion.objects.select_related("creative__kind", "creative__booking__sponsor")
    version = get_object_or_404(versions, pk=pk)
    return shown(request, version.creative.kind, placement_of(version))


@require_safe
@public
def sample(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A place with an ad of nobody in it, for the frames of the media kit."""
    sold = PackageItem.objects.filter(package__on_sale=True).values("kind")
    kind = get_object_or_404(PlacementKind.objects.filter(pk__in=sold), slug=slug)
    return shown(request, kind, sample_of(kind))


def sample_of(kind: PlacementKind) -> Placement:
    """An ad that says what could stand in a place."""
    width, height = kind.sizes[0] if kind.sizes else (None, None)
    words = f"Some lines about what you make, and for whom: {kind.body_limit} characters of plain words, read beside our own."
    return Placement(
        sponsor_name="Your company",
        label=LABEL,
        headline=f"Your headline, in up to {kind.headline_limit} characters"[: kind.headline_limit],
        body=words[: kind.body_limit],
        image_url=static("img/sample-ad.svg") if kind.sizes else "",
        image_alt="Your image",
        image_width=width,
        image_height=height,
        link_url=settings.SITE_URL + reverse("sponsors:media-kit"),
        click_url=reverse("sponsors:media-kit"),
        claim_id=0,
        tier="",
        version_id=0,
    )


def shown(request: HttpRequest, kind: PlacementKind, placement: Placement) -> HttpResponseBase:
    """An ad in its place, without scripts: nothing is counted, and nothing moves on. It can be jumped to, as `#ad`."""
    found = previews.preview(kind.channel, placement)
    if found is None:
        raise Http404("Nobody shows ads there.")
    html = _FIRST_AD.sub(r'<\1 id="ad" \2', _SCRIPT.sub("", found.html), count=1)

    def answer(_request: HttpRequest) -> HttpResponseBase:
        return HttpResponse(html, headers={"X-Robots-Tag": "noindex"})

    return csp_replace(MAIL_POLICY)(answer)(request) if kind.is_mail else answer(request)
