"""The briefing desk's own pages: composing, preview and test, approval, and the progress of a send."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from articles.models import Publication
from articles.search import best
from core import doorbell
from core.lib import clock
from core.lib.moments import MomentField
from core.lib.text import whole_number
from core.transitions import TransitionRefused
from newsletter import stats
from newsletter.models import Briefing, Delivery, Newsletter
from newsletter.sending import approval, composition, deliveries, freeze
from newsletter.sending.sender import message_token

TROUBLES_SHOWN = 200
ARTICLES_SHOWN = 30
NOBODY = "0"
State = Briefing.State
# A mail may style itself, as in a mail program, and run nothing.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "frame-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", "http:", "https:"],
}
DECISIONS: dict[str, tuple[Callable[[Briefing], None], str]] = {
    "withdraw": (approval.withdraw, "The approval is withdrawn: it will not be sent on {due}, and is a draft again."),
    "pause": (approval.pause, "Paused. Messages that are on their way at this moment still arrive."),
    "resume": (approval.resume, "Sending goes on where it stopped."),
    "cancel": (approval.cancel, "Cancelled. Subscribers who have not got it yet will not get it."),
}


class ComposeForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    issue_date = forms.DateField(
        label="Day", widget=AdminDateWidget, help_text="The day it goes out. The ad booked for that day is added."
    )


class TestForm(forms.Form):
    to = forms.CharField(
        label="Send a test to", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ApproveForm(forms.Form):
    when = MomentField(label="Send at", required=False, help_text="Leave empty to send at once.")


def may(action: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorate a page that needs this permission on briefings; without it the answer is 403."""
    return permission_required(f"newsletter.{action}_briefing", raise_exception=True)


def redirect_to(page: str, briefing: Briefing) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:newsletter_briefing_{page}", args=[briefing.pk]))


def page(request: HttpRequest, template: str, briefing: Briefing | None, **context: Any) -> HttpResponse:
    """A page of the desk, with what the admin's frame needs."""
    frame = admin.site.each_context(request) | {"opts": Briefing._meta}
    context |= {"briefing": briefing, "may_approve": request.user.has_perm("newsletter.approve_briefing")}
    return render(request, f"admin/newsletter/briefing/{template}.html", {**frame, **context})


def draft(pk: int) -> Briefing:
    return get_object_or_404(Briefing.objects.select_related("newsletter", "segment"), pk=pk)


@may("add")
def compose(request: HttpRequest) -> HttpResponse:
    """A new draft from the newest articles and the ad booked for its day."""
    initial = {"newsletter": Newsletter.objects.default(), "issue_date": clock.utc_day()}
    form = ComposeForm(request.POST or None, initial=initial)
    if form.is_valid():
        briefing = composition.new_briefing(**form.cleaned_data)
        count = briefing.items.filter(kind="article").count()
        messages.success(request, f"A draft with {count} new articles." if count else "A draft. No article is new.")
        return redirect_to("change", briefing)
    return page(request, "compose", None, title="New briefing from the newest articles", form=form)


@may("change")
def add_articles(request: HttpRequest, pk: int) -> HttpResponse:
    """Put more articles at the end of a draft."""
    briefing = draft(pk)
    if not briefing.is_editable:
        messages.error(request, "Only a draft can be changed.")
        return redirect_to("progress", briefing)
    words = request.GET.get("q", "").strip()[:200]
    found = best(Publication.objects.all(), words) if words else Publication.objects.live()
    found = found.exclude(article__in=briefing.items.exclude(article=None).values("article"))
    if request.method == "POST":
        chosen = [number for key in request.POST.getlist("publication") if (number := whole_number(key))]
        added = composition.add_articles(briefing, Publication.objects.filter(pk__in=chosen))
        messages.success(request, f"{added} added at the end.")
        return redirect_to("change", briefing)
    return page(request, "articles", briefing, title="Add articles", found=found[:ARTICLES_SHOWN], words=words)


