"""A folder in a bucket that speaks S3, for backups and media: s3://KEY:SECRET@HOST/BUCKET/FOLDER?region=…, or s3+http:// without TLS."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMES = ("s3", "s3+http")


class BucketError(Exception):
    """The bucket does not do what is asked; the text says why."""


@dataclass
class Bucket:
    """A folder of a bucket. Without KEY:SECRET, credentials are found as boto3 finds them; without HOST it is Amazon's."""

    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.name, _, folder = unquote(parts.path).strip("/").partition("/")
        self.folder = f"{folder.rstrip('/')}/" if folder else ""
        host = parts.netloc.rpartition("@")[2]
        self.options: dict[str, Any] = {"region_name": parse_qs(parts.query).get("region", [None])[0]}
        if host:
            self.options["endpoint_url"] = f"{'http' if parts.scheme == 's3+http' else 'https'}://{host}"
        if parts.username:
            self.options["aws_access_key_id"] = unquote(parts.username)
            self.options["aws_secret_access_key"] = unquote(parts.password or "")

    def shares_with(self, other: "Bucket") -> bool:
        """Whether one of the two is the other, or lies within it."""
        is_one = (self.name, self.options.get("endpoint_url")) == (other.name, other.options.get("endpoint_url"))
        return is_one and (self.folder.startswith(other.folder) or other.folder.startswith(self.folder))

    def upload(self, path: Path) -> None:
        """Copy a file there, under its own name."""
        with self._client() as client:
            client.upload_file(str(path), self.name, self.folder + path.name)

    def names(self) -> list[str]:
        """The names of the files there."""
        with self._client() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.folder)
            keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return [key.removeprefix(self.folder) for key in keys]

    def delete(self, name: str) -> None:
        with self._client() as client:
            client.delete_object(Bucket=self.name, Key=self.folder + name)

    def storage(self) -> dict[str, Any]:
        """What core.lib.media_bucket is set up with."""
        named = {name.removeprefix("aws_"): value for name, value in self.options.items() if value}
        keys = {"access_key_id": "access_key", "secret_access_key": "secret_key"}
        options = {keys.get(name, name): value for name, value in named.items()}
        return {
            "bucket_name": self.name,
            "location": self.folder,
            "querystring_auth": False,
            "default_acl": None,
            "file_overwrite": False,  # as in a folder, a second file of one name gets a name of its own
            **options,
        }

    def _client(self) -> "_Client":
        return _Client(self)


class _Client:
    """boto3's client for the block; what it raises becomes BucketError."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def __enter__(self) -> Any:
        import boto3
        from botocore.config import Config

        patience = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 4})
        return boto3.client("s3", config=patience, **self.bucket.options)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, Boto3Error | BotoCoreError | ClientError):
            raise BucketError(f"The bucket {self.bucket.name} refused: {error}") from error
