"""The briefing desk's own pages: composing, preview and test. Approval and what follows is in newsletter.admin.progress."""

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
from core.lib import clock
from core.lib.text import whole_number
from newsletter import offers
from newsletter.models import Briefing, Newsletter
from newsletter.sending import approval, composition, drafts, freeze

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


class ComposeForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    issue_date = forms.DateField(
        label="Day", widget=AdminDateWidget, help_text="The day it goes out. The ad booked for that day is added."
    )


class TestForm(forms.Form):
    to = forms.CharField(
        label="Send a test to", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


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
        briefing = drafts.new_briefing(**form.cleaned_data)
        approval.edited(briefing, by=request.user)
        count = briefing.items.filter(kind="article").count()
        messages.success(request, f"A draft with {count} new articles." if count else "A draft. No article is new.")
        return redirect_to("change", briefing)
    return page(request, "compose", None, title="New briefing from the newest articles", form=form)


def _new_offers(briefing: Briefing) -> list[offers.Offer]:
    """What other parts offer and the draft does not hold yet."""
    held = set(briefing.items.exclude(url="").values_list("url", flat=True))
    return [offer for offer in offers.current() if offer.url not in held]


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
        added = drafts.add_articles(briefing, Publication.objects.filter(pk__in=chosen))
        keys = request.POST.getlist("offer")
        added += drafts.add_offers(briefing, [offer for offer in offers.current() if offer.key in keys])
        approval.edited(briefing, by=request.user)
        messages.success(request, f"{added} added at the end.")
        return redirect_to("change", briefing)
    context = {"found": found[:ARTICLES_SHOWN], "words": words, "offers": _new_offers(briefing)}
    return page(request, "articles", briefing, title="Add articles", **context)


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
            freeze.send_test(briefing, to=[form.cleaned_data["to"]])
            messages.success(request, f"A test is on its way to {form.cleaned_data['to']}.")
            return redirect_to("preview", briefing)
    except ValidationError as error:
        form.add_error("to", error)
    text = composition.render(briefing, composition.plain_links(NOBODY, NOBODY)).text
    return page(request, "preview", briefing, title="Preview", text=text, form=form, problems=[])
