"""A write that is sent again with the same Idempotency-Key is done once, and answered the same, for a day.

The row is made in the transaction of the write itself: who sends the same meanwhile waits for it in the database, and a
write that failed leaves none.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from psycopg.pq import TransactionStatus

from core.api import keys
from core.api.problems import CONTENT_TYPE, document_of
from core.api.throttles import counted
from core.lib import batches
from core.lib.forms import client_address
from core.lib.networks import network_of
from core.models import ApiKey, KeptAnswer

FIELD = "Idempotency-Key"
KEPT_FOR = timedelta(days=1)
LONGEST = 255
LONGEST_WITHOUT_KEY = 5 * 1024 * 1024  # bytes of a body, which is read before it is known who may send it
KEPT = frozenset(
    {*range(200, 300), 400, 422}
)  # other refusals hold for now only, and those of anybody are not worth a row
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Retry-After", "Cache-Control", "WWW-Authenticate", "Allow")


def answered_once(request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponseBase:
    """The answer to a request, from an earlier one with the same key if there is one."""
    key = request.headers.get(FIELD, "")
    if not key or request.method not in WRITES:
        return get_response(request)
    if len(key) > LONGEST:
        return _refused(400, f"An {FIELD} has at most {LONGEST} characters.")
    row, is_wrong = _key_of(request)
    if is_wrong:
        return get_response(request)  # which refuses the key
    if refusal := _limited(request, row):
        return refusal
    who = f"key {row.pk}" if row else network_of(client_address(request))
    name = _digest(who, request.method or "", request.get_full_path(), key)
    asked = _digest(request.META.get("CONTENT_TYPE", ""), request.headers.get("If-Match", ""), body=request.body)
    with transaction.atomic():
        if not _claim(name, asked):
            return _again(name, asked)
        with transaction.atomic():
            response = get_response(request)
            if response.status_code >= 500 or _is_broken():
                transaction.set_rollback(True)
        if response.status_code in KEPT:
            _keep(name, response)
        else:
            KeptAnswer.objects.filter(key=name).delete()
    return response


def _is_broken() -> bool:
    """Whether the database refused something in this transaction, so that it takes nothing more."""
    return bool(connection.connection.info.transaction_status == TransactionStatus.INERROR)


def _key_of(request: HttpRequest) -> tuple[ApiKey | None, bool]:
    """The key of the API that came with a request, if any, and whether what came is none that works."""
    given = request.headers.get("Authorization", "")
    row = keys.find(given.partition(" ")[2].strip()) if given else None
    if row:
        keys.note_use(row)  # here, so that its row is not held as long as the request takes
    return row, bool(given and row is None)


def _limited(request: HttpRequest, row: ApiKey | None) -> HttpResponseBase | None:
    """The refusal of a request that comes too often or is too long. It is counted outside the transaction, which would make
    all requests of one key or network wait for each other."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE if row else LONGEST_WITHOUT_KEY):
        return _refused(413, f"This is too long to be sent with an {FIELD}.")
    allowance = counted(request, row)
    if allowance is None or allowance.used <= allowance.limit:
        return None
    response = _refused(429, f"Too many requests. Try again in {allowance.ends_in} seconds.")
    response["Retry-After"] = str(allowance.ends_in)
    return response


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
