"""What every template has: the site's profile and address."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.models import SiteProfile


def site(_request: HttpRequest) -> dict[str, Any]:
    """`site`: the site's profile (its `navigation` makes the header); `site_url`: where it lives.

    `profile` is the same for the frame of a page whose view has a `site` of its own, as allauth's have.
    """
    profile = SiteProfile.current()
    return {"site": profile, "profile": profile, "site_url": settings.SITE_URL}
