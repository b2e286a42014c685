"""The forms that voters and nominators send; none of them needs a cookie."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from core.lib.forms import WebsiteField
from core.lib.text import one_line, prose
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.sign_ups import TooManyRequests, request_subscription
from surveys import ballot_requests, choices, nominations, papers
from surveys.choice_fields import Marks, category_of_field, choice_in, choice_of, marks_in, name_of_field
from surveys.choices import ChoiceRefused
from surveys.models import AwardCategory, Nomination, Nominee, Season
from surveys.tallying import NONE, WRITE_IN

ORDER_SECONDS = 600
NONE_RANKED = "Rather nobody than whom you place below this."
KINDS = {"plurality": "radio", "approval": "checkbox", "irv": "rank", "schulze": "rank", "score": "score"}


class TrapForm(forms.Form):
    """`website` is a trap: people do not see it, robots fill it in."""

    website = forms.CharField(required=False)

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get("website"))


class EmailField(forms.CharField):
    """An address that can be written to."""

    default_error_messages = {
        "required": "Enter your e-mail address: we send you a link to confirm your vote.",
        "max_length": "This address is too long: an e-mail address has at most 254 characters.",
        "null_characters_not_allowed": "This address contains a character that no e-mail address has.",
    }

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        return parse_address(typed).email if typed or self.required else ""


class BallotForm(forms.Form):
    """A choice in each category the voter cares about."""

    def __init__(self, season: Season, categories: Iterable[AwardCategory], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.season = season
        self.categories = list(categories)
        for category in self.categories:
            self.fields[name_of_field(category.slug)] = ChoiceField(papers.question_of(category))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """What the template shows: each category with its options, as they are marked."""
        return [self._group(category) for category in self.categories]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if closed := self._closed_ones_sent():
            raise ValidationError(f"Voting in “{closed[0]}” is closed.", code="closed")
        if not self.errors and not self.choices:
            raise ValidationError("Choose a nominee in at least one category.", code="nothing")
        return cleaned

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, as ballots hold it, by category."""
        chosen = {category.slug: self.cleaned_data.get(name_of_field(category.slug)) for category in self.categories}
        return {slug: choice for slug, choice in chosen.items() if choice}

    def _closed_ones_sent(self) -> list[str]:
        """Titles of categories that take no votes, but for which a value was sent."""
        known = {category.slug for category in self.categories}
        sent = (
            {category_of_field(name) for name in self.data if self.data.get(name) and name.isprintable()} - known - {""}
        )
        return list(self.season.categories.filter(slug__in=sent).values_list("title", flat=True)) if sent else []

    def _group(self, category: AwardCategory) -> dict[str, Any]:
        field = self.fields[name_of_field(category.slug)]
        bound = self[name_of_field(category.slug)]
        marks, question = bound.value() or Marks(), field.question  # type: ignore[attr-defined]
        standing = [
            (nominee.slug, nominee.name, nominee.description)
            for nominee in in_fair_order(category)
            if not nominee.withdrawn_at
        ]
        options = [
            {"value": key, "title": title, "about": about, "checked": key in marks.ticked}
            | {"figure": marks.figures.get(key, ""), "last": place >= len(standing)}
            for place, (key, title, about) in enumerate([*standing, *_last_options(question)])
        ]
        kind = KINDS[category.method]
        places = min(question.most or len(options), len(options))
        return {
            "category": category,
            "field": bound,
            "kind": kind,
            "options": options,
            "written": marks.written,
            "figures": range(1, places + 1) if kind == "rank" else range(question.scale + 1),
            "question": question,
            "shares_places": category.method == AwardCategory.Method.SCHULZE,
            "nothing": {"checked": not any(each["checked"] for each in options)} if kind == "radio" else None,
        }


def _last_options(question: choices.Question) -> Iterator[tuple[str, str, str]]:
    """What stands after the nominees: key, title and explanation."""
    if question.none:
        ranked = question.method in choices.RANKED
        yield NONE, "None of them", NONE_RANKED if ranked else "Counts as a vote that nobody here should win."
    if question.write_in:
        yield WRITE_IN, "Another", "Write in whom you miss; without a name it counts as “other”."


