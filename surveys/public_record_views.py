"""The public record: the ledger, receipts, the openings after the release, and a program to check them with."""

import csv
import json
import re
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.pagecache import public
from surveys import keys, public_record
from surveys.models import Season

VERIFIER = Path(__file__).parent / "verifier" / "verify.py"


@require_safe
@public
def ledger_show(request: HttpRequest, season: str) -> HttpResponse:
    """The signed tree heads of a season and how to check them."""
    return render(request, "surveys/ledger.html", public_record.ledger_page(_season(season)))


@require_safe
@public
def ledger_json(_request: HttpRequest, season: str) -> HttpResponse:
    """Every leaf in order and every signed head."""
    return JsonResponse(public_record.ledger_document(_season(season)))


@require_safe
@public
def review_json(_request: HttpRequest, season: str) -> HttpResponse:
    """What the signals of stuffing were and what was decided on them."""
    return JsonResponse(public_record.review_document(_season(season)))


@require_safe
@public
def ballots_csv(_request: HttpRequest, season: str) -> HttpResponse:
    """The opened ballots of released categories, in the ledger's order, which says nothing of who cast them."""
    found = _season(season)
    if not found.categories.released().exists():
        raise Http404("Ballots are opened when the results are released.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}-ballots.csv"'
    writer = csv.writer(response)
    writer.writerow(["index", "receipt", "category", "choice", "nonce", "state", "reason", "weight", "jury"])
    for row in public_record.opened_ballots(found):
        writer.writerow([*row[:3], json.dumps(row[3], ensure_ascii=False), *row[4:]])
    return response


@require_safe
@public
def verifier(_request: HttpRequest, season: str) -> HttpResponse:
    """A program that checks the record with nothing but Python; this copy knows our key."""
    _season(season)
    program = VERIFIER.read_text().replace('KEY = ""', f'KEY = "{keys.public_key()}"', 1)
    response = HttpResponse(program, content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


@require_safe
@public
def receipt_show(request: HttpRequest, receipt: str) -> HttpResponse:
    """Where the ballot behind a receipt stands in the ledger, with the proof."""
    if not re.fullmatch(r"[0-9a-f]{64}", receipt):
        raise Http404("A receipt has 64 characters, 0 to 9 and a to f.")
    found = public_record.receipt_page(bytes.fromhex(receipt))
    if found is None:
        raise Http404("No ballot has this receipt.")
    return render(request, "surveys/receipt.html", found)


def _season(slug: str) -> Season:
    return get_object_or_404(Season.objects.public(), slug=slug)
