"""What the API has of the awards: seasons, categories, nominees, results once they are released; and a way to vote.

A vote comes in by the same functions as the form's, and is confirmed by mail like any other.
"""

import re
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404
from django.urls import path
from django.urls.resolvers import URLPattern
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import kept, problems
from core.api.fields import sample
from core.api.shape import Shaped
from core.lib.forms import client_address
from core.lib.networks import public_network_of
from core.lib.text import storable
from core.ratelimit import allow
from core.transitions import TransitionRefused
from surveys import ballot_requests, ballots, keys, papers, public_record
from surveys.choices import ChoiceRefused, of_voter
from surveys.forms import EmailField, NominationForm
from surveys.models import AwardCategory, Nominee, Season
from surveys.questionnaires import api as questionnaires
from surveys.result_view import result_of

NOMINATED = ("category", "name", "url", "reason", "answer_to")
NOMINATIONS_PER_HOUR = 30
BODY_LIMIT = 16 * 1024  # bytes of a ballot


class RowSerializer(serializers.Serializer[dict[str, Any]]):
    rank = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    slug = serializers.CharField()
    count = serializers.FloatField()
    share = serializers.CharField(allow_null=True)
    winner = serializers.BooleanField()


class ResultSerializer(serializers.Serializer[Any]):
    """A released result; `note` states N, the method and the sample."""

    unit = serializers.CharField()
    note = serializers.CharField()
    winners = serializers.ListField(child=serializers.CharField())
    rows = RowSerializer(many=True)
    jury = serializers.DictField(
        required=False, allow_null=True, help_text="Public and jury apart, where there is a jury."
    )


class NomineeSerializer(serializers.ModelSerializer[Nominee]):
    class Meta:
        model = Nominee
        fields = ["slug", "name", "description", "url", "withdrawn_at"]


class AwardCategorySerializer(serializers.ModelSerializer[AwardCategory]):
    nominees = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = AwardCategory
        fields = [
            "slug", "title", "description", "method", "max_choices", "max_ranks", "scale", "takes_write_in", "offers_none",
            "jury_weight", "jury_quorum", "closed_at", "released_at", "nominees", "result",
        ]  # fmt: skip

    @extend_schema_field(NomineeSerializer(many=True))
    def get_nominees(self, category: AwardCategory) -> Any:
        return NomineeSerializer(papers.nominees_of(category), many=True).data

    @extend_schema_field(ResultSerializer(allow_null=True))
    def get_result(self, category: AwardCategory) -> dict[str, Any] | None:
        result = result_of(category)
        return dict(ResultSerializer(result).data) if result else None


class SeasonSerializer(serializers.ModelSerializer[Season]):
    page = serializers.SerializerMethodField()

    class Meta:
        model = Season
        fields = [
            "slug", "title", "standfirst", "state", "opens_at", "closes_at", "released_at", "rules_version",
            "is_imported", "page",
        ]  # fmt: skip

    def get_page(self, season: Season) -> str:
        return settings.SITE_URL + season.get_absolute_url()


class SeasonDetailSerializer(SeasonSerializer):
    categories = AwardCategorySerializer(many=True, read_only=True)

    class Meta(SeasonSerializer.Meta):
        fields = [*SeasonSerializer.Meta.fields, "categories"]


@kept
class SeasonList(Shaped, generics.ListAPIView[Season]):
    """Seasons that readers know of, the newest first."""

    queryset = Season.objects.public()
    serializer_class = SeasonSerializer
    filterset_fields = ["state"]


@kept
class SeasonDetail(Shaped, generics.RetrieveAPIView[Season]):
    """One season with its categories, nominees and released results."""

    queryset = Season.objects.public().prefetch_related(
        Prefetch("categories", AwardCategory.objects.prefetch_related("nominees"))
    )
    serializer_class = SeasonDetailSerializer
    lookup_field = "slug"


