"""What the API has of surveys: what they ask, a way to answer, and what came of them once it is published.

An answer comes in by the same functions as the form's, and is refused by the same rules, question by question.
"""

from typing import Any

from django.conf import settings
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
from core.ratelimit import allow
from surveys import keys
from surveys.models import Source, Survey
from surveys.questionnaires import access, at_once, sittings, versions
from surveys.questionnaires.definition import document_of
from surveys.questionnaires.limits import LimitReached
from surveys.questionnaires.result_files import document_of as document_of_results
from surveys.questionnaires.results import published
from surveys.questionnaires.views import PER_HOUR

BODY_LIMIT = 256 * 1024  # bytes of one response


class SurveySerializer(serializers.ModelSerializer[Survey]):
    page = serializers.SerializerMethodField()
    takes_answers = serializers.BooleanField(read_only=True)

    class Meta:
        model = Survey
        fields = ["slug", "title", "state", "access", "opens_at", "closes_at", "takes_answers", "page"]

    def get_page(self, survey: Survey) -> str:
        return settings.SITE_URL + survey.get_absolute_url()


class SurveyDetailSerializer(SurveySerializer):
    definition = serializers.SerializerMethodField()

    class Meta(SurveySerializer.Meta):
        fields = [*SurveySerializer.Meta.fields, "introduction", "definition"]

    @extend_schema_field(serializers.DictField())
    def get_definition(self, survey: Survey) -> dict[str, Any]:
        """Pages of questions, each with its kind, its choices and the condition under which it is put."""
        return document_of(versions.current(survey))


@kept
class SurveyList(Shaped, generics.ListAPIView[Survey]):
    """Surveys that readers are shown, the newest first."""

    queryset = Survey.objects.public().filter(is_listed=True)
    serializer_class = SurveySerializer


@kept
class SurveyDetail(Shaped, generics.RetrieveAPIView[Survey]):
    """One survey and what it asks."""

    queryset = Survey.objects.public()
    serializer_class = SurveyDetailSerializer
    lookup_field = "slug"


class FigureSerializer(serializers.Serializer[Any]):
    row = serializers.CharField(help_text="Of a matrix.")
    answers = serializers.ListField(child=serializers.CharField(), help_text="Several where they are told together.")
    label = serializers.CharField()  # type: ignore[assignment]  # the name of an attribute of its own
    count = serializers.IntegerField(allow_null=True)
    share = serializers.CharField(allow_null=True, help_text="Per cent, to one decimal.")


class QuestionResultSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField()
    asked = serializers.IntegerField(allow_null=True)
    answered = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    unit = serializers.CharField()
    measures = serializers.DictField(child=serializers.CharField())
    figures = FigureSerializer(many=True)


class SurveyResultsSerializer(serializers.Serializer[Any]):
    """Published results; a figure without a count would tell of a few people."""

    survey = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    responses = serializers.IntegerField()
    sample = serializers.CharField()
    fewest_shown = serializers.IntegerField()
    questions = QuestionResultSerializer(many=True)
    page = serializers.CharField()


@kept
class SurveyResults(APIView):
    """The published results of a survey."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(responses={200: SurveyResultsSerializer, 404: None})
    def get(self, _request: Request, slug: str) -> Response:
        found = published(slug)
        if found is None:
            raise Http404("No results of this survey are published.")
        return Response(document_of_results(found))


class ResponseRequest(serializers.Serializer[Any]):
    answers = serializers.DictField(
        help_text="By the question's id, in the spelling of its kind: a choice's id, a list of them, a number, a date, a text."
    )


class ResponseAnswer(serializers.Serializer[Any]):
    message = serializers.CharField()
    ended = serializers.CharField(required=False, help_text="complete, early or screened.")
    errors = serializers.DictField(required=False, help_text="By the question's id.")  # type: ignore[assignment]


class ResponseCreate(APIView):
    """Answer a survey that anybody may answer, at once. The rules are those of its pages."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=ResponseRequest,
        responses=dict.fromkeys((201, 400, 403, 409, 413, 429, 503), ResponseAnswer) | {404: None},
        examples=[sample(answers={"q1": "a", "q2": ["b", "c"]})],
    )
    def post(self, request: Request, slug: str) -> Response:
        if _length(request) > BODY_LIMIT:
            return _said(f"A response has at most {BODY_LIMIT // 1024} KB.", status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
        survey = generics.get_object_or_404(Survey.objects.public(), slug=slug)
        address = client_address(request._request)
        network = public_network_of(address)
        if network and not allow(f"survey|{survey.pk}|{network}", limit=PER_HOUR, seconds=3600):
            return _said(
                "Too many answers came from your network. Try again in an hour.", status.HTTP_429_TOO_MANY_REQUESTS
            )
        return _answered(survey, _answers(request), address, request._request.META.get("HTTP_USER_AGENT", ""))


def _answered(survey: Survey, answers: Any, address: str, agent: str) -> Response:
    try:
        entry = access.from_page(survey, address=address, agent=agent, source=Source.API)
        finished = at_once.submit(entry, answers)
    except at_once.AnswersRefused as refused:
        return _said("Your answers were not taken.", status.HTTP_400_BAD_REQUEST, errors=refused.errors)
    except access.NotThisWay as refused:
        return _said(str(refused), status.HTTP_403_FORBIDDEN)
    except sittings.NotOpen:
        return _said("This survey takes no answers now.", status.HTTP_409_CONFLICT)
    except sittings.TakenPart:
        return _said("This survey was answered from here already.", status.HTTP_409_CONFLICT)
    except LimitReached:
        return _said("This survey has as many answers as it takes.", status.HTTP_409_CONFLICT)
    except keys.PepperMissing:
        return _said("This survey is paused. Try again in ten minutes.", status.HTTP_503_SERVICE_UNAVAILABLE)
    message = finished.message or "Thank you: your answers were taken."
    return _said(message, status.HTTP_201_CREATED, ended=finished.ended)


def _said(message: str, code: int, **more: Any) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "600"} if code in (429, 503) else {})
    return problems.answer(message, code, headers=headers, **more)


def _length(request: Request) -> int:
    """The bytes of a body: no more of it is read than is announced."""
    announced = str(request._request.META.get("CONTENT_LENGTH") or "")
    return int(announced) if announced.isdecimal() else 0


def _answers(request: Request) -> Any:
    """What was sent as answers. Raises ParseError."""
    try:
        return request.data.get("answers") if isinstance(request.data, dict) else None
    except RecursionError:
        raise ParseError("This JSON is nested too deeply.") from None


urlpatterns: list[URLPattern] = [
    path("surveys/", SurveyList.as_view(), name="api-surveys"),
    path("surveys/<slug:slug>/", SurveyDetail.as_view(), name="api-survey"),
    path("surveys/<slug:slug>/results/", SurveyResults.as_view(), name="api-survey-results"),
    path("surveys/<slug:slug>/responses/", ResponseCreate.as_view(), name="api-survey-responses"),
]
