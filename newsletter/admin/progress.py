"""The pages of a briefing that goes out: its approval, its schedule, its progress, and what staff decide meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import doorbell
from core.lib import clock
from core.lib.moments import MomentField
from core.transitions import TransitionRefused
from newsletter.admin.desk import draft, issue, may, named, page, redirect_to
from newsletter.models import Briefing, Delivery, Newsletter
from newsletter.sending import approval, deliveries, pace, sponsor_places, subject_tests
from newsletter.sending.sender import message_token

TROUBLES_SHOWN = 200
State = Briefing.State
COUNTED_DOWN = timedelta(minutes=10)
SOON, LATER = 2, 60  # seconds between two looks at what moves, and at what waits for its time
DECISIONS: dict[str, tuple[Callable[[Briefing], None], str]] = {
    "withdraw": (approval.withdraw, "Taken back: it will not be sent on {due}, and is a draft again."),
    "pause": (approval.pause, "Paused. Messages that are on their way at this moment still arrive."),
    "resume": (approval.resume, "Sending goes on where it stopped."),
    "cancel": (approval.cancel, "Cancelled. Subscribers who have not got it yet will not get it."),
}


class ApproveForm(forms.Form):
    when = MomentField(
        label="Send at", required=False, help_text="In the newsletter’s time zone; leave empty to send at once."
    )


class ScheduleForm(ApproveForm):
    """Another time for an approved briefing. `was` is the time that the page showed."""

    was = forms.CharField(widget=forms.HiddenInput, required=False)


@may("approve")
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many will get it, and let it go out."""
    briefing = issue(pk)
    if briefing.state != State.DRAFT:
        return redirect_to("progress", briefing)
    with timezone.override(briefing.newsletter.zone):
        form = ApproveForm(request.POST if request.method == "POST" else None)
        barred = approval.barred(briefing, request.user)  # type: ignore[arg-type]
        problems = [barred] if barred else approval.problems(briefing)
        if request.method == "POST" and form.is_valid():
            try:
                at, as_seen = form.cleaned_data["when"], request.POST.get("seen", "")
                confirmed = request.POST.getlist("confirmed")
                approval.approve(briefing, by=request.user, at=at, as_seen=as_seen, confirmed=confirmed)  # type: ignore[arg-type]
            except ValidationError as error:
                field = {"unconfirmed": None, "passed": "when"}
                if (code := getattr(error, "code", "")) in field:
                    form.add_error(field[code], error)
                else:
                    problems = error.messages
            except TransitionRefused as error:
                messages.error(request, str(error))
                return redirect_to("progress", briefing)
            else:
                _log(request, briefing, f"Approved, to be sent on {_due_in_words(briefing)}.")
                doorbell.ring("newsletter.tasks.sweep_briefings")
                return redirect_to("progress", briefing)
        audience = approval.audience_size(briefing)
        context = {"form": form, "problems": problems, "audience": audience, "seen": approval.seen(briefing)}
        context["approvers"] = approval.approvers(request.user) if barred else []
        context["warnings"] = subject_tests.warnings(briefing)
        context["ad_of_other_day"] = _has_ad_of_other_day(briefing, timezone.now())
        context["quiet_until"] = _quiet_until(briefing.newsletter, timezone.now())
        versions = subject_tests.versions(briefing, subject_tests.of(briefing))
        context["tested"] = list(zip(subject_tests.LETTERS, versions, strict=False)) if len(versions) > 1 else []
        context["confirmed"] = request.POST.getlist("confirmed")
        context |= named(request, briefing)
        return page(request, "approve", briefing, title="Approve and send", **context)


def _quiet_until(newsletter: Newsletter, leaves: datetime) -> str:
    """When what would leave at a moment does, in words, because that lies in the newsletter's quiet hours; else nothing."""
    ends = newsletter.quiet_ends(leaves)
    return clock.in_words(ends, "j F Y, H:i", newsletter.zone) if ends else ""


def _has_ad_of_other_day(briefing: Briefing, leaves: datetime) -> bool:
    """Whether it carries an ad that was booked for another day than the one on which it leaves."""
    return briefing.newsletter.day_of_send(leaves) != briefing.issue_date and sponsor_places.is_booked(briefing)


@require_POST
@may("change")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the others who may approve a briefing to do so."""
    briefing, note = issue(pk), request.POST.get("note", "")[:200]
    again = redirect_to("approve", briefing)
    try:
        asked = approval.ask(briefing, by=request.user, note=note)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
        again = HttpResponseRedirect(f"{again.url}?{urlencode({'note': note})}")
    else:
        said = f"Asked by mail to approve it: {', '.join(map(str, asked))}."
        messages.success(request, said)
        _log(request, briefing, said)
    return again


@require_POST
@may("approve")
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an approved briefing go out at another time."""
    briefing = issue(pk)
    with timezone.override(briefing.newsletter.zone):
        form = ScheduleForm(request.POST)
        try:
            if form.is_valid():
                approval.reschedule(briefing, at=form.cleaned_data["when"], as_seen=form.cleaned_data["was"])
                said = f"It is now to be sent on {_due_in_words(briefing)}. The approval stands."
                messages.success(request, said)
                _log(request, briefing, said)
                doorbell.ring("newsletter.tasks.sweep_briefings")
                return redirect_to("progress", briefing)
        except ValidationError as error:
            form.add_error("when", error)
        except TransitionRefused as error:
            messages.error(request, str(error))
            return redirect_to("progress", briefing)
    return _progress_page(request, briefing, form)


def _due_in_words(briefing: Briefing) -> str:
    """When an approved briefing is to be sent, in its newsletter's zone."""
    form = "j F Y, H:i:s" if briefing.scheduled_at and briefing.scheduled_at.second else "j F Y, H:i"
    return clock.in_words(briefing.scheduled_at, form, briefing.newsletter.zone) if briefing.scheduled_at else ""


