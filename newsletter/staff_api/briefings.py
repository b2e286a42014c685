"""Briefings for programs: drafted and changed; approved where the role may; what came of them, in figures of no person."""

from typing import Any, ClassVar

from django.contrib.admin.models import CHANGE as CHANGED
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from articles.models import Publication
from core.api.fields import Line, Markup, Prose, sample
from core.api.problems import Refused
from core.api.staff import StaffList, StaffRow, StaffStep
from core.api.versions import IF_MATCH, etag_of
from core.lib.html import clean, in_blocks
from core.replica import for_reports
from newsletter.models import Briefing, BriefingItem, Newsletter
from newsletter.sending import approval, drafts, payers, sponsor_places, subject_tests
from newsletter.sending.briefing_report import COUNTS, Report

VIEW, ADD, CHANGE = "newsletter.view_briefing", "newsletter.add_briefing", "newsletter.change_briefing"
APPROVE = (VIEW, "newsletter.approve_briefing")
EXAMPLE = sample(
    newsletter="weekly",
    issue_date="2026-12-01",
    subject="Six bridges",
    items=[{"kind": "article", "article": "six-bridges"}, {"kind": "text", "html": "<p>See you next week.</p>"}],
)


class ItemShown(serializers.ModelSerializer[BriefingItem]):
    """A part of a briefing, as it is stored."""

    article: Any = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)
    snippet: Any = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)
    label: Any = serializers.CharField()

    class Meta:
        model = BriefingItem
        fields = [
            "kind",
            "article",
            "snippet",
            "heading",
            "text",
            "html",
            "url",
            "size",
            "image",
            "caption",
            "label",
            "sponsor_name",
        ]


class BriefingCard(serializers.ModelSerializer[Briefing]):
    newsletter: Any = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = Briefing
        fields = [
            "id",
            "slug",
            "newsletter",
            "issue_date",
            "state",
            "subject",
            "preheader",
            "scheduled_at",
            "first_sent_at",
            "sent_at",
            "trouble",
        ]


class BriefingWhole(BriefingCard):
    """A briefing with its parts."""

    items = ItemShown(many=True)
    content = serializers.SerializerMethodField(
        help_text="A digest of all that an approval is about, the newsletter’s sender and the look among it."
    )
    problems = serializers.SerializerMethodField(
        help_text="Only with include=problems: what keeps a draft from going out."
    )
    warnings = serializers.SerializerMethodField(
        help_text="Likewise: what may be meant; `approve` wants each confirmed."
    )

    class Meta(BriefingCard.Meta):
        fields = [*BriefingCard.Meta.fields, "introduction", "items", "content", "problems", "warnings"]

    def get_content(self, briefing: Briefing) -> str:
        return approval.seen(briefing)

    def get_warnings(self, briefing: Briefing) -> list[str]:
        return subject_tests.warnings(briefing) if briefing.state == Briefing.State.DRAFT else []

    def get_problems(self, briefing: Briefing) -> list[str]:
        return approval.problems(briefing) if briefing.state == Briefing.State.DRAFT else []


SENDABLE = ("text", "article", "button", "divider", "sponsor")


class ItemSent(serializers.Serializer[Any]):
    kind = serializers.ChoiceField([(kind, kind) for kind in SENDABLE])
    article = serializers.SlugField(required=False, help_text="Of an article’s card: a published article.")
    heading = Line(required=False, allow_blank=True, max_length=200)
    text = Prose(required=False, allow_blank=True, max_length=20_000)
    html = Markup(required=False, allow_blank=True, max_length=100_000)
    url = serializers.URLField(required=False, allow_blank=True, max_length=500)
    label: Any = Line(required=False, allow_blank=True, max_length=80)

    def validate(self, attrs: Any) -> Any:
        if attrs["kind"] == "article":
            found = Publication.objects.live().filter(slug=attrs.pop("article", "")).first()
            if found is None:
                raise serializers.ValidationError({"article": ["There is no published article of this slug."]})
            attrs["publication"] = found
        attrs.pop("article", None)
        return attrs


class BriefingChanged(serializers.Serializer[Any]):
    issue_date = serializers.DateField(required=False)
    subject = Line(required=False, allow_blank=True, max_length=150)
    preheader = Line(required=False, allow_blank=True, max_length=200)
    introduction = Markup(required=False, allow_blank=True, max_length=100_000, help_text="HTML.")
    items = ItemSent(many=True, required=False, help_text="All there shall be, in their order.")


class BriefingSent(BriefingChanged):
    newsletter = serializers.SlugRelatedField("slug", queryset=Newsletter.objects.all())
    issue_date = serializers.DateField()


class BriefingFilter(filters.FilterSet):
    newsletter = filters.CharFilter(field_name="newsletter__slug")
    state = filters.ChoiceFilter(choices=Briefing.State.choices)

    class Meta:
        model = Briefing
        fields: ClassVar[list[str]] = []


ROWS = Briefing.objects.issues().select_related("newsletter").prefetch_related("items__article", "items__snippet")
OPTIONAL = frozenset({"problems", "warnings"})


