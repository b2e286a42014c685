"""Readers' forms: sign-up and preferences. Neither needs a cookie."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from core import proof_of_work
from core.lib.forms import LineField
from core.lib.networks import network_of
from core.lib.text import one_line
from newsletter.models import Newsletter, Subscriber, Subscription
from newsletter.subscribers import address_changes, choices
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.sign_ups import Asked, Reply, request_subscription
from newsletter.subscribers.subscriptions import CONSENT_TEXT

ADDRESS_REFUSED = {
    "required": "Enter your e-mail address.",
    "max_length": "This address is too long: an e-mail address has at most 254 characters.",
    "null_characters_not_allowed": "This address contains a character that no e-mail address has.",
}


def name_field(**options: Any) -> LineField:
    """What somebody may be called by, if they like."""
    widget = forms.TextInput(attrs={"autocomplete": "given-name", "class": "form-control"})
    return LineField(label="First name (optional)", required=False, max_length=120, widget=widget, **options)


class SubscribeForm(forms.Form):
    """One address for one newsletter. `website` is a trap: people do not see it, robots fill it in.

    A script says that it `can_prove`, and is then sent a challenge where a proof of work is wanted.
    """

    LONGEST_SOURCE = 80

    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "placeholder": "you@example.com"}
        ),
        error_messages=ADDRESS_REFUSED,
    )
    newsletter = forms.ModelChoiceField(
        Newsletter.objects.open(),
        to_field_name="slug",
        required=False,
        empty_label=None,
        error_messages={"invalid_choice": "There is no such newsletter, or it takes no new subscribers."},
    )
    name = name_field()
    source = forms.CharField(max_length=LONGEST_SOURCE, required=False, widget=forms.HiddenInput)
    website = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    proof = forms.CharField(required=False, max_length=proof_of_work.LONGEST, widget=forms.HiddenInput)
    can_prove = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask = list(Newsletter.objects.open().values_list("asks_name", flat=True))
        if len(ask) < 2:
            self.fields["newsletter"].widget = forms.HiddenInput()
        if not any(ask):
            del self.fields["name"]
        self.helper = FormHelper()
        self.helper.form_action = reverse("newsletter:subscribe")
        self.helper.disable_csrf = True
        self.helper.attrs = {"novalidate": ""} if self.is_bound else {}
        self.helper.layout = Layout(
            "email",
            *(["name"] if "name" in self.fields else []),
            "newsletter",
            "source",
            Div(Field("website"), css_class="trap", aria_hidden="true"),
            HTML(f'<p class="form-text">{CONSENT_TEXT}</p>'),
            Submit("subscribe", "Subscribe", css_class="btn-moon"),
        )

    def clean_email(self) -> str:
        return parse_address(self.cleaned_data["email"]).email

    @property
    def is_trapped(self) -> bool:
        """Whether a robot filled in the field that people do not see."""
        return bool(self.cleaned_data.get("website"))

    def save(self, *, ip: str) -> Reply:
        """Ask for the subscription, unless the form fell into the trap. Raises TooManyRequests, ProofWanted."""
        if self.is_trapped:
            return Reply.NOW
        data = {name: self.cleaned_data[name] for name in ("email", "newsletter", "proof", "can_prove")}
        data["name"] = self.cleaned_data.get("name", "")
        try:
            return request_subscription(source=self.cleaned_data["source"] or "form", ip=ip, **data)
        except ValidationError as error:
            self.add_error(None, error)
            return Reply.NOW


def plain_sign_up(sent: QueryDict, newsletters: Mapping[str, Newsletter], *, ip: str) -> Asked | None:
    """What SubscribeForm finds in a form that has nothing wrong but, perhaps, its address; None for all others."""
    slug, source, proof = (sent.get(name, "").strip() for name in ("newsletter", "source", "proof"))
    known = not slug or slug in newsletters
    fits = len(source) <= SubscribeForm.LONGEST_SOURCE and len(proof) <= proof_of_work.LONGEST
    name = str(sent.get("name", ""))
    fits = fits and len(name) <= 120 and "\0" not in name
    if sent.get("website", "").strip() or not known or not fits or not sent.get("email") or "\0" in source + proof:
        return None
    return Asked(
        email=str(sent["email"]),
        source=source or "form",
        newsletter=newsletters.get(slug),
        name=one_line(name),
        ip=ip,
        proof=proof,
        can_prove=_TICKED.to_python(_TICKED.widget.value_from_datadict(sent, {}, "can_prove")),
    )


_TICKED = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PreferencesForm(forms.Form):
    """The lists a subscriber is on, as tick boxes; of each of them, how often it comes and until when it pauses."""

    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.all(),
        required=False,
        error_messages={
            "invalid_choice": "One of these newsletters is not offered any more. Look at the list again.",
            "invalid_pk_value": "One of these newsletters is not offered any more. Look at the list again.",
        },
    )

    def __init__(self, *args: Any, subscriber: Subscriber, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subscriber = subscriber
        on = subscriber.subscriptions.confirmed().select_related("newsletter")
        self.current = {row.newsletter_id: row for row in on}
        offered = Newsletter.objects.filter(pk__in=[*self.current]) | Newsletter.objects.open()
        field: Any = self.fields["newsletters"]
        field.queryset = self.offered = offered.distinct()
        field.initial = [*self.current]
        self.fields["name"] = name_field(initial=subscriber.name, help_text="Letters that greet you do so by it.")
        for key, row in self.current.items():
            self.fields[f"pause_{key}"] = PauseField(row)
            if row.newsletter.offers_digest:
                self.fields[f"rhythm_{key}"] = RhythmField(row)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each newsletter with whether it is ticked and, where it is on, its further choices."""
        ticked = {str(getattr(value, "pk", value)) for value in self["newsletters"].value() or []}
        return [
            {
                "newsletter": newsletter,
                "ticked": str(newsletter.pk) in ticked,
                "subscription": self.current.get(newsletter.pk),
                **{name: self._bound(f"{name}_{newsletter.pk}") for name in ("rhythm", "pause")},
            }
            for newsletter in self.offered
        ]

    def _bound(self, name: str) -> Any:
        return self[name] if name in self.fields else None

    def save(self, *, ip: str) -> None:
        """Save what was chosen. What the form was sent without stays as it is."""
        if "name" in self.data and self.cleaned_data["name"] != self.subscriber.name:
            Subscriber.objects.filter(pk=self.subscriber.pk).update(name=self.cleaned_data["name"])
            self.subscriber.name = self.cleaned_data["name"]
        chosen = {row.pk for row in self.cleaned_data["newsletters"]}
        choices.choose_lists(self.subscriber, chosen=chosen, ip=ip)
        by = choices.By(network=network_of(ip))
        for key in chosen & self.current.keys():
            if f"pause_{key}" in self.data:
                until = self.cleaned_data[f"pause_{key}"]
                choices.pause(self.subscriber, self.current[key].newsletter, until=until, by=by)
            if rhythm := self.cleaned_data.get(f"rhythm_{key}"):
                choices.choose_rhythm(self.subscriber, self.current[key].newsletter, rhythm, by=by)