def _log(request: HttpRequest, briefing: Briefing, text: str) -> None:
    """Write a decision into the briefing's history."""
    admin.site.get_model_admin(Briefing).log_change(request, briefing, text)


@require_safe
@may("view")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a send has come, and what failed."""
    briefing = draft(pk)
    due = briefing.scheduled_at
    form = ScheduleForm(initial={"when": due, "was": due.isoformat() if due else ""})
    return _progress_page(request, briefing, form)


def _progress_page(request: HttpRequest, briefing: Briefing, form: ScheduleForm) -> HttpResponse:
    counts = deliveries.counts_of(briefing) if briefing.frozen_at else {}
    done = sum(counts.get(state, 0) for state in ("sent", "failed", "uncertain", "skipped"))
    moves = briefing.state == State.SENDING or briefing.retrying > 0
    held = pace.held(briefing) if briefing.frozen_at else None
    left = (
        0 if briefing.state == State.SENT else briefing.candidates - done
    )  # else those that are tried again have times
    context = {
        "form": form,
        "pace": pace.of(briefing, waiting=left, held=held) if moves else None,
        "waits": list(pace.waits(briefing, held)) if moves else [],
        "errors": pace.errors(briefing) if briefing.frozen_at else [],
        "counts": _in_words(counts, held),
        "skipped": deliveries.skipped(briefing) if counts.get(Delivery.State.SKIPPED) else [],
        "done": done,
        "troubles": troubles(request, briefing, limit=TROUBLES_SHOWN),
        "retried_until": deliveries.retried_until(briefing) if briefing.retrying else None,
        **_due(briefing, counts),
    }
    is_fragment = bool(request.headers.get("X-Fragment"))
    if not is_fragment and briefing.state in (State.APPROVED, State.PAUSED):
        context |= named(request, briefing)
    template = "_progress" if is_fragment else "progress"
    with timezone.override(briefing.newsletter.zone):
        return page(request, template, briefing, title="Progress", **context)


def _in_words(counts: dict[str, int], held: pace.Held | None) -> list[tuple[str, int]]:
    """How many deliveries are in each state; that a domain has not let them go is no attempt."""
    waiting = held.letters if held else 0
    numbers = counts | {Delivery.State.RETRY: counts.get(Delivery.State.RETRY, 0) - waiting}
    rows = [(str(label), numbers.get(state, 0)) for state, label in Delivery.State.choices]
    return [(label, number) for label, number in [("waiting for their domain", waiting), *rows] if number]


def _due(briefing: Briefing, counts: dict[str, int]) -> dict[str, Any]:
    """What the page says of the time of one that is approved, and how soon it looks again."""
    if briefing.state != State.APPROVED or briefing.scheduled_at is None or briefing.leaves_at is None:
        every = LATER if briefing.is_letter else SOON
        moves = briefing.state == State.SENDING or briefing.retrying or counts.get(Delivery.State.SENDING)
        return {"looks_again": every if moves else None}
    left = briefing.leaves_at - timezone.now()
    countdown = max(0, int(left.total_seconds())) if left < COUNTED_DOWN else None
    due = {
        "due": _due_in_words(briefing),
        "ad_of_other_day": _has_ad_of_other_day(briefing, briefing.scheduled_at),
        "quiet_until": _quiet_until(briefing.newsletter, briefing.scheduled_at),
    }
    return due | {"countdown": countdown, "looks_again": LATER if countdown is None else SOON}


def troubles(request: HttpRequest, briefing: Briefing, *, limit: int) -> list[dict[str, Any]]:
    """Deliveries that failed, wait or are uncertain; addresses are shown only to those who may see subscribers."""
    shows_addresses = request.user.has_perm("newsletter.view_subscriber")
    first = Case(When(state=Delivery.State.UNCERTAIN, then=0), When(state=Delivery.State.FAILED, then=1), default=2)
    rows = briefing.deliveries.troubled().select_related("subscriber").order_by(first, "id")
    return [
        {
            "pk": row.pk,
            "who": row.subscriber.email if shows_addresses and row.subscriber else f"subscriber {row.subscriber_id}",
            "state": row.get_state_display(),
            "attempts": row.attempts,
            "due_at": row.due_at if row.state == Delivery.State.RETRY else None,
            "note": row.note,
            "message_id": message_token(briefing.pk, row.subscriber_id or 0),
        }
        for row in rows[:limit]
    ]


@require_POST
@may("approve")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw, pause, resume or cancel."""
    briefing = draft(pk)
    decision = DECISIONS.get(request.POST.get("decision", ""))
    if decision is None or (briefing.is_letter and decision[0] is not approval.resume):
        messages.error(request, "Choose what to do with this briefing.")
        return redirect_to("progress", briefing)
    if briefing.is_letter and not briefing.automation.is_running:  # type: ignore[union-attr]
        messages.error(request, "The automation does not run. Its letters go on with it.")
        return redirect_to("progress", briefing)
    act, said = decision
    if act is approval.cancel and briefing.state in approval.CANCELLABLE and not request.POST.get("sure"):
        left = briefing.deliveries.unfinished().count()
        return page(request, "cancel", briefing, title="Cancel for good?", left=left)
    due = briefing.scheduled_at
    try:
        act(briefing)
    except TransitionRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said.format(due=clock.in_words(due) if due else ""))
        _log(request, briefing, said.format(due=clock.in_words(due, zone=clock.newsroom()) if due else ""))
        doorbell.ring("newsletter.tasks.sweep_briefings")
    return redirect_to("change" if briefing.state == State.DRAFT else "progress", briefing)