class BriefingList(StaffList):
    """Briefings, the newest issue first."""

    part = "briefings"
    needs = {"GET": VIEW, "POST": ADD}
    queryset = Briefing.objects.issues().select_related("newsletter").order_by("-issue_date", "-id")
    serializer_class = BriefingCard
    filterset_class = BriefingFilter

    @extend_schema(request=BriefingSent, responses={201: BriefingWhole}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """A draft: of the newest articles where no parts are sent, with the booked sponsor."""
        sent = BriefingSent(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        with transaction.atomic():
            row = drafts.new_briefing(newsletter=given["newsletter"], issue_date=given["issue_date"])
            _write(row, given, by=request.user)
            shown = _shown(row.pk)
        return Response(
            shown,
            status=status.HTTP_201_CREATED,
            headers={"ETag": etag_of(shown), "Location": f"{request.path}{row.pk}/"},
        )


def _write(row: Briefing, given: dict[str, Any], *, by: Any) -> None:
    """Make a draft what was sent, and leave what was not."""
    for name in ("subject", "preheader", "issue_date"):
        if name in given:
            setattr(row, name, given[name])
    if "introduction" in given:
        row.introduction = in_blocks(clean(given["introduction"]))
    row.save()
    if "items" in given:
        row.items.all().delete()
        for number, values in enumerate(given["items"], start=1):
            _add(row, dict(values), ordering=10 * number)
        sponsor_places.place_sponsors(row)
    approval.edited(row, by=by)
    payers.look_at(row)


def _of_the_desk(row: Briefing) -> list[str]:
    """The kinds of parts that a draft has and that cannot be sent, in words."""
    kinds = row.items.exclude(kind__in=SENDABLE).values_list("kind", flat=True)
    return sorted({BriefingItem.Kind(kind).label for kind in kinds})


def _log(request: Request, row: Briefing, text: str) -> None:
    """Say at the desk's page of a briefing what a program did."""
    by: int = request.user.pk  # type: ignore[assignment]  # whoever has a key has an account
    LogEntry.objects.log_actions(by, [row], CHANGED, change_message=f"{text} by {request.user}.", single_object=True)


def _add(row: Briefing, values: dict[str, Any], *, ordering: int) -> None:
    if publication := values.pop("publication", None):
        item = drafts.add_article(row, publication, ordering=ordering)
        values.pop("kind")
        own = {name: value for name, value in values.items() if value}
        for name, value in own.items():
            setattr(item, name, value)
        item.save()
    else:
        BriefingItem(briefing=row, ordering=ordering, **values).save()


def _shown(pk: int) -> dict[str, Any]:
    found = BriefingWhole(ROWS.get(pk=pk))
    for name in OPTIONAL:
        found.fields.pop(name)
    return dict(found.data)


class OfBriefing(StaffRow):
    """What views of one briefing share."""

    part = "briefings"
    queryset = ROWS
    serializer_class: Any = BriefingWhole
    optional = OPTIONAL

    def whole(self, row: Briefing) -> dict[str, Any]:
        return _shown(row.pk)


class BriefingRow(OfBriefing):
    """One briefing with its parts."""

    needs = {"GET": VIEW, "PATCH": CHANGE}

    @extend_schema(
        request=BriefingChanged,
        responses=BriefingWhole,
        parameters=[IF_MATCH],
        examples=[sample(subject="Seven bridges")],
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change a draft."""
        sent = BriefingChanged(data=request.data)
        sent.is_valid(raise_exception=True)

        def change(row: Briefing) -> None:
            if not row.is_editable:
                raise Refused(f"This briefing is {row.get_state_display().lower()}, so it cannot be changed.")
            if "items" in sent.validated_data and (lost := _of_the_desk(row)):
                raise Refused(
                    f"It has parts that only the desk can place ({', '.join(lost)}), and new `items` would drop them: "
                    "leave `items` out, or change the parts at the desk."
                )
            _write(row, sent.validated_data, by=request.user)

        return self.changed(request, change)


class ApprovalSent(serializers.Serializer[Any]):
    at = serializers.DateTimeField(
        required=False, help_text="When it goes out; else as soon as it can still be taken back."
    )
    content = serializers.CharField(
        required=False, max_length=64, help_text="`content` of the briefing as it was read: else it is not approved."
    )
    confirmed = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, max_length=20,
        help_text="The warnings, word by word, that are meant to be passed over.",
    )  # fmt: skip


class Approve(OfBriefing, StaffStep):
    """Let a draft go out, by the rules of the desk."""

    needs = {"POST": APPROVE}
    route, sent, example = "approve", ApprovalSent, {"at": "2036-12-01T06:00:00Z"}

    def take(self, row: Briefing, by: Any, sent: dict[str, Any]) -> None:
        try:
            approval.approve(
                row, by=by, at=sent.get("at"), as_seen=sent.get("content", ""), confirmed=sent.get("confirmed", ())
            )
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None
        _log(self.request, row, "Approved")


class Withdraw(OfBriefing, StaffStep):
    """Take an approval back, before anything went out."""

    needs = {"POST": APPROVE}
    route = "withdraw"

    def take(self, row: Briefing, by: Any, sent: dict[str, Any]) -> None:
        approval.withdraw(row)
        _log(self.request, row, "Taken back")


class BriefingFiguresShown(serializers.Serializer[Any]):
    """What a briefing came to: people, each counted once, and no person."""

    candidates = serializers.IntegerField(help_text="Whom it was for, as it was frozen.")
    accepted = serializers.IntegerField(help_text="By mail servers.")
    returned = serializers.IntegerField()
    complained = serializers.IntegerField()
    opened = serializers.IntegerField()
    opened_by_machines = serializers.IntegerField()
    clicked = serializers.IntegerField()
    left = serializers.IntegerField()


class BriefingFigures(OfBriefing):
    """What came of a briefing."""

    needs = {"GET": VIEW}
    serializer_class: Any = BriefingFiguresShown
    optional = frozenset()

    @for_reports
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        totals = Report(row).totals
        shown = {"candidates": row.candidates} | {name: getattr(totals, name) for name in COUNTS}
        return Response(self.get_serializer(shown).data)