class PauseField(forms.DateField):
    """The day until which nothing is sent; its value is the moment at which that day begins."""

    def __init__(self, of: Subscription) -> None:
        self.of = of
        first, last = timezone.localdate() + timedelta(days=1), timezone.localdate() + choices.LONGEST_PAUSE
        limits = {"type": "date", "min": first.isoformat(), "max": last.isoformat(), "class": "form-control"}
        widget = forms.DateInput(format="%Y-%m-%d", attrs=limits)
        words = {"invalid": "Write a day, such as 2026-12-24."}
        day = of.resume_date
        super().__init__(label="Pause until", widget=widget, error_messages=words, initial=day, required=False)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day == self.initial:
            return self.of.paused_until if day else None
        if day is None:
            return None
        choices.check_pause(until := choices.start_of(day))
        return until


class RhythmField(forms.ChoiceField):
    """Each briefing of a newsletter, or one digest a week."""

    def __init__(self, of: Subscription) -> None:
        words = {
            Subscription.Rhythm.EACH: "Each briefing",
            Subscription.Rhythm.DIGEST: f"One digest a week, on {of.newsletter.get_digest_weekday_display()}s",
        }
        super().__init__(
            label="How often",
            choices=[*words.items()],
            widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
            initial=of.rhythm,
            required=False,
            error_messages={"invalid_choice": "Choose each briefing or the digest."},
        )


class AddressForm(forms.Form):
    """The address that a subscriber wants to be written to instead."""

    email = forms.CharField(
        label="New address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "class": "form-control"}),
        error_messages=ADDRESS_REFUSED,
    )

    def __init__(self, *args: Any, subscriber: Subscriber, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subscriber = subscriber

    def save(self) -> bool:
        """Mail the link to it; whether it can be an address."""
        try:
            address_changes.ask(self.subscriber, self.cleaned_data["email"])
        except ValidationError as refusal:
            self.add_error("email", refusal)
        return self.is_valid()


class ConfirmForm(forms.Form):
    """The button that confirms; where a newsletter offers a digest, with the choice of it."""

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if subscription.newsletter.offers_digest:
            self.fields["rhythm"] = RhythmField(subscription)