class LedgerSerializer(serializers.Serializer[Any]):
    """Every leaf in order, and every signed head; hashes, keys and signatures as hex."""

    season = serializers.CharField()
    imported = serializers.BooleanField()
    leaves = serializers.ListField(child=serializers.CharField())
    statements = serializers.DictField(help_text="By the leaf's index: what everybody may read of it.")
    rulings = serializers.DictField(help_text="Likewise, of categories that are released.")
    heads = serializers.ListField(child=serializers.DictField())


@kept
class Ledger(APIView):
    """The ledger of a season."""

    @extend_schema(responses=LedgerSerializer)
    def get(self, _request: Request, slug: str) -> Response:
        season = generics.get_object_or_404(Season.objects.public(), slug=slug)
        return Response(public_record.ledger_document(season))


class ReceiptSerializer(serializers.Serializer[Any]):
    """Where a receipt's leaf stands, with the proof that it is in the tree; no choice and no category before the release."""

    receipt = serializers.CharField()
    season = serializers.CharField()
    index = serializers.IntegerField(allow_null=True, help_text="None while it waits to be sealed.")
    head = serializers.DictField(allow_null=True)
    path = serializers.ListField(
        child=serializers.CharField(), help_text="The audit path (RFC 6962), from the leaf up."
    )


@kept
class Receipt(APIView):
    """The proof of a receipt."""

    @extend_schema(responses=ReceiptSerializer)
    def get(self, _request: Request, receipt: str) -> Response:
        if not re.fullmatch(r"[0-9a-f]{64}", receipt):
            raise Http404("A receipt has 64 characters, 0 to 9 and a to f.")
        found = public_record.receipt_page(bytes.fromhex(receipt))
        if found is None:
            raise Http404("No ballot has this receipt.")
        entry = found["entry"]
        shown = {"receipt": receipt, "season": found["season"].slug, "index": entry.index if entry else None}
        return Response(shown | {"head": found.get("head"), "path": found.get("path", [])})


class Said(serializers.Serializer[Any]):
    message = serializers.CharField()


class NominationRequest(serializers.Serializer[Any]):
    category = serializers.CharField(max_length=60, help_text="Its slug.")
    name = serializers.CharField(max_length=120)
    url = serializers.CharField(required=False, max_length=200)
    reason = serializers.CharField(required=False, max_length=1000)
    answer_to = serializers.CharField(
        required=False, max_length=254, help_text="An address that is told what became of it."
    )


