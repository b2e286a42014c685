"""The page on which a briefing's subjects are put to a test, and on which somebody chooses what the rest gets."""

import json
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from core import doorbell
from core.lib.forms import LineField
from core.lib.text import whole_number
from core.transitions import TransitionRefused, lock
from newsletter.admin import desk
from newsletter.models import Briefing, BriefingFigures, SubjectTest, SubjectVariant
from newsletter.sending import approval, payers, subject_tests

MINUTES = {
    30: "half an hour", 60: "an hour", 120: "2 hours", 240: "4 hours", 480: "8 hours", 720: "12 hours", 1440: "a day", 2880: "2 days"
}  # fmt: skip
State = Briefing.State


class TestForm(forms.Form):
    """The other subjects of a briefing, and how they are tried. Without any there is no test."""

    share = forms.IntegerField(
        label="Try them on",
        min_value=5,
        max_value=50,
        initial=20,
        help_text="Per cent of those who get it, drawn at random: 5 to 50, so that each subject is shown to 20 readers at least.",
    )
    by = forms.ChoiceField(label="The best is chosen by", choices=SubjectTest.By.choices)
    minutes = forms.TypedChoiceField(
        label="Decided after",
        coerce=int,
        choices=[*MINUTES.items()],
        initial=240,
        help_text="Counted from the sample’s last mail.",
    )
    was = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, briefing: Briefing, **kwargs: Any) -> None:
        self.briefing, self.test = briefing, subject_tests.of(briefing)
        super().__init__(*args, **kwargs)
        known = {row.number: row for row in self.test.variants.all()} if self.test else {}
        for number in range(1, subject_tests.MOST + 1):
            letter, row = subject_tests.LETTERS[number], known.get(number)
            fields = {"subject": ("Subject", 150), "preheader": ("Preheader", 200)}
            for name, (label, length) in fields.items():
                field = LineField(label=f"{label} {letter}", required=False, max_length=length)
                field.initial = getattr(row, name) if row else ""
                field.widget.attrs["class"] = "vTextField"
                self.fields[f"{name}_{number}"] = field
        if self.test:
            for name in ("share", "by", "minutes"):
                self.fields[name].initial = getattr(self.test, name)
        self.fields["was"].initial = stamp(briefing)
        self.order_fields([f"{name}_{number}" for number in (1, 2, 3) for name in ("subject", "preheader")])

    def others(self) -> list[tuple[str, str]]:
        """The subjects and preheaders that were typed, without empty ones."""
        typed = [(self.cleaned_data[f"subject_{n}"], self.cleaned_data[f"preheader_{n}"]) for n in (1, 2, 3)]
        return [pair for pair in typed if any(pair)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        own = (self.briefing.subject, self.briefing.preheader)
        shown = [own, *((subject or own[0], preheader or own[1]) for subject, preheader in self.others())]
        for number in (1, 2, 3):
            pair = (cleaned[f"subject_{number}"] or own[0], cleaned[f"preheader_{number}"] or own[1])
            if any((cleaned[f"subject_{number}"], cleaned[f"preheader_{number}"])) and shown.count(pair) > 1:
                self.add_error(f"subject_{number}", "The same is tried already: write another, or leave it empty.")
        if cleaned["by"] != SubjectTest.By.HAND and not self.briefing.newsletter.counts_reading:
            self.add_error("by", "This newsletter counts no opens and clicks: somebody has to choose by hand.")
        return cleaned

    @transaction.atomic
    def save(self) -> bool:
        """Store the test, or that there is none; False if somebody else changed it, or approved the briefing, meanwhile."""
        lock(self.briefing)
        if not self.briefing.is_editable or self.cleaned_data["was"] != stamp(self.briefing):
            return False
        SubjectTest.objects.filter(briefing=self.briefing).delete()
        if others := self.others():
            chosen = {name: self.cleaned_data[name] for name in ("share", "by", "minutes")}
            test = SubjectTest.objects.create(briefing=self.briefing, **chosen)
            SubjectVariant.objects.bulk_create(
                SubjectVariant(test=test, number=number, subject=subject, preheader=preheader)
                for number, (subject, preheader) in enumerate(others, start=1)
            )
        return True


def stamp(briefing: Briefing) -> str:
    """What stands for a briefing's test as it is stored."""
    return sha256(json.dumps(subject_tests.settings_of(briefing)).encode()).hexdigest()


@desk.may("change")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Try several subjects; once the briefing goes out, see how they do."""
    briefing = desk.issue(pk)
    if not briefing.is_editable:
        return desk.page(request, "subjects", briefing, title="Subjects under test", **results(briefing))
    form = TestForm(request.POST if request.method == "POST" else None, briefing=briefing)
    if request.method == "POST" and form.is_valid():
        if form.save():
            approval.edited(briefing, by=request.user)
            payers.look_at(briefing)
            number = len(form.others()) + 1
            said = (
                f"{number} subjects are tried on a part of its readers." if number > 1 else "Its subject is not tested."
            )
            messages.success(request, said)
            for problem in subject_tests.problems(desk.issue(pk), approval.audience_size(briefing)):
                messages.warning(request, problem)
            return desk.redirect_to("subjects", briefing)
        form.add_error(
            None, "Somebody changed this test, or approved the briefing, meanwhile. Open the page anew to see it."
        )
    return desk.page(request, "subjects", briefing, title="Test subjects", form=form)


@require_POST
@desk.may("approve")
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the rest get one of the subjects."""
    briefing, number = desk.issue(pk), whole_number(request.POST.get("number", ""))
    try:
        subject_tests.choose(briefing, -1 if number is None else number, by=request.user)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Chosen. It goes to the rest now.")
        doorbell.ring("newsletter.tasks.sweep_briefings")
    return desk.redirect_to("subjects", briefing)


def results(briefing: Briefing) -> dict[str, Any]:
    """The subjects of a briefing that goes out or went out, with what each came to as last counted."""
    test = subject_tests.of(briefing)
    if test is None:
        return {"test": None}
    counted = {row.number: row for row in briefing.variant_figures.all()}
    rows = [
        {
            "number": number,
            "letter": subject_tests.LETTERS[number],
            "subject": version.subject,
            "preheader": version.preheader,
            "figures": counted.get(number),
            "is_winner": number == test.winner,
        }
        for number, version in enumerate(subject_tests.versions(briefing, test))
    ]
    as_of = BriefingFigures.objects.filter(briefing=briefing).values_list("counted_at", flat=True).first()
    told = {"test": test, "subjects": rows, "rest": counted.get(None), "as_of": as_of}
    return told | {"decides_at": subject_tests.decides_at(test)}
