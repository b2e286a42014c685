"""Media in a bucket that speaks S3 instead of in a folder that hosts share."""

from typing import Any
from urllib.parse import quote, urljoin

from django.conf import settings
from storages.backends.s3 import S3Storage

UNCHANGING = "images/"  # whose names change with their content


class MediaBucket(S3Storage):
    """django-storages', but addresses stay those of MEDIA_URL: of the site, or of a CDN that fetches from the bucket.

    What pages that were rendered before say stays true, and no address is signed or runs out.
    """

    def url(self, name: str | None, *_signed: Any, **_parameters: Any) -> str:
        return urljoin(settings.MEDIA_URL, quote((name or "").lstrip("/")))

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        lasting = (
            "public, max-age=31536000, immutable"
            if name.removeprefix(self.location).startswith(UNCHANGING)
            else "public, max-age=3600"
        )
        return {**super().get_object_parameters(name), "CacheControl": lasting}