@require_safe
@may("view")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What subscribers will see, on a phone and on a desk, and as plain text."""
    briefing = draft(pk)
    text = composition.render(briefing, composition.plain_links(NOBODY, NOBODY)).text
    form = TestForm(initial={"to": request.user.email})  # type: ignore[union-attr]
    problems = approval.problems(briefing) if briefing.state == State.DRAFT else []
    return page(request, "preview", briefing, title="Preview", text=text, form=form, problems=problems)


@require_safe
@csp_replace(MAIL_POLICY)
@may("view")
def preview_html(_request: HttpRequest, pk: int) -> HttpResponse:
    """The mail's HTML by itself, for the frames of the preview."""
    response = HttpResponse(composition.render(draft(pk), composition.plain_links(NOBODY, NOBODY)).html)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@may("change")
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one copy to an address, marked as a test."""
    briefing = draft(pk)
    form = TestForm(request.POST)
    try:
        if form.is_valid():
            freeze.send_test(briefing, to=form.cleaned_data["to"])
            messages.success(request, f"A test is on its way to {form.cleaned_data['to']}.")
            return redirect_to("preview", briefing)
    except ValidationError as error:
        form.add_error("to", error)
    text = composition.render(briefing, composition.plain_links(NOBODY, NOBODY)).text
    return page(request, "preview", briefing, title="Preview", text=text, form=form, problems=[])


@may("approve")
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many will get it, and let it go out."""
    briefing = draft(pk)
    if briefing.state != State.DRAFT:
        return redirect_to("progress", briefing)
    form = ApproveForm(request.POST if request.method == "POST" else None)
    problems = approval.problems(briefing)
    if request.method == "POST" and form.is_valid():
        try:
            at, as_seen = form.cleaned_data["when"], request.POST.get("seen", "")
            approval.approve(briefing, by=request.user, at=at, as_seen=as_seen)  # type: ignore[arg-type]
        except ValidationError as error:
            problems = error.messages
        except TransitionRefused as error:
            messages.error(request, str(error))
            return redirect_to("progress", briefing)
        else:
            due: Any = briefing.scheduled_at
            _log(request, briefing, f"Approved, to be sent on {clock.in_words(due, zone=clock.newsroom())}.")
            doorbell.ring("newsletter.tasks.sweep_briefings")
            return redirect_to("progress", briefing)
    audience = approval.audience_size(briefing)
    context = {"form": form, "problems": problems, "audience": audience, "seen": approval.seen(briefing)}
    return page(request, "approve", briefing, title="Approve and send", **context)


def _log(request: HttpRequest, briefing: Briefing, text: str) -> None:
    """Write a decision into the briefing's history."""
    admin.site.get_model_admin(Briefing).log_change(request, briefing, text)


@require_safe
@may("view")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a send has come, what failed, and how it was read."""
    briefing = draft(pk)
    counts = deliveries.counts_of(briefing) if briefing.frozen_at else {}
    done = sum(counts.get(state, 0) for state in ("sent", "failed", "uncertain", "skipped"))
    reading, links = stats.for_desk(briefing)
    context = {
        "counts": [(label, counts.get(state, 0)) for state, label in Delivery.State.choices if counts.get(state)],
        "done": done,
        "reading": reading,
        "links": links,
        "troubles": troubles(request, briefing, limit=TROUBLES_SHOWN),
        "retried_until": deliveries.retried_until(briefing) if briefing.retrying else None,
        "is_moving": briefing.state in (State.APPROVED, State.SENDING),
    }
    template = "_progress" if request.headers.get("X-Fragment") else "progress"
    return page(request, template, briefing, title="Progress", **context)


def troubles(request: HttpRequest, briefing: Briefing, *, limit: int) -> list[dict[str, Any]]:
    """Deliveries that failed, wait or are uncertain; addresses are shown only to those who may see subscribers."""
    shows_addresses = request.user.has_perm("newsletter.view_subscriber")
    rows = briefing.deliveries.troubled().select_related("subscriber").order_by("state", "id")
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
    if decision is None:
        messages.error(request, "Choose what to do with this briefing.")
        return redirect_to("progress", briefing)
    act, said = decision
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
