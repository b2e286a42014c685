"""The newsroom's calendar at the desk: a month of every part, moving what may be moved, and the link for other programs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from core import calendar_feed
from core.lib import clock, months
from core.lib.calendar import MOST, Entry, Source, Span, sources_for
from core.lib.moments import MomentField
from core.transitions import TransitionRefused

YEARS_AHEAD = 5  # a move leads no further
SHOWN_A_DAY = 6  # the others are folded
WEEK = 7


@dataclass
class Day:
    """One day of a month's page, with (source, entry) in their order."""

    date: date
    is_inside: bool  # whether it belongs to the month
    is_today: bool
    entries: list[tuple[Source, Entry]] = field(default_factory=list)

    @property
    def first(self) -> list[tuple[Source, Entry]]:
        return self.entries[:SHOWN_A_DAY]

    @property
    def others(self) -> list[tuple[Source, Entry]]:
        return self.entries[SHOWN_A_DAY:]


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """All that happens in a month, as far as this person may see it."""
    sources = _sources(request)
    first = months.asked_for(request.GET.get("month", ""), today=timezone.localdate())
    chosen = {source.name for source in sources} & set(request.GET.getlist("show"))
    shown = [source for source in sources if source.name in chosen] or sources
    days, too_many = _days(request.user, first, shown)
    query = [("show", source.name) for source in shown] if chosen else []
    context = {
        "title": f"{first:%B %Y}",
        "first_day": first,
        "days": days,
        "names": [f"{day.date:%A}" for day in days[:WEEK]],
        "is_empty": not any(day.entries for day in days),
        "sources": [(source, source in shown) for source in sources],
        "too_many": too_many,
        "earlier": _address([("month", f"{months.shifted(first, -1):%Y-%m}"), *query]),
        "later": _address([("month", f"{months.shifted(first, 1):%Y-%m}"), *query]),
        "today": _address(query),
        "back": urlencode([("month", f"{first:%Y-%m}"), *query]),
        "may_move": any(not entry.fixed for day in days for _, entry in day.entries),
    }
    return render(request, "admin/calendar/month.html", admin.site.each_context(request) | context)


def _sources(request: HttpRequest) -> list[Source]:
    if not (sources := sources_for(request.user)):
        raise PermissionDenied
    return sources


def _days(user: Any, first: date, shown: Iterable[Source]) -> tuple[list[Day], list[str]]:
    """The whole weeks that a month touches, and the sources that have more than is shown."""
    start = first - timedelta(days=first.weekday())
    end = months.shifted(first, 1) - timedelta(days=1)
    end += timedelta(days=WEEK - 1 - end.weekday())
    today, number = timezone.localdate(), (end - start).days + 1
    dates = [start + timedelta(days=offset) for offset in range(number)]
    days = {day: Day(day, day.month == first.month, day == today) for day in dates}
    too_many = []
    for source in shown:
        found = list(source.between(user, Span(start, end)))
        too_many += [source.plural] if len(found) >= MOST else []
        for entry in found:
            days[entry.local_day].entries.append((source, entry))
    for day in days.values():
        day.entries.sort(key=lambda each: (each[1].at is not None, each[1].when))
    return list(days.values()), too_many


def _address(query: Any) -> str:
    page = reverse("calendar")
    return f"{page}?{urlencode(query)}" if query else page


def _is_near(when: date) -> bool:
    return abs(when.year - timezone.localdate().year) <= YEARS_AHEAD


