"""A write that is sent again with the same Idempotency-Key is done once, and answered the same, for a day.

The row is made in the transaction of the write itself: who sends the same meanwhile waits for it in the database, and a
write that failed leaves none.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from psycopg.pq import TransactionStatus

from core.api import keys
from core.api.problems import CONTENT_TYPE, document_of
from core.lib import batches
from core.lib.forms import client_address
from core.lib.networks import network_of
from core.models import KeptAnswer

FIELD = "Idempotency-Key"
KEPT_FOR = timedelta(days=1)
LONGEST = 255
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Retry-After", "Cache-Control", "WWW-Authenticate", "Allow")


def answered_once(request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponseBase:
    """The answer to a request, from an earlier one with the same key if there is one."""
    key = request.headers.get(FIELD, "")
    if not key or request.method not in WRITES:
        return get_response(request)
    if len(key) > LONGEST:
        return _refused(400, f"An {FIELD} has at most {LONGEST} characters.")
    who = _who(request)
    if who is None:
        return get_response(request)  # which refuses the key
    name = _digest(who, request.method or "", request.get_full_path(), key)
    asked = _digest(request.META.get("CONTENT_TYPE", ""), body=request.body)
    with transaction.atomic():
        if not _claim(name, asked):
            return _again(name, asked)
        with transaction.atomic():
            response = get_response(request)
            if response.status_code >= 500 or _is_broken():
                transaction.set_rollback(True)
        if response.status_code >= 500 or response.status_code == 429:
            KeptAnswer.objects.filter(key=name).delete()
        else:
            _keep(name, response)
    return response


def _is_broken() -> bool:
    """Whether the database refused something in this transaction, so that it takes nothing more."""
    return bool(connection.connection.info.transaction_status == TransactionStatus.INERROR)


def _who(request: HttpRequest) -> str | None:
    """Whose request it is: the key's, or the network's; None if its key does not work."""
    given = request.headers.get("Authorization", "")
    if not given:
        return network_of(client_address(request))
    row = keys.find(given.partition(" ")[2].strip())
    return f"key {row.pk}" if row else None


def _digest(*texts: str, body: bytes = b"") -> str:
    return sha256("\0".join(texts).encode() + b"\0" + body).hexdigest()


def _claim(name: str, asked: str) -> bool:
    """Whether this request is the first. A second one waits here until the first has ended."""
    now = timezone.now()
    KeptAnswer.objects.filter(key=name, made_at__lt=now - KEPT_FOR).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_keptanswer (key, asked, headers, body, made_at) VALUES (%s, %s, '{}', '', %s)"
            " ON CONFLICT (key) DO NOTHING RETURNING key",
            [name, asked, now],
        )
        return cursor.fetchone() is not None


def _again(name: str, asked: str) -> HttpResponseBase:
    row = KeptAnswer.objects.get(key=name)
    if row.asked != asked:
        return _refused(422, f"This {FIELD} was used for another request. Use a new one for each.")
    headers = {**row.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(bytes(row.body), status=row.status, headers=headers)


def _keep(name: str, response: HttpResponseBase) -> None:
    headers = {each: response[each] for each in KEPT_HEADERS if each in response.headers}
    body = getattr(response, "content", b"")
    KeptAnswer.objects.filter(key=name).update(status=response.status_code, headers=headers, body=body)


def _refused(status: int, words: str) -> HttpResponseBase:
    return JsonResponse(document_of(status, words), status=status, content_type=CONTENT_TYPE)


def delete_old() -> int:
    """Delete what is kept for longer than a day; return how many."""
    return batches.delete(KeptAnswer.objects.filter(made_at__lt=timezone.now() - KEPT_FOR))
