"""The API of newsletters: sent briefings to read, and sign-up under the same rules as the form."""

from typing import Any

from django.urls import path
from django.urls.resolvers import URLPattern
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from articles.api import DisclosureSerializer
from core.api import kept
from core.api.fields import sample
from core.api.problems import answer
from core.api.shape import Shaped
from newsletter.forms import SubscribeForm
from newsletter.mail import plain_text
from newsletter.models import Briefing
from newsletter.sending import composition
from newsletter.sign_up_pages import take


class PartSerializer(serializers.Serializer[Any]):
    """A part of a briefing as everybody may read it."""

    kind = serializers.CharField(source="item.kind")
    heading = serializers.CharField(source="item.heading")
    text = serializers.CharField()
    html = serializers.CharField()
    url = serializers.CharField(source="href")
    label: Any = serializers.CharField(source="item.label")
    sponsor_name = serializers.CharField(source="item.sponsor_name")
    notice = serializers.CharField(source="item.notice", help_text="Of an ad: a warning that the law asks for.")
    size = serializers.CharField(source="item.size", help_text="Of an article’s card: small, medium or large.")
    image_url = serializers.CharField(source="item.image_url")
    image_alt = serializers.CharField(source="item.image_alt")
    caption = serializers.CharField(source="item.caption")


class BriefingSerializer(serializers.ModelSerializer):
    newsletter: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)
    sent_at = serializers.DateTimeField(source="first_sent_at", read_only=True)
    subject = serializers.CharField(source="title", read_only=True)
    preheader = serializers.CharField(source="summary", read_only=True)

    class Meta:
        model = Briefing
        fields = ["slug", "url", "newsletter", "subject", "preheader", "issue_date", "sent_at"]


class BriefingDetailSerializer(BriefingSerializer):
    introduction = serializers.SerializerMethodField(help_text="Its plain words.")
    introduction_html = serializers.SerializerMethodField()
    disclosures = serializers.SerializerMethodField(help_text="Who paid us and is named in it, in the words it prints.")
    items = serializers.SerializerMethodField()

    class Meta(BriefingSerializer.Meta):
        fields = [*BriefingSerializer.Meta.fields, "introduction", "introduction_html", "disclosures", "items"]

    def to_representation(self, instance: Briefing) -> Any:
        self.shown = composition.web_version(instance)
        return super().to_representation(instance)

    def get_introduction(self, _briefing: Briefing) -> str:
        return plain_text.of_html(self.shown.introduction)

    def get_introduction_html(self, _briefing: Briefing) -> str:
        return str(self.shown.introduction)

    @extend_schema_field(DisclosureSerializer(many=True))
    def get_disclosures(self, _briefing: Briefing) -> Any:
        return DisclosureSerializer(self.shown.paid["named"] if self.shown.paid else [], many=True).data

    @extend_schema_field(PartSerializer(many=True))
    def get_items(self, _briefing: Briefing) -> Any:
        return PartSerializer(self.shown.parts, many=True).data


@kept
class BriefingList(Shaped, generics.ListAPIView):
    """Sent briefings, newest first."""

    queryset = Briefing.objects.readable().issues().select_related("newsletter").order_by("-first_sent_at")
    serializer_class = BriefingSerializer
    filterset_fields = {"newsletter__slug": ["exact"], "issue_date": ["gte", "lte"]}


@kept
class BriefingDetail(Shaped, generics.RetrieveAPIView):
    """One sent briefing with its items."""

    queryset = Briefing.objects.readable().select_related("newsletter")
    serializer_class = BriefingDetailSerializer
    lookup_field = "slug"


class SubscriptionRequest(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    newsletter = serializers.CharField(required=False, help_text="Its slug; without one, the default list.")
    name = serializers.CharField(
        required=False, max_length=120, help_text="What they may be called by; kept where the newsletter asks for it."
    )
    can_prove = serializers.BooleanField(
        required=False,
        help_text="Answer with a challenge (428) where a proof of work is wanted, which spares the wait.",
    )
    proof = serializers.CharField(required=False, help_text="The solved challenge, as ALTCHA writes it.")


class SubscriptionAnswer(serializers.Serializer[Any]):
    message = serializers.CharField()
    challenge = serializers.DictField(required=False, help_text="What to solve first, as ALTCHA has it.")


class SubscriptionCreate(APIView):
    """Ask for a subscription: the address gets a mail and confirms there. The answer never tells whether the address was known."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=SubscriptionRequest,
        responses={202: SubscriptionAnswer, 400: SubscriptionAnswer, 428: SubscriptionAnswer, 429: SubscriptionAnswer},
        examples=[sample(email="ann@example.com")],
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            return answer("Send an object with an email.", status.HTTP_400_BAD_REQUEST)
        if not isinstance(request.data.get("name"), str | None):
            return answer("A name is a text.", status.HTTP_400_BAD_REQUEST)
        typed = {key: request.data.get(key, "") for key in ("email", "name", "newsletter", "proof", "can_prove")}
        form = SubscribeForm({**typed, "source": "API"})
        message, code, challenge = take(request._request, form)
        more: dict[str, Any] = {"challenge": challenge} if challenge else {}
        if code == status.HTTP_400_BAD_REQUEST:
            more["errors"] = form.errors
        return answer(message, status.HTTP_202_ACCEPTED if code == status.HTTP_200_OK else code, **more)


urlpatterns: list[URLPattern] = [
    path("briefings/", BriefingList.as_view(), name="api-briefings"),
    path("briefings/<slug:slug>/", BriefingDetail.as_view(), name="api-briefing"),
    path("subscriptions/", SubscriptionCreate.as_view(), name="api-subscriptions"),
]
