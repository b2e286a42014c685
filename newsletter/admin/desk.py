"""The briefing desk's own pages: composing, preview and test. Approval and what follows is in newsletter.admin.progress."""

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from articles.models import Publication
from articles.search import best
from core.lib import clock
from core.lib.text import storable, whole_number
from core.transitions import lock
from newsletter.mail.personal_words import Person, filled, value_of
from newsletter.models import Briefing, LinkCheck, Newsletter
from newsletter.sending import (
    approval,
    composition,
    content_checks,
    drafts,
    freeze,
    link_checks,
    payers,
    plugged,
    subject_tests,
)
from newsletter.sending.looks import sender_of
from newsletter.subscribers.vocabulary import vocabulary

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


class TestsForm(forms.Form):
    to = forms.CharField(
        label="Send a test to",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "email"}),
        help_text="One address, or several: with commas between them, or each on a line of its own.",
    )
    seeds = forms.BooleanField(label="and to the seed list", required=False)

    def __init__(self, *args: Any, newsletter: Newsletter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seed_list = addresses_in(newsletter.seeds)
        if self.seed_list:
            number = len(self.seed_list)
            self.fields["seeds"].label = f"and to the seed list ({number} address{'es' if number != 1 else ''})"
        else:
            del self.fields["seeds"]

    @property
    def addresses(self) -> list[str]:
        return [*addresses_in(self.cleaned_data["to"]), *(self.seed_list if self.cleaned_data.get("seeds") else [])]


def addresses_in(text: str) -> list[str]:
    """The addresses in a text, with commas, semicolons or white space between them."""
    return [address for address in re.split(r"[\s,;]+", text) if address]


def may(action: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorate a page that needs this permission on briefings; without it the answer is 403."""
    return permission_required(f"newsletter.{action}_briefing", raise_exception=True)


def redirect_to(page: str, briefing: Briefing) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:newsletter_briefing_{page}", args=[briefing.pk]))


def page(request: HttpRequest, template: str, briefing: Briefing | None, **context: Any) -> HttpResponse:
    """A page of the desk, with what the admin's frame needs."""
    frame = admin.site.each_context(request) | {"opts": Briefing._meta, "subtitle": str(briefing or "")}
    context |= {"briefing": briefing, "may_approve": request.user.has_perm("newsletter.approve_briefing")}
    return render(request, f"admin/newsletter/briefing/{template}.html", {**frame, **context})


def issue(pk: int) -> Briefing:
    """A briefing that is no letter of an automation: one with a day, an approval, a test of subjects, and copies."""
    return get_object_or_404(Briefing.objects.select_related("newsletter", "segment"), pk=pk)


def draft(pk: int) -> Briefing:
    """A briefing, or a letter of an automation."""
    return get_object_or_404(Briefing.every.select_related("newsletter", "segment"), pk=pk)


def _today(newsletter: Newsletter | None) -> date:
    """The day that it is where a newsletter is at home."""
    return timezone.localdate(timezone=newsletter.zone if newsletter else clock.newsroom())


def begins_with() -> dict[str, Any]:
    """What a new briefing is for, unless somebody says otherwise: today, in the newsletter of forms that name none."""
    newsletter = Newsletter.objects.default()
    return {"newsletter": newsletter, "issue_date": _today(newsletter)}


@may("add")
def compose(request: HttpRequest) -> HttpResponse:
    """A new draft from the newest articles and the ad booked for its day."""
    form = ComposeForm(request.POST or None, initial=begins_with())
    if form.is_valid():
        briefing = drafts.new_briefing(**form.cleaned_data)
        approval.edited(briefing, by=request.user)
        count = briefing.items.filter(kind="article").count()
        messages.success(request, f"A draft with {count} new articles." if count else "A draft. No article is new.")
        return redirect_to("change", briefing)
    return page(request, "compose", None, title="New briefing from the newest articles", form=form)


def _news(briefing: Briefing) -> dict[str, plugged.News]:
    """What other desks have to tell, by source, and the draft does not yet."""
    held = set(briefing.items.values_list("source", flat=True))
    return {source: news for source, news in plugged.new().items() if source not in held}


@may("change")
def add_articles(request: HttpRequest, pk: int) -> HttpResponse:
    """Put more articles at the end of a draft."""
    briefing = draft(pk)
    if not briefing.is_editable:
        messages.error(request, "Only a draft can be changed.")
        return redirect_to("progress", briefing)
    words = request.GET.get("q", "").strip()[:200]
    found = best(Publication.objects.live(), words) if words else Publication.objects.live()
    found = found.exclude(article__in=briefing.items.exclude(article=None).values("article"))
    if request.method == "POST":
        if (added := _added(request, briefing)) is None:
            messages.error(request, "It was approved meanwhile, so nothing was added: only a draft can be changed.")
            return redirect_to("progress", briefing)
        messages.success(request, f"{added} added at the end.")
        return redirect_to("change", briefing)
    context = {"found": found[:ARTICLES_SHOWN], "words": words, "news": _news(briefing)}
    return page(request, "articles", briefing, title="Add articles", **context)


@transaction.atomic
def _added(request: HttpRequest, briefing: Briefing) -> int | None:
    """Put what was chosen at the end; how many, or None where it is no draft any more."""
    lock(briefing, "newsletter", "segment")
    if not briefing.is_editable:
        return None
    chosen = [number for key in request.POST.getlist("publication") if (number := whole_number(key))]
    added = drafts.add_articles(briefing, Publication.objects.live().filter(pk__in=chosen))
    asked = request.POST.getlist("news")
    added += drafts.add_news(briefing, [source for source in _news(briefing) if source in asked])
    approval.edited(briefing, by=request.user)
    return added


@require_POST
@may("add")
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """A new draft like this briefing, for today."""
    briefing = issue(pk)
    copied = drafts.copy_of(briefing, issue_date=_today(briefing.newsletter))
    approval.edited(copied, by=request.user)
    messages.success(request, "This is the copy: a draft for today, with the words and parts of the other one.")
    return redirect_to("change", copied)


def _preview_page(request: HttpRequest, briefing: Briefing, form: TestsForm, problems: list[str]) -> HttpResponse:
    person, (number, versions) = _shown_to(request), _versions(request, briefing)
    shown, known = versions[number], vocabulary()
    rendered = composition.render(shown, composition.plain_links(NOBODY, NOBODY), partial(value_of, person=person))
    lines = [
        (n, letter, filled(version.subject, person, known), filled(version.preheader, person, known))
        for n, (letter, version) in enumerate(zip(subject_tests.LETTERS, versions, strict=False))
    ]
    context = {"text": rendered.text, "form": form, "problems": problems, "lines": lines, "number": number}
    context["sender"] = sender_of(briefing)
    context["mail_query"] = urlencode({"name": person.name, "subject": number})
    return page(request, "preview", briefing, title="Preview", name=person.name, **context)


def _versions(request: HttpRequest, briefing: Briefing) -> tuple[int, list[Briefing]]:
    """The briefing with each subject under test, and the number of the one that is to be shown: its own, unless said otherwise."""
    versions = subject_tests.versions(briefing, subject_tests.of(briefing))
    number = whole_number(request.GET.get("subject", "")) or 0
    return (number if number < len(versions) else 0), versions


def _shown_to(request: HttpRequest) -> Person:
    """Whose letter the preview shows: somebody of that name, or somebody of whom no name is known."""
    return Person(name=storable(request.GET.get("name", ""))[:120])


@require_safe
@may("view")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What subscribers will see, on a phone and on a desk, light and dark, and as plain text."""
    briefing = draft(pk)
    form = TestsForm(initial={"to": request.user.email}, newsletter=briefing.newsletter)  # type: ignore[union-attr]
    problems = approval.problems(briefing) if briefing.state == State.DRAFT else []
    return _preview_page(request, briefing, form, problems)


@require_safe
@csp_replace(MAIL_POLICY)
@may("view")
def preview_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail's HTML by itself, for the frames of the preview; with ?scheme=dark as a mail program shows it in the dark."""
    stand_in = partial(value_of, person=_shown_to(request))
    number, versions = _versions(request, draft(pk))
    html = composition.render(versions[number], composition.plain_links(NOBODY, NOBODY), stand_in).html
    response = HttpResponse(in_scheme(html, request.GET.get("scheme", "")))
    response["Cache-Control"] = "no-store"
    return response


def in_scheme(html: str, scheme: str) -> str:
    """The HTML as it is shown in the light or in the dark, whatever the reader of this page prefers."""
    if scheme == "dark":
        return html.replace("(prefers-color-scheme: dark)", "all")
    return html.replace("(prefers-color-scheme: dark)", "not all").replace('content="light dark"', 'content="light"')


def named(request: HttpRequest, briefing: Briefing) -> dict[str, Any]:
    """What a page shows of sponsors who are named, to be decided on."""
    return {"flags": payers.flags_of(briefing), "may_decide": payers.may_decide(request.user)}


@require_safe
@may("view")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """The check list before approval: what stands in the way, what to look at twice, and where the links lead."""
    briefing = draft(pk)
    links = list(briefing.link_checks.order_by("id"))
    done = sum(link.state != LinkCheck.State.WAITING for link in links)
    context = {"links": links, "done": done, "is_moving": done < len(links)}
    if not request.headers.get("X-Fragment"):
        context |= named(request, briefing)
    if briefing.state == State.DRAFT:
        context |= {"problems": approval.problems(briefing), "warnings": subject_tests.warnings(briefing)}
        context |= {"passed": content_checks.passed(briefing)}
    template = "_check" if request.headers.get("X-Fragment") else "check"
    return page(request, template, briefing, title="Check list", **context)


@require_POST
@may("change")
def check_links(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the links looked at in the background."""
    link_checks.start(draft(pk))
    return redirect_to("check", draft(pk))


@require_POST
@may("change")
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a copy to one or several addresses, marked as a test."""
    briefing = draft(pk)
    form = TestsForm(request.POST, newsletter=briefing.newsletter)
    try:
        if form.is_valid():
            sent = freeze.send_test(briefing, to=form.addresses)
            one = f"A test is on its way to {sent[0]}."
            said = one if len(sent) == 1 else f"Tests are on their way to {len(sent)} addresses."
            if subject_tests.of(briefing):
                said += " Each gets one for each subject."
            messages.success(request, said)
            return redirect_to("preview", briefing)
    except ValidationError as error:
        form.add_error("to", error)
    return _preview_page(request, briefing, form, [])
