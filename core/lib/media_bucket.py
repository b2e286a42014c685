"""Media in a bucket that speaks S3 instead of in a folder that hosts share."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urljoin

from botocore.exceptions import ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

UNCHANGING = "images/"  # whose names change with their content


class MediaBucket(S3Storage):
    """django-storages', but addresses stay those of MEDIA_URL: of the site, or of a CDN that fetches from the bucket.

    What pages that were rendered before say stays true, and no address is signed or runs out.
    """

    def url(self, name: str | None, *_signed: Any, **_parameters: Any) -> str:
        return urljoin(settings.MEDIA_URL, quote((name or "").lstrip("/")))

    def fetched(self, name: str, *, with_body: bool, known: str = "") -> dict[str, Any] | None:
        """What boto3 answers for a file, its Body a stream; None where the entity tag `known` is still right.

        Raises FileNotFoundError where it is not there. A bucket that we may not list refuses a name that it does not have.
        """
        client = self.connection.meta.client
        ask = client.get_object if with_body else client.head_object
        condition = {"IfNoneMatch": known} if known else {}
        try:
            answer: dict[str, Any] = ask(
                Bucket=self.bucket_name, Key=self._normalize_name(clean_name(name)), **condition
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == HTTPStatus.NOT_MODIFIED:
                return None
            if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise FileNotFoundError(name) from error
            raise
        return answer

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        lasting = (
            "public, max-age=31536000, immutable"
            if name.removeprefix(self.location).startswith(UNCHANGING)
            else "public, max-age=3600"
        )
        return {**super().get_object_parameters(name), "CacheControl": lasting}
