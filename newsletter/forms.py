"""Readers' forms: sign-up and preferences. Neither needs a cookie."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from newsletter.addresses import parse_address
from newsletter.models import Newsletter, Subscriber
from newsletter.subscriptions import CONSENT_TEXT, choose_lists, request_subscription


class SubscribeForm(forms.Form):
    """One address for one newsletter. `website` is a trap: people do not see it, robots fill it in."""

    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "placeholder": "you@example.com"}
        ),
        error_messages={
            "required": "Enter your e-mail address.",
            "max_length": "This address is too long: an e-mail address has at most 254 characters.",
            "null_characters_not_allowed": "This address contains a character that no e-mail address has.",
        },
    )
    newsletter = forms.ModelChoiceField(
        Newsletter.objects.open(),
        to_field_name="slug",
        required=False,
        empty_label=None,
        error_messages={"invalid_choice": "There is no such newsletter, or it takes no new subscribers."},
    )
    source = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)
    website = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        several = Newsletter.objects.open().count() > 1
        if not several:
            self.fields["newsletter"].widget = forms.HiddenInput()
        self.helper = FormHelper()
        self.helper.form_action = reverse("newsletter:subscribe")
        self.helper.disable_csrf = True
        self.helper.attrs = {"novalidate": ""} if self.is_bound else {}
        self.helper.layout = Layout(
            "email",
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

    def save(self, *, ip: str) -> None:
        """Ask for the subscription, unless the form fell into the trap. Raises TooManyRequests."""
        if self.is_trapped:
            return
        data = self.cleaned_data
        try:
            request_subscription(
                email=data["email"], newsletter=data["newsletter"], source=data["source"] or "form", ip=ip
            )
        except ValidationError as error:
            self.add_error(None, error)


class PreferencesForm(forms.Form):
    """The lists a subscriber is on, as tick boxes."""

    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.all(), required=False, widget=forms.CheckboxSelectMultiple, label="Send me"
    )

    def __init__(self, *args: Any, subscriber: Subscriber, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subscriber = subscriber
        current = Newsletter.objects.filter(
            subscriptions__subscriber=subscriber, subscriptions__state="confirmed"
        ).values("pk")
        offered = Newsletter.objects.filter(pk__in=current) | Newsletter.objects.open()
        field: Any = self.fields["newsletters"]
        field.queryset = offered.distinct()
        field.initial = [row["pk"] for row in current]
        self.helper = FormHelper()
        self.helper.disable_csrf = True
        self.helper.layout = Layout("newsletters", Submit("save", "Save", css_class="btn-primary"))

    def save(self, *, ip: str) -> None:
        choose_lists(self.subscriber, chosen={row.pk for row in self.cleaned_data["newsletters"]}, ip=ip)
