"""The forms for a booking and for a creative's version, which staff use as well."""

from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Field, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.formats import date_format

from core.lib import clock
from core.lib.forms import LineField, ProseField
from core.models import User
from core.ratelimit import allow, give_back
from core.transitions import TransitionRefused
from sponsors import approval, booking, buyers, images, moves, offers, previews, rules, waiting_list
from sponsors.availability import Series
from sponsors.models import (
    AssetClass,
    BlockedDomain,
    Booking,
    Creative,
    CreativeVersion,
    Inquiry,
    Package,
    Sponsor,
    WaitingBuyer,
)  # fmt: skip
from sponsors.placements import placement_of

SLOW_DOWN = "Too many requests came from you in a short time. Please try again later, or write to us."
BLOCKED = "We take no bookings from this address. If you think that is a mistake, write to us."
HOLDS_PER_NETWORK, MAILS_PER_ADDRESS = 5, 5
RHYTHMS = [(0, "One run follows on the other"), (2, "One starts every two weeks"), (4, "One starts every four weeks")]
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
    runs = forms.IntegerField(
        label="How many runs", min_value=1, max_value=12, initial=1, required=False,
        help_text="All of them are held for you, or none. Each costs the same.",
    )  # fmt: skip
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
        self._bound(cleaned["company"], cleaned["contact_email"], cleaned.get("runs") or 1)
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
        series = Series(self.cleaned_data["runs"] or 1, self.cleaned_data["weeks"] or 0)
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
            self._bound(self.before.company, self.before.contact_email, self.cleaned_data["runs"] or 1)
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


class VersionForm(forms.Form):
    """What an ad holds, within the limits of its kind; begins with what was submitted last."""

    headline = forms.CharField(max_length=300)
    body = forms.CharField(label="Text", required=False, max_length=5000, widget=forms.Textarea({"rows": 4}))
    link_url = forms.CharField(
        label="Link",
        max_length=2000,
        widget=forms.URLInput({"placeholder": "https://"}),
        help_text="We do not change it.",
    )
    asset_class = forms.ChoiceField(
        label="What it is for",
        choices=AssetClass,
        required=False,
        help_text="Some ads have to carry a warning by law. We add its words, in every mail and on every page.",
    )
    image = forms.FileField(required=False)
    focus = forms.ChoiceField(
        label="If it is larger, keep",
        choices=[(name, f"the {words}") for name, (words, _) in images.FOCUSES.items()],
        required=False,
        initial="middle centre",
        help_text="A larger image is cut to the shape of the place around this part of it. Look at the preview afterwards.",
    )
    image_alt = forms.CharField(
        label="Image description", required=False, max_length=200, help_text="For those who cannot see it."
    )
    phone_image = forms.FileField(label="Image for phones", required=False)
    drop_image = forms.BooleanField(label="Remove the image", required=False)

    def __init__(self, data: Any = None, files: Any = None, *, creative: Creative, by: User | None = None):
        self.creative, self.by, self.latest = creative, by, creative.latest
        kind = creative.kind
        super().__init__(data, files, prefix=f"creative{creative.pk}", initial=self._initial(self.latest))
        self.fields["headline"].help_text = f"At most {kind.headline_limit} characters."
        self.fields["body"].help_text = f"At most {kind.body_limit} characters, plain words."
        self._say_sizes("image", kind.sizes, "")
        self._say_sizes("phone_image", kind.sizes_on_phones, " It stands in for the other one on narrow screens.")
        if not kind.image_sizes:
            del self.fields["image_alt"], self.fields["focus"]
        if not (self.latest and self.latest.image):
            del self.fields["drop_image"]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*(Field(name) for name in self.fields))

    def _say_sizes(self, name: str, sizes: list[tuple[int, int]], use: str) -> None:
        """Say what an image has to be; a kind that has none is not asked for it."""
        if not sizes:
            del self.fields[name]
            return
        words = " or ".join(f"{width}×{height}" for width, height in sizes)
        self.fields[
            name
        ].help_text = f"PNG, JPEG, WebP or GIF of {words} pixels, best twice that; a larger one is cut.{use}"
        self.fields[name].widget.attrs["accept"] = "image/png,image/jpeg,image/webp,image/gif"

    def _initial(self, latest: CreativeVersion | None) -> dict[str, str]:
        names = ("headline", "body", "link_url", "image_alt")
        initial = {name: getattr(latest, name) for name in names} if latest else {}
        return initial | {"asset_class": (latest and latest.asset_class) or self._usual_class()}

    @property
    def letter_text(self) -> str:
        """Of an ad in mails that was handed in: the plain text of a mail with it."""
        return previews.text(self.creative.kind.channel, placement_of(self.latest)) if self.latest else ""

    def _usual_class(self) -> str:
        booking = self.creative.booking
        return str(rules.usual(booking.sponsor.category if booking and booking.sponsor else None))

    def clean_asset_class(self) -> str:
        return str(self.cleaned_data["asset_class"] or self.initial["asset_class"])

    def clean(self) -> dict[str, Any]:
        """Check what submit() would, so that every error is shown at its field."""
        cleaned = super().clean() or self.cleaned_data
        kind, focus = self.creative.kind, cleaned.get("focus") or "middle centre"
        for name, sizes in (("image", kind.sizes), ("phone_image", kind.sizes_on_phones)):
            if upload := cleaned.get(name):
                try:
                    cleaned[name] = images.accept(upload, sizes, focus=focus)
                except ValidationError as error:
                    self.add_error(name, error)
        if not self.errors:
            try:
                approval.check(kind, **self._content(cleaned))
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned

    def save(self) -> CreativeVersion:
        """The new version, or the latest if nothing was changed."""
        return approval.submit(
            self.creative, by=self.by, asset_class=self.cleaned_data["asset_class"], **self._content(self.cleaned_data)
        )

    def _content(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        found = {name: cleaned.get(name) or self._kept(name, cleaned) for name in ("image", "phone_image")}
        texts = {name: cleaned.get(name, "") for name in ("headline", "body", "link_url", "image_alt")}
        return texts | found

    def _kept(self, name: str, cleaned: dict[str, Any]) -> images.CleanImage | None:
        """The image of the latest version, unless it is to go. A new one for wide screens leaves that for phones as it is."""
        stored = getattr(self.latest, name, None)
        if not stored or cleaned.get("drop_image"):
            return None
        with stored.open("rb") as kept:
            return images.CleanImage(kept.read(), name=stored.name)


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