class NominationCreate(APIView):
    """Propose a nominee, by the rules of the form."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=NominationRequest, responses={202: Said}, examples=[sample(category="wallet", name="Ada Wallet")]
    )
    def post(self, request: Request, slug: str) -> Response:
        season = generics.get_object_or_404(Season.objects.public(), slug=slug)
        if season.state != Season.State.NOMINATING:
            return _answer("Nominations are closed.", status.HTTP_409_CONFLICT)
        data = _data(request)
        form = NominationForm(season, {name: storable(str(data.get(name) or "")) for name in NOMINATED})
        if not form.is_valid():
            return _answer("Your nomination was not taken.", status.HTTP_400_BAD_REQUEST, errors=form.errors)
        network = public_network_of(client_address(request._request))
        if network and not allow(f"nominate|{network}", limit=NOMINATIONS_PER_HOUR, seconds=3600):
            words = "Many nominations came from your network. Try again in an hour."
            return _answer(words, status.HTTP_429_TOO_MANY_REQUESTS)
        try:
            form.propose()
        except TransitionRefused:
            return _answer("Nominations are closed.", status.HTTP_409_CONFLICT)
        return _answer("Thank you: the stewards look at it.", status.HTTP_202_ACCEPTED)


class BallotRequest(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    proof = serializers.CharField(
        required=False,
        help_text="Of the work that is asked for beside the form (ballot/proof/); without it, the mail may come later.",
    )
    choices = serializers.DictField(
        help_text='By category: a list of ranks, each a list of slugs ([["ada"]]; ranked: [["ada"], ["bit"]]), or '
        'points by slug ({"ada": 5}). Where a category takes it: "write-in:A name", "none-of-them".'
    )


class BallotAnswer(serializers.Serializer[Any]):
    message = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # the name of an attribute of its own
        required=False, help_text="By field; those of choices by category."
    )


class BallotCreate(APIView):
    """Ask for a ballot: the address gets a link that confirms it. The answer is the same for every address."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=BallotRequest,
        responses=dict.fromkeys((202, 400, 409, 413, 503), BallotAnswer) | {404: None},
        examples=[sample(email="ann@example.com", choices={"wallet": [["ada"]]})],
    )
    def post(self, request: Request, slug: str) -> Response:
        if _length(request) > BODY_LIMIT:
            return _answer(f"A ballot has at most {BODY_LIMIT // 1024} KB.", status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
        season = generics.get_object_or_404(Season.objects.public(), slug=slug)
        data = _data(request)
        errors: dict[str, Any] = {}
        email = _email(data.get("email"), errors)
        choices = _choices(season, data.get("choices"), errors)
        if errors:
            return _answer("Your vote was not taken.", status.HTTP_400_BAD_REQUEST, errors=errors)
        try:
            reply = ballot_requests.request_ballot(
                season=season,
                choices=choices,
                email=email,
                ip=client_address(request._request),
                proof=str(data.get("proof") or ""),
            )
        except ballots.NotOpen:
            return _answer("Voting is closed.", status.HTTP_409_CONFLICT)
        except keys.PepperMissing:
            return _answer("Voting is paused. Try again in ten minutes.", status.HTTP_503_SERVICE_UNAVAILABLE)
        return _answer(f"Check your inbox: {reply.value}.", status.HTTP_202_ACCEPTED)


def _answer(message: str, code: int, **more: Any) -> Response:
    again = {429: "3600", 503: "600"}.get(code)
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": again} if again else {})
    return problems.answer(message, code, headers=headers, **more)


def _length(request: Request) -> int:
    """The bytes of a body: no more of it is read than is announced."""
    announced = str(request._request.META.get("CONTENT_LENGTH") or "")
    return int(announced) if announced.isdecimal() else 0


def _data(request: Request) -> dict[str, Any]:
    """What was sent. Raises ParseError."""
    try:
        return request.data if isinstance(request.data, dict) else {}
    except RecursionError:
        raise ParseError("This JSON is nested too deeply.") from None


def _email(typed: Any, errors: dict[str, Any]) -> str:
    try:
        return EmailField(max_length=254).clean(typed if isinstance(typed, str) else "")
    except ValidationError as refusal:
        errors["email"] = refusal.messages
        return ""


def _choices(season: Season, sent: Any, errors: dict[str, Any]) -> dict[str, Any]:
    """What was chosen in the categories that are open, checked; what is wrong goes to `errors` by category."""
    if not isinstance(sent, dict) or not sent:
        errors["choices"] = ["Choose a nominee in at least one category."]
        return {}
    categories = {each.slug: each for each in season.categories.prefetch_related("nominees")}
    open_ones = set(season.categories.taking_ballots().values_list("slug", flat=True))
    found, refused = dict[str, Any](), dict[str, list[str]]()
    for slug, choice in islice(sent.items(), len(categories) + 1):  # of one more than there are, one is wrong
        try:
            if slug not in categories:
                raise ChoiceRefused("There is no such category in this season.")
            if open_ones and slug not in open_ones:
                raise ChoiceRefused(f"Voting in “{categories[slug]}” is closed.")
            found[slug] = of_voter(choice, papers.question_of(categories[slug]))
        except ChoiceRefused as reason:
            refused[slug[:60]] = [str(reason)]
    if refused:
        errors["choices"] = refused
    return found


urlpatterns: list[URLPattern] = [
    path("seasons/<slug:slug>/ledger/", Ledger.as_view(), name="api-ledger"),
    path("seasons/<slug:slug>/nominations/", NominationCreate.as_view(), name="api-nominations"),
    path("receipts/<str:receipt>/", Receipt.as_view(), name="api-receipt"),
    path("seasons/", SeasonList.as_view(), name="api-seasons"),
    path("seasons/<slug:slug>/", SeasonDetail.as_view(), name="api-season"),
    path("seasons/<slug:slug>/ballots/", BallotCreate.as_view(), name="api-ballots"),
    *questionnaires.urlpatterns,
]
