"""A released result as files: every figure that its page shows."""

from typing import Any

from django.conf import settings

from surveys.models import Tally
from surveys.result_view import Result

HEAD = ["table", "round", "nominee", "against", "count", "share", "rank", "winner"]


def lines_of(result: Result) -> list[list[Any]]:
    """The result, then each round and each pair, a line for each figure. The first line names the columns."""
    lines: list[list[Any]] = [HEAD]
    lines += [
        ["result", "", row["slug"], "", row["count"], row["share"] or "", row["rank"] or "", int(row["winner"])]
        for row in result.rows
    ]
    detail = Tally.objects.get(category=result.category).detail
    for number, stage in enumerate(detail["rounds"], 1):
        lines += [["round", number, slug, "", votes, "", "", ""] for slug, votes in stage["counts"].items()]
        lines.append(["round", number, "(exhausted)", "", stage["exhausted"], "", "", ""])
    for slug, against in detail["pairwise"].items():
        lines += [["pair", "", slug, other, votes, "", "", ""] for other, votes in against.items() if other != slug]
    return lines


def document_of(result: Result) -> dict[str, Any]:
    """The same as one document, with what the figures mean."""
    category, made = result.category, Tally.objects.get(category=result.category)
    names = ("slug", "name", "rank", "votes", "share", "winner")
    rows = [
        {name: row[name] for name in names if name != "votes"} | {"count": str(row["count"])} for row in result.rows
    ]
    return {
        "season": category.season.slug,
        "category": category.slug,
        "title": category.title,
        "method": made.method,
        "unit": result.unit,
        "ballots": str(made.ballots),
        "base": str(made.base),
        "note": result.note,
        "rows": rows,
        "rounds": made.detail["rounds"],
        "pairwise": made.detail["pairwise"],
        "ties": made.detail.get("ties", []),
        "reconciliation": made.reconciliation,
        "jury": made.detail.get("jury"),
        "released_at": category.released_at,
        "corrections": [
            {"reason": each["reason"], "at": each["replaced_at"], "before": _plain(each["rows"])}
            for each in result.former
        ],
        "page": settings.SITE_URL + category.get_absolute_url(),
    }


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ("slug", "name", "rank", "count", "winner")} for row in rows]
