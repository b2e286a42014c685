"""The forms for a booking and its days, for an inquiry, and for the waiting list."""

from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.formats import date_format

from core.lib import clock
from core.lib.forms import LineField, ProseField
from core.ratelimit import allow, give_back
from core.transitions import TransitionRefused
from sponsors import booking, buyers, moves, offers, waiting_list
from sponsors.availability import Series
from sponsors.models import BlockedDomain, Booking, Inquiry, Package, Sponsor, WaitingBuyer
from sponsors.models.catalogue import money

SLOW_DOWN = "Too many requests came from you in a short time. Please try again later, or write to us."
BLOCKED = "We take no bookings from this address. If you think that is a mistake, write to us."
HOLDS_PER_NETWORK, MAILS_PER_ADDRESS = 5, 5
RHYTHMS = [(0, "One run follows on the other"), (2, "One starts every two weeks"), (4, "One starts every four weeks")]
RUNS = range(1, 13)
TELL_ME = HTML('<button class="btn btn-secondary">Tell me</button>')
TRAP = HTML(
    '<div class="trap" aria-hidden="true"><label>Leave this empty'
    ' <input type="text" name="website" tabindex="-1" autocomplete="off"></label></div>'
)


class BookingForm(forms.Form):
    """Asks for a package from a day on, which is chosen on the calendar beside it."""

    company = LineField(max_length=120, label="Company", widget=forms.TextInput({"autocomplete": "organization"}))
    contact_email = forms.EmailField(
        label="Your e-mail address",
        help_text="The confirmation and the link to your own page go there.",
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    category = forms.ChoiceField(
        label="Your business",
        choices=[("", "Choose"), *Sponsor.Category.choices],
        help_text="Some places have one advertiser of a kind a day.",
    )
    runs = forms.TypedChoiceField(
        label="How many runs",
        choices=[(number, str(number)) for number in RUNS],
        coerce=int,
        required=False,
        empty_value=1,  # type: ignore[arg-type]
        initial=1,
        error_messages={"invalid_choice": f"Book between {RUNS[0]} and {RUNS[-1]} runs at a time."},
        help_text="All of them are held for you, or none.",
    )
    weeks = forms.TypedChoiceField(
        label="If several", choices=RHYTHMS, coerce=int, required=False, empty_value=None, initial=0
    )
    start = forms.DateField(label="First day", error_messages={"required": "Choose a first day on the calendar."})
    offer = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    message = ProseField(
        max_length=2000,
        required=False,
        label="Anything we should know",
        widget=forms.Textarea({"rows": 4}),
        help_text="What you advertise, whom it is for, other dates that would suit you.",
    )

    def __init__(self, *args: Any, package: Package, network: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.package, self.network = package, network
        if not any(item.kind.is_exclusive for item in package.items.all()):
            del self.fields["category"]
        self.fields["offer"].initial = package.offer
        self.fields["runs"].choices = [(number, _priced(package, number)) for number in RUNS]  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            HTML('{% include "sponsors/_start.html" %}'),
            *(name for name in self.fields if name != "start"),
            TRAP,
            Submit("book", "Hold these dates"),
        )

    def clean_offer(self) -> str:
        """The version and price that the page showed; where they are others now, both are shown and asked anew."""
        shown = self.cleaned_data["offer"]
        if shown and shown != self.package.offer:
            self.data = {**{name: self.data.get(name, "") for name in self.data}, "offer": self.package.offer}
            self.add_error(
                None,
                f"The package changed while this page was open: it costs {self.package.price_text} now, and holds what"
                " is listed here. Nothing is held yet. Send the form again if you want it so.",
            )
        return str(shown)

    def clean_contact_email(self) -> str:
        address = str(self.cleaned_data["contact_email"])
        if BlockedDomain.objects.covers(address):
            raise ValidationError(BLOCKED)
        return address

    def clean_start(self) -> date:
        start = self.cleaned_data["start"]
        if start < clock.utc_day():
            raise ValidationError("This day has passed. Choose a later one.")
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.data.get("website"):
            raise ValidationError("Something went wrong. If you are a person, leave the last field empty.")
        if self.errors:
            return cleaned
        self._bound(cleaned["company"], cleaned["contact_email"], cleaned["runs"])
        return cleaned

    def _bound(self, company: str, contact_email: str, runs: int) -> None:
        """Refuse what one buyer or one network may not hold at one time."""
        if refusal := buyers.held_enough(company, contact_email, runs):
            raise ValidationError(refusal, code="too-many")
        if not all(allow(key, limit=limit, seconds=seconds) for key, limit, seconds in self._limits(contact_email)):
            raise ValidationError(SLOW_DOWN, code="too-many")

    def _limits(self, contact_email: str) -> list[tuple[str, int, int]]:
        """What is held from one network in an hour, and how many mails one address gets in a day."""
        return [
            (f"booking|{self.network}", HOLDS_PER_NETWORK, 3600),
            (f"booking|{contact_email.lower()}", MAILS_PER_ADDRESS, 86_400),
        ]

    def _hold(self, **fields: Any) -> Booking:
        series = Series(self.cleaned_data["runs"], self.cleaned_data["weeks"] or 0)
        try:
            return booking.hold(package=self.package, series=series, is_bounded=True, **fields)
        except TransitionRefused:
            for key, _, seconds in self._limits(fields["contact_email"]):
                give_back(key, seconds=seconds)
            raise

    def save(self) -> Booking:
        """Raises TransitionRefused when someone was faster, or who asks holds enough by now; neither counts for a limit."""
        names = {"company", "contact_email", "category", "start", "message"} & self.cleaned_data.keys()
        return self._hold(**{name: self.cleaned_data[name] for name in names})


def _priced(package: Package, runs: int) -> str:
    """What so many runs cost together."""
    return f"{runs} run{'' if runs == 1 else 's'}: {money(package.price * runs, package.currency)}"


class RenewalForm(BookingForm):
    """Books a package again for the buyer of an earlier booking, whose link proves the address."""

    def __init__(self, *args: Any, package: Package, before: Booking, **kwargs: Any):
        super().__init__(*args, package=package, **kwargs)
        self.before = before
        for name in ("company", "contact_email", "category"):
            self.fields.pop(name, None)
        self.helper.layout = Layout(
            HTML('{% include "sponsors/_start.html" %}'),
            *(name for name in self.fields if name != "start"),
            Submit("book", "Hold these dates"),
        )

    def clean(self) -> dict[str, Any]:
        if not self.errors and BlockedDomain.objects.covers(self.before.contact_email):
            raise ValidationError(BLOCKED)
        if not self.errors:
            self._bound(self.before.company, self.before.contact_email, self.cleaned_data["runs"])
        return self.cleaned_data

    def save(self) -> Booking:
        """Raises booking.Unavailable when someone was faster, TransitionRefused for one who holds enough by now."""
        return self._hold(
            company=self.before.company,
            contact_email=self.before.contact_email,
            category=self.before.category,
            sponsor=self.before.sponsor,
            start=self.cleaned_data["start"],
            message=self.cleaned_data["message"],
            is_address_known=True,
        )


class _AskingForm(forms.Form):
    """From a stranger: bounded, and not from whom we take nothing."""

    kind: str
    company = LineField(max_length=120, label="Company", widget=forms.TextInput({"autocomplete": "organization"}))
    contact_email = forms.EmailField(label="Your e-mail address", widget=forms.EmailInput({"autocomplete": "email"}))

    def __init__(self, *args: Any, network: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.network = network
        self.helper = FormHelper()
        self.helper.disable_csrf = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.data.get("website"):
            raise ValidationError("Something went wrong. If you are a person, leave the last field empty.")
        if not self.errors and BlockedDomain.objects.covers(cleaned["contact_email"]):
            raise ValidationError(BLOCKED)
        if not self.errors and not allow(f"{self.kind}|{self.network}", limit=5, seconds=3600):
            raise ValidationError(SLOW_DOWN, code="too-many")
        return cleaned


class InquiryForm(_AskingForm):
    """Asks for something that is not on sale."""

    kind = "inquiry"
    category = forms.ChoiceField(label="Your business", choices=Sponsor.Category.choices, initial="other")
    message = ProseField(
        max_length=4000,
        label="What you have in mind",
        widget=forms.Textarea({"rows": 5}),
        help_text="What you advertise, for how long, and roughly for how much.",
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"auto_id": "ask_%s"} | kwargs)
        self.helper.form_action = reverse("sponsors:ask")
        self.helper.layout = Layout(*self.fields, TRAP, Submit("ask", "Ask for an offer"))

    def save(self) -> Inquiry:
        return offers.ask(**self.cleaned_data)


class WaitingForm(_AskingForm):
    """Asks to be told when a package can start on days that are not free now."""

    kind = "waiting"

    def __init__(self, *args: Any, package: Package, **kwargs: Any):
        super().__init__(*args, **{"auto_id": "wait_%s"} | kwargs)
        self.package = package
        self.helper.form_action = reverse("sponsors:wait", args=[package.tier])
        self.helper.layout = Layout("company", "contact_email", TRAP, TELL_ME)

    def save(self) -> WaitingBuyer:
        fields = {name: self.cleaned_data[name] for name in ("company", "contact_email")}
        return waiting_list.join(self.package, **fields)


def day_text(day: date) -> str:
    """`Mon 30 Nov 2026`."""
    return date_format(day, "D j M Y")


class DaysForm(forms.Form):
    """Moves places of a booking: each keeps its day or takes another; or all of them, to the days from another start on."""

    start = forms.DateField(required=False)

    def __init__(self, *args: Any, row: Booking, is_staff: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.row = row
        self.places = moves.movable(row, is_staff=is_staff)
        free = moves.choices(row, self.places)
        for claim in self.places:
            days = sorted({claim.unit.date, *free.get(claim.unit.kind_id, [])})
            self.fields[f"place{claim.pk}"] = forms.TypedChoiceField(
                label=f"{claim.unit.kind}, now on {day_text(claim.unit.date)}",
                choices=[(day.isoformat(), day_text(day)) for day in days],
                initial=claim.unit.date.isoformat(),
                coerce=date.fromisoformat,
                required=False,
                empty_value=None,
            )
        starts = sorted({day for days in free.values() for day in days})
        self.fields["start"] = forms.TypedChoiceField(
            label="Or start all of them on",
            choices=[("", "Keep the days above"), *((day.isoformat(), day_text(day)) for day in starts)],
            coerce=date.fromisoformat,
            required=False,
            empty_value=None,
        )
        self.order_fields([*(name for name in self.fields if name != "start"), "start"])
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def wanted(self) -> dict[int, date]:
        """The day of each place, by the id of its claim. Raises booking.Unavailable."""
        if start := self.cleaned_data["start"]:
            return moves.run_from(self.row, self.places, start)
        days = self.cleaned_data
        return {claim.pk: days[f"place{claim.pk}"] or claim.unit.date for claim in self.places}
