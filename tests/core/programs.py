"""A program that uses the API with a key."""

from django.test import Client

import cms.api  # noqa: F401 - by which each part says what keys can be good for
from core.api import keys
from core.models import User
from tests.articles import factories


class Program:
    """Asks as a key's holder; writes go as JSON, with the ETag of what was read last if there is one."""

    def __init__(self, key):
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def get(self, path, **headers):
        return self.client.get(f"/api/v1/desk/{path}", headers=headers)

    def post(self, path, data=None, **headers):
        return self.send("post", path, data, headers)

    def patch(self, path, data=None, **headers):
        return self.send("patch", path, data, headers)

    def delete(self, path, **headers):
        return self.send("delete", path, None, headers)

    def send(self, method, path, data, headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        call = getattr(self.client, method)
        return call(f"/api/v1/desk/{path}", data or {}, content_type="application/json", headers=named)


def program(role="administrator", *scopes, **key):
    """A program with a key for somebody of that role; for all parts, if none is named."""
    account = factories.user(role)
    account.name = f"Ada of {role}"
    account.save()
    every = [scope for scope, _ in keys.scopes()]
    values = {"name": "script", "by": account, "expires_at": None, **key}
    row, text = keys.make(account=account, scopes=list(scopes) or every, **values)
    found = Program(text)
    found.row, found.key, found.account = row, text, User.objects.get(pk=account.pk)
    return found
