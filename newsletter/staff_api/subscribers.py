"""Subscribers for programs. Nobody is subscribed without evidence: an address that comes without any is asked by mail."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Line, sample
from core.api.problems import Refused
from core.api.staff import StaffList, StaffRow, StaffStep
from core.api.versions import IF_MATCH, etag_of
from core.lib.networks import network_of
from newsletter.models import ConsentAct, Newsletter, Subscriber, Subscription, Suppression
from newsletter.subscribers import consent, subscriptions, traits
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.consent import Act, Actor, NewAct, Person

WAY = "API"
VIEW, ADD, CHANGE = "newsletter.view_subscriber", "newsletter.add_subscriberimport", "newsletter.change_subscriber"
EXAMPLE = sample(
    email="ann@example.com",
    newsletter="weekly",
    evidence={"given_at": "2026-05-01T09:30:00Z", "source": "checkout", "wording": "Send me the weekly briefing."},
)


class OnList(serializers.Serializer[Any]):
    """What somebody is on a list by."""

    newsletter = serializers.CharField(source="newsletter.slug")
    state = serializers.ChoiceField(Subscription.State.choices)
    since = serializers.DateTimeField()
    source: Any = serializers.CharField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    paused_until = serializers.DateTimeField(allow_null=True)


class ActShown(serializers.ModelSerializer[ConsentAct]):
    """A line of the consent ledger."""

    newsletter = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)  # type: ignore[var-annotated]
    wording = serializers.CharField(source="wording.text", default="")

    class Meta:
        model = ConsentAct
        fields = ["act", "newsletter", "actor", "by_name", "way", "wording", "given_at", "recorded_at", "note"]


class SubscriberShown(serializers.ModelSerializer[Subscriber]):
    """A subscriber with their lists."""

    suppressed = serializers.CharField(help_text="Why nothing is sent to the address; empty where something may be.")
    tags = serializers.SlugRelatedField("name", many=True, read_only=True)  # type: ignore[var-annotated]
    lists = OnList(source="subscriptions", many=True)
    consent = serializers.SerializerMethodField(help_text="Only with include=consent: the ledger.")

    class Meta:
        model = Subscriber
        fields = ["id", "email", "name", "suppressed", "tags", "lists", "created_at", "consent"]

    @extend_schema_field(ActShown(many=True))
    def get_consent(self, subscriber: Subscriber) -> Any:
        person = consent.person(subscriber)
        return ActShown(self._acts[person], many=True).data

    @cached_property
    def _acts(self) -> dict[Person, list[ConsentAct]]:
        """The acts of all that are shown together."""
        shown = self.parent.instance if self.parent else self.instance
        return consent.acts_of(
            [consent.person(row) for row in ([shown] if isinstance(shown, Subscriber) else shown or ())]
        )


class Evidence(serializers.Serializer[Any]):
    """Where and when somebody said yes, and to which words."""

    given_at = serializers.DateTimeField(help_text="In the past.")
    source = Line(max_length=60, help_text="Where: the form, the shop, the paper.")  # type: ignore[assignment]
    wording = Line(max_length=1000, help_text="The words that they agreed to.")
    ip = serializers.IPAddressField(required=False, help_text="Only its network is kept.")

    def validate_given_at(self, value: datetime) -> datetime:
        if value > timezone.now():
            raise serializers.ValidationError("A consent of the future is none.")
        return value


class SubscriberSent(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    newsletter = serializers.SlugRelatedField("slug", queryset=Newsletter.objects.all())
    evidence = Evidence(
        required=False, help_text="Without it they get a mail with a link to confirm, and are on no list until then."
    )
    name = Line(required=False, allow_blank=True, max_length=120)
    tags = serializers.ListField(child=Line(max_length=40), required=False, max_length=50)


class SubscriberChanged(serializers.Serializer[Any]):
    name = Line(required=False, allow_blank=True, max_length=120)
    tags = serializers.ListField(
        child=Line(max_length=40), required=False, max_length=50, help_text="All there shall be."
    )


class SubscriberFilter(filters.FilterSet):
    email = filters.CharFilter(method="at", label="The whole address.")
    newsletter = filters.CharFilter(field_name="subscriptions__newsletter__slug")
    tag = filters.CharFilter(field_name="tags__name")

    class Meta:
        model = Subscriber
        fields: ClassVar[list[str]] = []

    def at(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(canonical=value.strip().lower())


ROWS = Subscriber.objects.prefetch_related("tags", "subscriptions__newsletter")
OPTIONAL = frozenset({"consent"})


class SubscriberList(StaffList):
    """Subscribers, the newest first."""

    part = "subscribers"
    needs = {"GET": VIEW, "POST": (VIEW, ADD)}
    queryset = ROWS.order_by("-id")
    serializer_class = SubscriberShown
    filterset_class = SubscriberFilter
    optional = OPTIONAL

    @extend_schema(request=SubscriberSent, responses={201: SubscriberShown, 202: SubscriberShown}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """Subscribe an address by the evidence that is sent (201), or ask it for consent by mail (202).

        Somebody who left, or whose address is suppressed, stays so: only they themselves come back. Name and tags of somebody who
        was known before are left as they are, unless the role may change subscribers.
        """
        sent = SubscriberSent(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        with transaction.atomic():
            was_known = Subscriber.objects.filter(canonical=parse_address(given["email"]).canonical).exists()
            subscriber = _taken(given, by=str(request.user))
            if not was_known or request.user.has_perm(CHANGE):
                _describe(subscriber, given)
            shown = _shown(subscriber.pk)
        code = status.HTTP_201_CREATED if given.get("evidence") else status.HTTP_202_ACCEPTED
        return Response(
            shown, status=code, headers={"ETag": etag_of(shown), "Location": f"{request.path}{subscriber.pk}/"}
        )


def _taken(given: dict[str, Any], *, by: str) -> Subscriber:
    """Write down what was sent of an address. Raises ValidationError."""
    address = parse_address(given["email"])
    newsletter, evidence = given["newsletter"], given.get("evidence")
    if evidence is None:
        origin = subscriptions.Origin(WAY)
        if found := subscriptions.take_request(address, newsletter, origin, asked_at=timezone.now()):
            return found.subscriber
        raise Refused("Nothing may be sent to this address: see its suppression at the desk.")
    if Suppression.objects.of(
        address.canonical
    ).exists():  # also of those who were erased, of whom nothing else is known
        raise Refused("This address is suppressed, so it comes back only by its owner’s own sign-up.")
    subscriber = consent.subscriber_at(address)
    told: dict[str, Any] = {"way": f"{WAY}: {evidence['source']}", "wording": evidence["wording"], "by_name": by}
    told |= {"given_at": evidence["given_at"], "network": network_of(evidence.get("ip", ""))}
    person = consent.person(subscriber)
    act = NewAct(person, Act.IMPORTED, Actor.IMPORT, newsletter.pk, **told)
    if consent.matters(act, consent.acts_of([person])[person]):
        consent.record(act)
    return subscriber


def _describe(subscriber: Subscriber, given: dict[str, Any]) -> None:
    """Set what is known of somebody besides."""
    if "name" in given:
        Subscriber.objects.filter(pk=subscriber.pk).update(name=given["name"])
    if "tags" in given:
        traits.set_tags(subscriber, traits.clean_names(given["tags"]))


def _shown(pk: int) -> dict[str, Any]:
    found = SubscriberShown(ROWS.get(pk=pk))
    found.fields.pop("consent")
    return dict(found.data)


class OfSubscriber(StaffRow):
    """What views of one subscriber share."""

    part = "subscribers"
    queryset = ROWS
    serializer_class = SubscriberShown
    optional = OPTIONAL

    def whole(self, row: Subscriber) -> dict[str, Any]:
        return _shown(row.pk)


class SubscriberRow(OfSubscriber):
    """One subscriber with their lists."""

    needs = {"GET": VIEW, "PATCH": CHANGE}

    @extend_schema(
        request=SubscriberChanged,
        responses=SubscriberShown,
        parameters=[IF_MATCH],
        examples=[sample(name="Ann", tags=["shop"])],
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change name and tags."""
        sent = SubscriberChanged(data=request.data)
        sent.is_valid(raise_exception=True)
        return self.changed(request, lambda row: _describe(row, sent.validated_data))