class VoteForm(TrapForm, BallotForm):
    """A ballot, and the address that confirms it."""

    email = EmailField(max_length=254)
    subscribe = forms.BooleanField(required=False)
    proof = forms.CharField(required=False)

    def asked(self, *, ip: str) -> ballot_requests.Asked:
        """What is asked for, checked."""
        choices = self.choices
        chosen = {category: choices[category.slug] for category in self.categories if category.slug in choices}
        return ballot_requests.Asked(self.season, chosen, self.cleaned_data["email"], ip, self.cleaned_data["proof"])

    def save(self, *, ip: str) -> ballot_requests.Reply:
        """Mail the link that confirms this ballot. Raises ballots.NotOpen, keys.PepperMissing."""
        if self.is_trapped:
            return ballot_requests.Reply.MAILED
        email = self.cleaned_data["email"]
        reply = ballot_requests.take_one(self.asked(ip=ip))
        if self.cleaned_data["subscribe"]:
            with suppress(ValidationError, TooManyRequests):  # the vote stands; the newsletter is a separate matter
                request_subscription(email=email, source=f"vote in {self.season.slug}", ip=ip)
        return reply


_EMAIL = EmailField(max_length=254)
_PROOF = forms.CharField(required=False)


def plain_vote(
    season: Season, categories: Iterable[AwardCategory], sent: QueryDict, *, ip: str
) -> ballot_requests.Asked | None:
    """What VoteForm finds in a vote with which nothing is wrong, and which asks for nothing else; None for all others.

    Votes come in by the hundred, and a form is dear: it copies each of its fields before it looks at one.
    """
    known = {"", *(category.slug for category in categories)}
    if sent.get("website") or sent.get("subscribe") or any(category_of_field(name) not in known for name in sent):
        return None
    try:
        email = _EMAIL.clean(sent.get("email"))
        proof = _PROOF.clean(sent.get("proof"))
        choices = {category: choice_of(sent, papers.question_of(category)) for category in categories}
    except (ValidationError, ChoiceRefused):
        return None
    chosen = {category: choice for category, choice in choices.items() if choice}
    return ballot_requests.Asked(season, chosen, email, ip, proof) if chosen else None


class ChoiceWidget(forms.Widget):
    """The fields of a category, which the template draws."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Marks:
        return marks_in(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not marks_in(data, name)


class ChoiceField(forms.Field):
    """A voter's choice in one category, as ballots hold it; None where there is none."""

    widget = ChoiceWidget

    def __init__(self, question: choices.Question) -> None:
        super().__init__(required=False)
        self.question = question

    def clean(self, value: Marks) -> Any:
        try:
            return choice_in(value, self.question)
        except choices.ChoiceRefused as reason:
            raise ValidationError(str(reason), code="invalid") from None


def in_fair_order(category: AwardCategory, now: datetime | None = None) -> list[Nominee]:
    """Nominees in an order that changes every ten minutes and is the same for everybody then, so that pages can be kept.

    Scripts put them in another order for each visit (static/js/ballot.js).
    """
    nominees = sorted(papers.nominees_of(category), key=lambda nominee: nominee.slug)
    Random(f"{category.pk} {int((now or timezone.now()).timestamp() // ORDER_SECONDS)}").shuffle(nominees)
    return nominees


class ReminderForm(TrapForm):
    """The address that wants to be reminded."""

    email = EmailField(max_length=254, error_messages={"required": "Enter your e-mail address."})


class AddressForm(forms.Form):
    """The address that a link was mailed to: to send a new one to, or the receipts."""

    email = EmailField(max_length=254)


class NominationForm(TrapForm, forms.ModelForm):
    """A nominee that a reader proposes."""

    url = WebsiteField(
        required=False,
        max_length=200,
        error_messages={"invalid": "This is not an address of a website. It should look like https://example.com/."},
    )

    answer_to = EmailField(required=False, max_length=254)

    class Meta:
        model = Nomination
        fields = ["category", "name", "url", "reason"]
        error_messages = {
            "category": {"required": "Choose a category.", "invalid_choice": "Choose one of this season's categories."},
            "name": {
                "required": "Say whom or what you nominate.",
                "max_length": "This name is too long: at most 120 characters.",
            },
            "reason": {"max_length": "This is too long: at most 1,000 characters."},
        }

    def __init__(self, season: Season, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        category.queryset = season.categories.all()  # type: ignore[attr-defined]
        category.to_field_name = "slug"  # type: ignore[attr-defined]
        category.empty_label = "Choose a category"  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_reason(self) -> str:
        return prose(self.cleaned_data["reason"])

    def propose(self) -> None:
        """Store the nomination. Raises TransitionRefused."""
        if not self.is_trapped:
            data = self.cleaned_data
            nominations.nominate(
                category=data["category"],
                name=data["name"],
                url=data.get("url", ""),
                reason=data.get("reason", ""),
                answer_to=data.get("answer_to", ""),
            )