class MoveForm(forms.Form):
    """Where an entry is to go: another moment, or another day."""

    seen = forms.CharField(widget=forms.HiddenInput)
    back = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, entry: Entry, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry = entry
        day = forms.DateField(label="Move to", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
        self.fields["to"] = MomentField(label="Move to") if entry.at else day

    def clean_to(self) -> Any:
        to = self.cleaned_data["to"]
        if to is None:
            raise ValidationError("Say when.")
        if not _is_near(to):
            raise ValidationError(f"Choose a time within {YEARS_AHEAD} years.")
        return to


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Move one entry: by its form, or dropped on a day."""
    source = next((each for each in sources_for(request.user) if each.name == name), None)
    entry = source.find(request.user, key) if source else None
    if source is None or (entry is None and request.method != "POST"):
        raise Http404("There is nothing here that can be moved.")
    if entry is None:
        messages.error(request, "It was not moved: meanwhile it was taken off the calendar.")
        return HttpResponseRedirect(_back(request.POST))
    if request.method != "POST":
        return _asked(request, source, entry, MoveForm(entry, initial=_initial(request, entry)))
    dropped = "day" in request.POST
    form = MoveForm(entry, _dropped_on(request.POST, entry) if dropped else request.POST)
    if not form.is_valid():
        return _asked(request, source, entry, form)
    try:
        refusal = entry.fixed or _moved(request, source, entry, form)
    except TransitionRefused as error:
        refusal = str(error)
    if refusal and not dropped:
        return _refused(request, source, source.find(request.user, key) or entry, refusal)
    if refusal:
        messages.error(request, f"“{entry.title}” stays where it is. {refusal}")
    return HttpResponseRedirect(_back(form.cleaned_data))


def _refused(request: HttpRequest, source: Source, entry: Entry, refusal: str) -> HttpResponse:
    """The form once more, about the entry as it is now, with what was typed and why it was not done."""
    form = MoveForm(entry, {**request.POST.dict(), "seen": entry.seen})
    form.add_error("to" if form.is_valid() else None, refusal)
    return _asked(request, source, entry, form)


def _initial(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """What the form shows at first; undoing a move asks for where it was."""
    initial = {"to": entry.when, "seen": entry.seen, "back": request.GET.get("back", "")}
    try:
        asked = request.GET.get("to", "")
        to = datetime.fromisoformat(asked) if entry.at else date.fromisoformat(asked)
    except ValueError:
        return initial
    return initial | {"to": to} if _is_near(to) else initial


def _dropped_on(posted: QueryDict, entry: Entry) -> dict[str, str]:
    """What the form would have sent: the day it was dropped on, and the hour that it had."""
    day = posted.get("day", "")
    if entry.at:
        local = entry.at.astimezone(clock.current())
        day = f"{day}T{local:%H:%M:%S}"
    return {"seen": posted.get("seen", ""), "back": posted.get("back", ""), "to": day}


def _moved(request: HttpRequest, source: Source, entry: Entry, form: MoveForm) -> str:
    """Do it and say so."""
    to, seen = form.cleaned_data["to"], form.cleaned_data["seen"]
    if seen == entry.seen and to == entry.when:
        return ""
    try:
        kind = type(entry.when)
        kind.fromisoformat(seen)
    except ValueError:
        return "It changed meanwhile. Look where it is now, and try again."
    source.move(request.user, entry.key, seen=seen, to=to)
    now = source.find(request.user, entry.key)
    query = urlencode({"to": seen, "back": form.cleaned_data["back"]})
    undo = f"{_move_page(source, entry)}?{query}"
    text = "Moved “{}” from {} to {}. <a href='{}'>Move it back…</a>"
    messages.success(request, format_html(text, entry.title, entry.words, now.words if now else "", undo))
    return ""


def _move_page(source: Source, entry: Entry) -> str:
    return reverse("calendar-move", args=[source.name, entry.key])


def _back(data: Any) -> str:
    """The month from which somebody came."""
    asked = QueryDict(data.get("back") or "")
    return _address([(name, value) for name in ("month", "show") for value in asked.getlist(name)])


def _asked(request: HttpRequest, source: Source, entry: Entry, form: MoveForm) -> HttpResponse:
    context = {"title": f"Move “{entry.title}”", "source": source, "entry": entry, "form": form}
    context["calendar"] = _back({"back": form["back"].value()})
    return render(request, "admin/calendar/move.html", admin.site.each_context(request) | context)


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """The secret link to the calendar for other programs: made, shown to its owner, revoked."""
    _sources(request)
    user: Any = request.user
    if request.method == "POST":
        if "revoke" in request.POST:
            calendar_feed.revoke_link(user)
            messages.success(request, "The link is revoked: it shows nothing any more.")
        else:
            calendar_feed.make_link(user)
            messages.success(request, "Here is your link. Whoever has it sees what you see on the calendar.")
        return HttpResponseRedirect(reverse("calendar-link"))
    context = {"title": "The calendar in your own", "address": calendar_feed.link_of(user)}
    return render(request, "admin/calendar/link.html", admin.site.each_context(request) | context)
