"""What staff do about one subscriber: each act asks first, wants a reason, and is written into the consent ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.lib.moments import MomentField
from core.lib.text import one_line
from newsletter.models import Delivery, Hit, Newsletter, Subscriber, Subscription, Suppression
from newsletter.subscribers import address_changes, choices, consent, subscriptions
from newsletter.subscribers.consent import Act, Actor

WAY = "subscriber's page"
DELIVERIES_SHOWN = 20
OF_A_COMPLAINT = (
    "They reported our mail as spam. Write to them again only if they asked for it: each further report makes mailbox providers"
    " trust less of what you send to everybody."
)


class ReasonForm(forms.Form):
    """Why, for the ledger."""

    reason = forms.CharField(
        max_length=200, help_text="For the ledger, which the subscriber reads too. Addresses are left out of it."
    )

    def __init__(self, subscriber: Subscriber, *args: Any) -> None:
        super().__init__(*args)
        self.subscriber = subscriber
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean_reason(self) -> str:
        if reason := one_line(self.cleaned_data["reason"]):
            return reason
        raise ValidationError("Say why.")


class UnsubscribeForm(ReasonForm):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), empty_label=None)

    def __init__(self, subscriber: Subscriber, *args: Any) -> None:
        super().__init__(subscriber, *args)
        on = subscriber.subscriptions.exclude(state=Subscription.State.UNSUBSCRIBED)
        self.fields["newsletter"].queryset = Newsletter.objects.filter(pk__in=on.values("newsletter"))  # type: ignore[attr-defined]


class PauseForm(ReasonForm):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), empty_label=None)
    until = MomentField(help_text="Briefings come again from then on.", validators=[choices.check_pause])

    def __init__(self, subscriber: Subscriber, *args: Any) -> None:
        super().__init__(subscriber, *args)
        on = subscriber.subscriptions.confirmed().values("newsletter")
        self.fields["newsletter"].queryset = Newsletter.objects.filter(pk__in=on)  # type: ignore[attr-defined]


class ResumeForm(ReasonForm):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), empty_label=None)

    def __init__(self, subscriber: Subscriber, *args: Any) -> None:
        super().__init__(subscriber, *args)
        paused = subscriber.subscriptions.paused().values("newsletter")
        self.fields["newsletter"].queryset = Newsletter.objects.filter(pk__in=paused)  # type: ignore[attr-defined]


class CorrectForm(ReasonForm):
    address = forms.CharField(label="New address", max_length=254, widget=forms.EmailInput)


class EraseForm(ReasonForm):
    """The reason outlasts the erasure, so it is chosen from sentences that name nobody."""

    reason = forms.ChoiceField(  # type: ignore[assignment]
        choices=[
            (words, words)
            for words in ("The subscriber asked for it.", "It was never a person's address.", "The law asks for it.")
        ]
    )


def _unsubscribe(request: HttpRequest, subscriber: Subscriber, *, newsletter: Newsletter, reason: str) -> None:
    subscriptions.unsubscribe(
        subscriber_id=subscriber.pk,
        newsletter_id=newsletter.pk,
        by=WAY,
        actor=Actor.STAFF,
        staff=str(request.user),
        note=reason,
    )


def _pause(
    request: HttpRequest, subscriber: Subscriber, *, newsletter: Newsletter, reason: str, until: Any = None
) -> None:
    by = choices.By(WAY, Actor.STAFF, str(request.user), note=reason)
    choices.pause(subscriber, newsletter, until=until, by=by)


def _correct(request: HttpRequest, subscriber: Subscriber, *, address: str, reason: str) -> None:
    address_changes.correct(subscriber, address, way=WAY, by=str(request.user), reason=reason)


def _suppress(request: HttpRequest, subscriber: Subscriber, *, reason: str) -> None:
    _record(request, subscriber, Act.SUPPRESSED, reason)


def _lift(request: HttpRequest, subscriber: Subscriber, *, reason: str) -> None:
    _record(request, subscriber, Act.LIFTED, reason)


def _record(request: HttpRequest, subscriber: Subscriber, act: str, reason: str) -> None:
    by = str(request.user)
    consent.record(consent.NewAct(consent.person(subscriber), act, Actor.STAFF, way=WAY, by_name=by, note=reason))


def _erase(request: HttpRequest, subscriber: Subscriber, *, reason: str) -> None:
    subscriptions.erase(subscriber, actor=Actor.STAFF, way=WAY, by=str(request.user), reason=reason)


@dataclass(frozen=True, slots=True)
class StaffAct:
    """An act that staff can do: who may, when it makes sense, what is said before and after, and what does it."""

    label: str
    permission: str
    before: str
    done: str
    carry_out: Callable[..., None]
    applies: Callable[[Subscriber], bool] = lambda subscriber: True
    warning: Callable[[Subscriber], str] = lambda subscriber: ""
    form: type[ReasonForm] = ReasonForm


def _is_on_a_list(subscriber: Subscriber) -> bool:
    return subscriber.subscriptions.exclude(state=Subscription.State.UNSUBSCRIBED).exists()


ACTS = {
    "unsubscribe": StaffAct(
        "Unsubscribe",
        "newsletter.change_subscriber",
        "No more briefings of this newsletter. Only the subscriber can come back, by signing up again.",
        "Unsubscribed.",
        _unsubscribe,
        _is_on_a_list,
        form=UnsubscribeForm,
    ),
    "pause": StaffAct(
        "Pause",
        "newsletter.change_subscriber",
        "No briefings of this newsletter until then. The pause ends by itself; the subscriber can end or change it too.",
        "Paused.",
        _pause,
        lambda subscriber: subscriber.subscriptions.confirmed().exists(),
        form=PauseForm,
    ),
    "resume": StaffAct(
        "End a pause",
        "newsletter.change_subscriber",
        "Briefings come again from now on. The subscriber chose the pause, or staff did: the ledger says which.",
        "The pause is over.",
        _pause,
        lambda subscriber: subscriber.subscriptions.paused().exists(),
        form=ResumeForm,
    ),
    "correct": StaffAct(
        "Correct the address",
        "newsletter.change_subscriber",
        "Subscriptions stay and mail goes to the new address, so correct only what was mistyped or what its owner asked for.",
        "The address is corrected.",
        _correct,
        _is_on_a_list,
        form=CorrectForm,
    ),
    "suppress": StaffAct(
        "Suppress",
        "newsletter.add_suppression",
        "This address gets no more briefings at all, and no sign-up or import changes that until staff lift it.",
        "The address is suppressed.",
        _suppress,
        lambda subscriber: subscriber.suppressed not in ("staff", "complaint"),
    ),
    "lift": StaffAct(
        "Lift the suppression",
        "newsletter.delete_suppression",
        "This address gets the briefings again that it is subscribed to.",
        "The address may be written to again.",
        _lift,
        lambda subscriber: bool(subscriber.suppressed),
        lambda subscriber: OF_A_COMPLAINT if subscriber.suppressed == Suppression.Reason.COMPLAINT else "",
    ),
    "erase": StaffAct(
        "Erase",
        "newsletter.delete_subscriber",
        "Everything about this subscriber is deleted, the ledger too. What stays is that it was erased, with a digest of the"
        " address and your reason. This cannot be undone.",
        "Everything about the subscriber is erased.",
        _erase,
        form=EraseForm,
    ),
}


def offered(request: HttpRequest, subscriber: Subscriber) -> dict[str, str]:
    """The acts that this member of staff may do about a subscriber now: names and labels."""
    user: Any = request.user
    return {name: act.label for name, act in ACTS.items() if user.has_perm(act.permission) and act.applies(subscriber)}


def act_page(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for the reason, say what follows, and do it on POST."""
    user: Any = request.user
    if name not in ACTS:
        raise Http404
    act = ACTS[name]
    if not user.has_perms(["newsletter.view_subscriber", act.permission]):
        raise PermissionDenied
    subscriber = get_object_or_404(Subscriber, pk=pk)
    back = reverse("admin:newsletter_subscriber_change", args=[pk])
    if not act.applies(subscriber):
        messages.warning(request, f"“{act.label}” does not apply to this subscriber any more.")
        return HttpResponseRedirect(back)
    form = act.form(subscriber, request.POST or None)
    if form.is_valid() and _carried_out(request, act, form):
        messages.success(request, act.done)
        return HttpResponseRedirect(back if name != "erase" else reverse("admin:newsletter_subscriber_changelist"))
    context = {"act": act, "form": form, "subscriber": subscriber, "title": act.label, "back": back}
    context["warning"] = act.warning(subscriber)
    context["opts"] = Subscriber._meta
    return render(request, "admin/newsletter/subscriber/act.html", admin.site.each_context(request) | context)


def _carried_out(request: HttpRequest, act: StaffAct, form: ReasonForm) -> bool:
    try:
        act.carry_out(request, form.subscriber, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def recent_deliveries(subscriber: Subscriber) -> QuerySet[Delivery]:
    """The newest deliveries to a subscriber, each with whether a person opened it or clicked."""
    counted = Hit.objects.filter(delivery=OuterRef("pk"), verdict=Hit.Verdict.VALID)
    rows: QuerySet[Delivery] = subscriber.deliveries.select_related("briefing__newsletter").prefetch_related("reports")
    rows = rows.order_by("-pk")
    return rows.annotate(opened=Exists(counted.filter(kind="open")), clicked=Exists(counted.filter(kind="click")))[
        :DELIVERIES_SHOWN
    ]
