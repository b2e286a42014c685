"""The page on which the steward says what names that voters wrote in count as: no voter, no ballot and no number is on it."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.lib.text import one_line, whole_number
from core.transitions import TransitionRefused
from surveys import papers, write_ins
from surveys.admin.actions import by
from surveys.choices import TEXT_LIMIT, WRITTEN, folded
from surveys.models import AwardCategory, WriteIn

PER_PAGE = 50
OWN_NAME, WITHHELD = "+name", "+withheld"  # no slug begins with a plus


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """List the names, those that wait first; on POST decide on each that something was chosen for."""
    category = get_object_or_404(AwardCategory.objects.select_related("season"), pk=pk)
    if not desk.has_change_permission(request, category):
        raise PermissionDenied
    rows = _rows(category)
    shown = Paginator(rows, PER_PAGE).get_page(whole_number(request.GET.get("page", "")) or 1)
    errors = 0
    if request.method == "POST":
        errors = _decide(request, list(shown), rows)
        if not errors:
            return HttpResponseRedirect(reverse("admin:surveys_awardcategory_write-ins", args=[pk]))
    decided = write_ins.rulings(category)
    context = {
        "title": "What was written in",
        "opts": desk.opts,
        "category": category,
        "rows": shown,
        "waiting": sum(not row["ruling"] for row in rows),
        "errors": errors,
        "nominees": papers.nominees_of(category),
        "own_names": sorted(set(write_ins.named(decided).values())),
        "is_counted": hasattr(category, "tally"),
        "limit": TEXT_LIMIT,
        "own_name": OWN_NAME,
        "withheld": WITHHELD,
    }
    status = 400 if errors else 200
    return render(
        request, "admin/surveys/write_ins.html", desk.admin_site.each_context(request) | context, status=status
    )


def _rows(category: AwardCategory) -> list[dict[str, Any]]:
    """Each name with what was decided of it, in the order of the alphabet, those that wait first."""
    if category.closed_at is None:
        return []
    decided = write_ins.rulings(category)
    names = {nominee.slug: nominee.name for nominee in papers.nominees_of(category)}
    keys = [key.removeprefix(WRITTEN) for key in write_ins.written_in(category)]
    found = [_row(each, decided.get(WRITTEN + each.key), names) for each in category.written_names.filter(key__in=keys)]
    return sorted(found, key=lambda row: (row["ruling"] is not None, folded(row["written"].text)))


def _row(written: WriteIn, ruling: write_ins.Ruling | None, names: dict[str, str]) -> dict[str, Any]:
    if ruling is None:
        like = write_ins.looks_like(written.text, names)
        return {
            "written": written,
            "ruling": None,
            "as": "",
            "was": "",
            "like": like,
            "like_name": names.get(like),
            "name": written.text,
            "reason": "",
        }
    as_ = WITHHELD if ruling.is_withheld else OWN_NAME if ruling.counts_as.startswith(WRITTEN) else ruling.counts_as
    name = ruling.name if as_ == OWN_NAME else written.text
    row = {"written": written, "ruling": ruling, "as": as_, "like": "", "name": name, "reason": ruling.reason}
    return row | {"was": _said(as_, name, ruling.reason)}


def _said(as_: str, name: str, reason: str) -> str:
    """What a row says, for its form to tell what it said as it was shown; "" where nothing is decided."""
    return json.dumps([as_, one_line(name) if as_ == OWN_NAME else "", one_line(reason)]) if as_ else ""


def _decide(request: HttpRequest, shown: list[dict[str, Any]], rows: list[dict[str, Any]]) -> int:
    """Decide on the rows that were changed on the page; return how many were refused. What one lacks stops no other."""
    done = refused = 0
    by_key = {row["written"].key: row for row in rows}
    for key in request.POST.getlist("key"):
        row, chosen = by_key.get(key), request.POST.get(f"as-{key}", "")
        if row is None:
            continue
        name, reason = request.POST.get(f"name-{key}", ""), request.POST.get(f"reason-{key}", "")[:200]
        was, said = request.POST.get(f"was-{key}", ""), _said(chosen, name, reason)
        if said in (was, row["was"]):
            continue
        if was != row["was"]:
            row["error"] = write_ins.DECIDED_MEANWHILE
            refused += 1
            continue
        if not chosen:
            row["error"] = "A decision is changed by another one; it is not taken back."
            refused += 1
            continue
        row |= {"as": chosen, "name": name, "reason": reason}
        try:
            done += write_ins.rule(
                row["written"],
                nominee="" if chosen in (OWN_NAME, WITHHELD) else chosen,
                name=name if chosen == OWN_NAME else "",
                withhold=chosen == WITHHELD,
                reason=reason,
                by=by(request),
                knowing=[row["ruling"]],
            )
        except TransitionRefused as refusal:
            row["error"] = str(refusal)
            refused += 1
    if done:
        messages.success(
            request, f"{done} {'name is' if done == 1 else 'names are'} decided on. The ledger holds it, sealed."
        )
    return refused
