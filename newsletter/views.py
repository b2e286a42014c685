"""Subscribers' pages. They need no cookie; the personal ones are behind signed links."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.lib.forms import client_address
from core.lib.networks import network_of
from core.lib.signing import BadToken, ExpiredToken, read_token
from newsletter.forms import AddressForm, ConfirmForm, PreferencesForm
from newsletter.models import AddressChange, ConsentAct, Newsletter, Subscriber, Subscription
from newsletter.subscribers import address_changes, subscriptions
from newsletter.subscribers.sign_ups import THANKS
from newsletter.subscribers.standing import LASTING

DATA_LINK_SENT = "Check your inbox: we sent you a mail with a link to your data, which works for two hours."
NEW_ADDRESS_ASKED = (
    "Check the inbox of the new address: we sent a mail there with a link to confirm the change, which works for two days."
    " Until then nothing changes."
)
SAVED_SO_FAR = "What you left is saved. Nothing you ticked is sent yet."
SUPPRESSED = (
    "We send nothing to this address at the moment, since mail to it came back or its data was erased. To get mail"
    " again, tick the lists you want and save: we send a link, and once you follow it we write to you again."
)
SUPPRESSED_FOR_GOOD = (
    "We send nothing to this address, because our mail was reported as spam or we were asked not to write to it. If you"
    " would like mail again, write to us."
)


@dataclass(frozen=True, slots=True)
class PreferencesLink:
    """Whom a link to preferences is about; when it was made, if it says so; and whether it was mailed lately, on request."""

    subscriber: Subscriber
    issued_at: datetime | None = None
    is_fresh: bool = False

    @property
    def opens(self) -> bool:
        return subscriptions.reaches(self.subscriber, self.issued_at)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, since mail scanners open links; POST confirms."""
    try:
        subscription_id, issued = _read("confirm", token, 2)
    except ExpiredToken:
        return _plain(request, "newsletter/confirm_expired.html", {"token": token}, HTTPStatus.GONE)
    subscription = _subscription(subscription_id)
    context: dict[str, Any] = {"subscription": subscription, "newsletter": subscription.newsletter}
    form = context["form"] = ConfirmForm(request.POST if request.method == "POST" else None, subscription=subscription)
    if not form.is_valid():
        return _plain(
            request, "newsletter/confirm.html", context, HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
        )
    issued_at, rhythm = subscriptions.issue_time(issued), form.cleaned_data.get("rhythm") or ""
    try:
        context["is_mailable"] = subscriptions.confirm(
            subscription, issued_at=issued_at, ip=client_address(request), rhythm=rhythm
        )
    except subscriptions.LinkSuperseded:
        return _plain(request, "newsletter/confirm_superseded.html", context, HTTPStatus.CONFLICT)
    context["preferences"] = reverse(
        "newsletter:preferences", args=[subscriptions.mailed_preferences_token(subscription.subscriber_id)]
    )
    context["rhythm"] = rhythm
    return _plain(request, "newsletter/confirmed.html", context)


