"""The page on which people are invited to a survey: addresses pasted or in a file, and how far their mails are."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from core.lib.forms import ProseField
from core.transitions import TransitionRefused
from surveys.admin.actions import by
from surveys.admin.questionnaires import overview
from surveys.keys import PepperMissing
from surveys.models import Survey
from surveys.questionnaires import invitations
from surveys.questionnaires.invitations import Invited

MOST_BYTES = 5_000_000


class InvitationForm(forms.Form):
    """Addresses, and whether those that have a link are mailed it again."""

    addresses = ProseField(
        required=False, label="Addresses", max_length=2_000_000,
        help_text="One on a line, or with commas between them. Names beside them are left out.",
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
    )  # fmt: skip
    file = forms.FileField(
        required=False, label="or a file", help_text="A text or a table (CSV): every address in it is invited."
    )
    again = forms.BooleanField(
        required=False, label="Mail those again who were invited before",
        help_text="They get the link that they have. It still works once.",
    )  # fmt: skip

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
        return str(file.read().decode("utf-8-sig", errors="replace")).replace("\0", "")

    def clean(self) -> dict[str, Any]:
        listed = invitations.found_in(f"{self.cleaned_data.get('addresses', '')}\n{self.cleaned_data.get('file', '')}")
        if not listed and not self.errors:
            raise ValidationError("There is no address in this.")
        return self.cleaned_data | {"listed": listed}


def page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many are invited; on POST invite more."""
    survey = get_object_or_404(Survey, pk=pk)
    may = request.user.has_perm("surveys.add_invitation") and desk.has_change_permission(request, survey)
    if not (request.user.has_perm("surveys.view_invitation") and (may or request.method != "POST")):
        raise PermissionDenied
    form = InvitationForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            came = invitations.invite(
                survey, form.cleaned_data["listed"], again=form.cleaned_data["again"], by=by(request)
            )
        except (TransitionRefused, PepperMissing) as refused:
            form.add_error(None, str(refused))
        else:
            _tell(request, came)
            return HttpResponseRedirect(request.path)
    is_open = survey.state == Survey.State.OPEN and survey.access == Survey.Access.INVITATION
    context = {"title": f"Invitations to “{survey}”", "survey": survey, "form": form, "may": may and is_open}
    context |= {"progress": invitations.progress(survey), "answers": overview.answers_so_far(survey)}
    status = 400 if form.errors else 200
    frame = overview.frame(desk, request, context)
    return render(request, "admin/surveys/survey/invitations.html", frame, status=status)


def _tell(request: HttpRequest, came: Invited) -> None:
    parts = [_people(came.new, "invited")]
    parts += [_people(came.again, "mailed again")] if came.again else []
    parts += [_people(came.known, "invited before and not mailed again")] if came.known else []
    parts += [_people(came.stopped, "left out, who want no mail from us")] if came.stopped else []
    messages.success(request, f"{'; '.join(parts)}.")
    if came.wrong:
        some = ", ".join(f"“{each}”" for each in came.wrong[: invitations.SHOWN])
        more = f" and {len(came.wrong) - invitations.SHOWN} more" if len(came.wrong) > invitations.SHOWN else ""
        messages.warning(request, f"No addresses, and left out: {some}{more}.")


def _people(number: int, what: str) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'} {what}"
