"""A server that speaks S3, for the tests of what lies in buckets."""

import re
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def s3(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of the server, with a `bucket` of the module's own and its `address` for settings."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    credentials = {"aws_access_key_id": "key", "aws_secret_access_key": "se/cret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **credentials)
    client.bucket = re.sub(r"[^a-z]+", "-", request.module.__name__)
    client.create_bucket(Bucket=client.bucket)
    client.address = f"s3+http://key:se%2Fcret@{host}:{port}/{client.bucket}/site?region=us-east-1"
    yield client
    server.stop()
