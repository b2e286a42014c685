"""The page of a briefing on which staff settle what failed or is uncertain."""

import io
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from core.lib.text import whole_number
from core.transitions import TransitionRefused
from newsletter.admin import desk, progress
from newsletter.models import Briefing, Delivery
from newsletter.sending import decisions

SHOWN = 500
LARGEST_LOG = 20 * 1024 * 1024
NOT_NAMED = (
    "None of these lines names an uncertain letter by its Message-ID. Take all lines of the minutes in which they were sent, not only those"
    " with an address: Postfix and Exim write the Message-ID in a line of its own."
)
GETS_NO_MAIL = "mail to them came back, or they left, paused or were suppressed or erased."


class LogForm(forms.Form):
    """A part of a mail server's log, pasted or as a file."""

    text = forms.CharField(
        label="Paste the lines here",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
        help_text="All lines of the minutes in which they were sent: letters are known by their Message-IDs.",
    )
    file = forms.FileField(label="or choose the file", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if not cleaned.get("text") and not file:
            raise forms.ValidationError("Paste a part of the log, or choose its file.")
        if file and file.size > LARGEST_LOG:
            raise forms.ValidationError(
                "The file has more than 20 MB: cut out the hours in which the briefing was sent."
            )
        return cleaned

    def lines(self) -> Iterable[str]:
        yield from self.cleaned_data["text"].splitlines()
        if file := self.cleaned_data["file"]:
            yield from io.TextIOWrapper(file, "utf-8", errors="replace")


@desk.may("approve")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what failed or is uncertain; on POST settle it by the mail server's log, or as staff choose."""
    briefing = desk.draft(pk)
    act = request.POST.get("act", "")
    form = LogForm(request.POST, request.FILES) if act == "log" else LogForm()
    if act == "log" and form.is_valid():
        taken, refused, rest = decisions.settle_by_log(briefing, form.lines(), by=request.user)
        said = f"{taken} were taken by the mail server and {refused} were refused; {rest} are still uncertain."
        if taken or refused:
            messages.success(request, f"The log tells of {taken + refused}: {said}")
        else:
            messages.warning(request, f"{NOT_NAMED} {rest} are still uncertain.")
        return HttpResponseRedirect(request.path)
    if act in ("again", "retry") and not request.POST.get("sure"):
        return _question(request, briefing, act)
    if request.method == "POST" and act != "log":
        _decide(request, briefing, act)
        return HttpResponseRedirect(request.path)
    found = {"rows": progress.troubles(request, briefing, limit=SHOWN), "reasons": decisions.reasons(briefing)}
    return desk.page(request, "deliveries", briefing, title="Failed and uncertain", form=form, shown=SHOWN, **found)


def _chosen(request: HttpRequest) -> list[int]:
    return [number for key in request.POST.getlist("delivery") if (number := whole_number(key, most=2**63 - 1))]


def _question(request: HttpRequest, briefing: Briefing, act: str) -> HttpResponse:
    """Ask before anything is sent again: to how many, and of whom nobody knows whether they have it already."""
    chosen, reason = _chosen(request), request.POST.get("reason", "") if act == "retry" else None
    asked_for = decisions.asked_for(briefing, chosen, reason).count()
    rows = decisions.to_be_sent_again(briefing, chosen, reason)
    number, uncertain = rows.count(), rows.filter(state=Delivery.State.UNCERTAIN).count()
    if not number:
        nothing = "Choose letters that failed or are uncertain." if act == "again" else "None failed so."
        messages.warning(request, f"Nothing to send again: {GETS_NO_MAIL}" if asked_for else nothing)
        return HttpResponseRedirect(request.path)
    asked = {"act": act, "chosen": chosen, "reason": reason, "number": number, "uncertain": uncertain}
    asked |= {"left_out": asked_for - number, "gets_no_mail": GETS_NO_MAIL}
    return desk.page(request, "send_again", briefing, title="Send again?", **asked)


def _decide(request: HttpRequest, briefing: Briefing, act: str) -> None:
    chosen, by = _chosen(request), request.user
    try:
        if act in ("delivered", "lost"):
            number = decisions.mark(briefing, chosen, delivered=act == "delivered", by=by)
            said = f"{number} marked as {'delivered' if act == 'delivered' else 'not delivered'}."
        elif act == "again":
            said = f"{decisions.send_again(briefing, chosen, by=by)} are being sent again."
        elif act == "retry":
            said = f"{decisions.retry_failed(briefing, request.POST.get('reason', ''), by=by)} are being sent again."
        elif act == "halt":
            number = decisions.halt(briefing, by=by)
            said = f"Stopped: {number} are not tried again. What is on its way at this moment still arrives."
        else:
            said = "Choose what to do."
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