class Reasoned(serializers.Serializer[Any]):
    reason = Line(max_length=200, help_text="For the ledger, which the subscriber reads too.")


class Leaving(Reasoned):
    newsletter = serializers.SlugRelatedField("slug", queryset=Newsletter.objects.all())


class Unsubscribe(OfSubscriber, StaffStep):
    """Take somebody off a list."""

    needs = {"POST": CHANGE}
    route, sent = "unsubscribe", Leaving
    example = {"newsletter": "weekly", "reason": "Asked by telephone."}

    def take(self, row: Subscriber, by: Any, sent: dict[str, Any]) -> None:
        about = {"subscriber_id": row.pk, "newsletter_id": sent["newsletter"].pk}
        subscriptions.unsubscribe(**about, by=WAY, actor=Actor.STAFF, staff=str(by), note=sent["reason"])


class Suppress(OfSubscriber, StaffStep):
    """Send nothing to the address any more."""

    needs = {"POST": CHANGE}
    route, sent, example = "suppress", Reasoned, {"reason": "Asked by telephone."}

    def take(self, row: Subscriber, by: Any, sent: dict[str, Any]) -> None:
        told = {"way": WAY, "by_name": str(by), "note": sent["reason"]}
        consent.record(NewAct(consent.person(row), Act.SUPPRESSED, Actor.STAFF, **told))