@require_POST
@never_cache
@csrf_exempt
def confirm_again(request: HttpRequest, token: str) -> HttpResponse:
    """Send a fresh link to the address of an expired one."""
    try:
        subscription_id, _ = _read("confirm", token, 2)
    except ExpiredToken as expired:
        subscription_id = expired.values[0]
    subscriptions.send_another_link(_subscription(subscription_id))
    return _plain(request, "newsletter/thanks.html", {"message": THANKS})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST unsubscribes at once, from the page or by a mail program (RFC 8058)."""
    subscriber_id, newsletter_id = _read("unsubscribe", token, 2)
    newsletter = get_object_or_404(Newsletter, pk=newsletter_id)
    context: dict[str, Any] = {"newsletter": newsletter}
    context["preferences"] = reverse("newsletter:preferences", args=[subscriptions.preferences_token(subscriber_id)])
    if request.method != "POST":
        return _plain(request, "newsletter/unsubscribe.html", context)
    by = "one-click" if request.POST.get("List-Unsubscribe") == "One-Click" else "page"
    subscriptions.unsubscribe(subscriber_id=subscriber_id, newsletter_id=newsletter_id, by=by)
    return _plain(request, "newsletter/unsubscribed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def stay(request: HttpRequest, token: str) -> HttpResponse:
    """Where a letter that asks whether to stay leads: GET shows a button, POST writes the answer down."""
    subscriber_id, newsletter_id = _read("unsubscribe", token, 2)
    context: dict[str, Any] = {"newsletter": get_object_or_404(Newsletter, pk=newsletter_id), "stays": None}
    context["preferences"] = reverse("newsletter:preferences", args=[subscriptions.preferences_token(subscriber_id)])
    if request.method == "POST":
        network = network_of(client_address(request))
        ids = {"subscriber_id": subscriber_id, "newsletter_id": newsletter_id}
        subscription = subscriptions.stay(**ids, network=network)
        context |= {"stays": subscription is not None, "subscription": subscription}
    return _plain(request, "newsletter/stay.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The lists of one subscriber, to join and leave. A link mailed to an address of before opens nothing."""
    link = _preferences_link(token)
    if not link.opens:
        return _plain(request, "newsletter/address_changed.html", {"token": token}, HTTPStatus.GONE)
    context, subscriber = _preferences(link, token), link.subscriber
    if request.method == "POST":
        form = PreferencesForm(request.POST, subscriber=subscriber)
        if not form.is_valid():
            return _plain(request, "newsletter/preferences.html", context | {"form": form}, HTTPStatus.BAD_REQUEST)
        form.save(ip=client_address(request))
        context["saved"] = SAVED_SO_FAR if subscriber.suppressed else "Saved."
        context["form"] = PreferencesForm(subscriber=subscriber)
    return _plain(request, "newsletter/preferences.html", context)


def _preferences(link: PreferencesLink, token: str) -> dict[str, Any]:
    """What the preferences page shows. A link from a letter, which may have been passed on, changes no address."""
    subscriber = link.subscriber
    lasting = subscriber.suppressed in LASTING
    return {
        "subscriber": subscriber,
        "token": token,
        "form": PreferencesForm(subscriber=subscriber),
        "address_form": AddressForm(subscriber=subscriber) if link.is_fresh and not lasting else None,
        "unreachable": subscriber.suppressed and (SUPPRESSED_FOR_GOOD if lasting else SUPPRESSED),
        "wants_no_mail": lasting,
    }


@require_POST
@never_cache
@csrf_exempt
def change_address(request: HttpRequest, token: str) -> HttpResponse:
    """Mail a link to a new address; the answer is the same whatever is known of it."""
    link = _preferences_link(token)
    subscriber = link.subscriber
    if not (link.is_fresh and link.opens) or subscriber.suppressed in LASTING:
        context = {"preferences": subscriptions.preferences_token(subscriber.pk)}
        return _plain(request, "newsletter/data_expired.html", context, HTTPStatus.GONE)
    form = AddressForm(request.POST, subscriber=subscriber)
    if form.is_valid() and form.save():
        return _plain(request, "newsletter/thanks.html", {"message": NEW_ADDRESS_ASKED})
    context = _preferences(link, token) | {"address_form": form}
    return _plain(request, "newsletter/preferences.html", context, HTTPStatus.BAD_REQUEST)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, since mail scanners open links; POST changes the address."""
    try:
        (change_id,) = _read("new-address", token, 1)
    except ExpiredToken:
        change_id = 0
    change = AddressChange.objects.select_related("subscriber").filter(pk=change_id).first()
    if change is None:
        return _plain(request, "newsletter/address_expired.html", {}, HTTPStatus.GONE)
    context: dict[str, Any] = {"change": change}
    if request.method != "POST":
        return _plain(request, "newsletter/address_confirm.html", context)
    try:
        subscriber = address_changes.confirm(change, ip=client_address(request))
    except address_changes.ChangeRefused as refusal:
        return _plain(request, "newsletter/address_expired.html", {"why": str(refusal)}, HTTPStatus.CONFLICT)
    fresh = subscriptions.fresh_preferences_token(subscriber.pk)
    context["preferences"] = reverse("newsletter:preferences", args=[fresh])
    return _plain(request, "newsletter/address_confirmed.html", context)


@require_POST
@never_cache
@csrf_exempt
def data_link(request: HttpRequest, token: str) -> HttpResponse:
    """Mail a short-lived link to the page of a subscriber's data: letters with the link to preferences are passed on."""
    subscriptions.send_data_link(_preferences_link(token).subscriber)
    return _plain(request, "newsletter/thanks.html", {"message": DATA_LINK_SENT})


