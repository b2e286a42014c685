"""Media in a bucket: the same addresses, the same pictures, and headers that let caches keep them."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from cms.ops.buckets import Bucket
from tests.articles import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(s3, settings):
    settings.MEDIA_BUCKET = s3.address
    backend = {"BACKEND": "core.lib.media_bucket.MediaBucket", "OPTIONS": Bucket(s3.address).storage()}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return s3


def test_a_picture_lies_in_the_bucket_and_keeps_its_address_here(bucket, client):
    picture = factories.image()
    assert default_storage.url(picture.file) == f"/media/{picture.file}"
    stored = bucket.get_object(Bucket=bucket.bucket, Key=f"site/{picture.file}")
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"
    answer = client.get(f"/media/{picture.file}")
    assert b"".join(answer.streaming_content) == stored["Body"].read()
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/webp", "max-age=31536000")
    tag = {"If-None-Match": answer["ETag"]}
    assert client.get(f"/media/{picture.file}", headers=tag).status_code == 304
    assert client.head(f"/media/{picture.file}")["Content-Length"] == answer["Content-Length"]
    bucket.put_object(Bucket=bucket.bucket, Key="site/backups/site.tar", Body=b"x")
    for path in ("images/none.webp", "../site/secret", "%2e%2e/x", "backups/site.tar", "images/../backups/site.tar"):
        assert client.get(f"/media/{path}").status_code == 404


def test_a_name_that_the_bucket_refuses_to_speak_of_is_not_there(bucket, client, http_server, settings):
    http_server.answers = [403]
    host = http_server.url.removeprefix("http://")
    options = Bucket(f"s3+http://key:secret@{host}/media/site?region=us-east-1").storage()
    backend = {"BACKEND": "core.lib.media_bucket.MediaBucket", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    assert client.get("/media/images/none.webp").status_code == 404
    assert http_server.requests


def test_what_may_change_is_kept_for_an_hour_and_a_cdn_is_named(bucket, settings):
    settings.MEDIA_URL = "https://cdn.example/pictures/"
    name = default_storage.save("files/terms and conditions.txt", ContentFile(b"x"))
    assert default_storage.url(name) == f"https://cdn.example/pictures/{name.replace(' ', '%20')}"
    assert bucket.get_object(Bucket=bucket.bucket, Key=f"site/{name}")["CacheControl"] == "public, max-age=3600"


def test_a_second_file_of_one_name_leaves_the_first_alone(bucket):
    first, second = (default_storage.save("nominees/logo.png", ContentFile(content)) for content in (b"1", b"2"))
    assert [default_storage.open(name).read() for name in (first, second)] == [b"1", b"2"]


def test_readiness_looks_into_the_bucket(bucket, client):
    picture = factories.image()
    assert client.get("/readyz").json()["media"] == "ok"
    bucket.delete_object(Bucket=bucket.bucket, Key=f"site/{picture.file}")
    assert client.get("/readyz").json()["media"] == "the newest picture is not in MEDIA_BUCKET"