@require_safe
@never_cache
def data(request: HttpRequest, token: str) -> HttpResponse:
    """What is recorded of a subscriber's consent, and what can be done with the data."""

    def shown(found: dict[str, Any]) -> HttpResponse:
        acts = ConsentAct.objects.about(found["subscriber"]).select_related("newsletter", "wording")
        wordings = {act.wording_id: act.wording for act in acts if act.wording}
        preferences = subscriptions.fresh_preferences_token(found["subscriber"].pk)
        context = {**found, "acts": acts, "wordings": wordings.values(), "preferences": preferences}
        return _plain(request, "newsletter/data.html", context)

    return _with_data(request, token, shown)


@require_POST
@never_cache
@csrf_exempt
def export(request: HttpRequest, token: str) -> HttpResponse:
    """Everything that is kept about one subscriber, as a JSON file."""

    def file(found: dict[str, Any]) -> HttpResponse:
        response = JsonResponse(subscriptions.export(found["subscriber"]), json_dumps_params={"indent": 2})
        response["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response

    return _with_data(request, token, file)


@require_POST
@never_cache
@csrf_exempt
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """Delete what is kept about one subscriber. Doing it twice changes nothing."""

    def erased(found: dict[str, Any]) -> HttpResponse:
        if found["subscriber"]:
            subscriptions.erase(found["subscriber"])
        return _plain(request, "newsletter/erased.html", {})

    return _with_data(request, token, erased, gone=True)


def _with_data(
    request: HttpRequest, token: str, answer: Callable[[dict[str, Any]], HttpResponse], *, gone: bool = False
) -> HttpResponse:
    """Answer the holder of a link to a subscriber's data; `gone`: also where the subscriber is there no more."""
    try:
        subscriber_id, issued = _read("personal-data", token, 2)
    except ExpiredToken as expired:
        subscriber_id, issued = expired.values[0], 0
    subscriber = Subscriber.objects.filter(pk=subscriber_id).first()
    if not issued or (subscriber and not subscriptions.reaches(subscriber, subscriptions.issue_time(issued))):
        context = {"preferences": subscriptions.preferences_token(subscriber_id)}
        return _plain(request, "newsletter/data_expired.html", context, HTTPStatus.GONE)
    if subscriber is None and not gone:
        raise Http404("There is no such subscriber.")
    return answer({"subscriber": subscriber, "token": token})


def _plain(
    request: HttpRequest, template: str, context: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    """One person's page, whose address must not reach other sites or search engines."""
    response = render(request, template, context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _read(purpose: str, token: str, count: int) -> tuple[int, ...]:
    """The values in a link's token; a malformed one is answered with 404. Raises ExpiredToken."""
    try:
        values = read_token(purpose, token)
    except ExpiredToken:
        raise
    except BadToken as error:
        raise Http404(str(error)) from None
    if len(values) != count:
        raise Http404("This link is not complete.")
    return values


def _subscription(subscription_id: int) -> Subscription:
    return get_object_or_404(Subscription.objects.select_related("newsletter", "subscriber"), pk=subscription_id)


def _preferences_link(token: str) -> PreferencesLink:
    try:
        values = read_token("preferences", token)
    except ExpiredToken as expired:
        values = expired.values[:1]
    except BadToken as error:
        raise Http404(str(error)) from None
    if not 1 <= len(values) <= 3:
        raise Http404("This link is not complete.")
    subscriber = get_object_or_404(Subscriber, pk=values[0])
    if len(values) == 1:
        return PreferencesLink(subscriber)
    return PreferencesLink(subscriber, subscriptions.issue_time(values[1]), values[2:] == (subscriptions.FRESH,))
