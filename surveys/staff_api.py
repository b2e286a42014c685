"""The API for staff and programs: where seasons stand, drafts too, and their phases. Tallies are in none of it before their
release, which is for a steward at the desk."""

from typing import Any, ClassVar

from django.db.models import Count, Q
from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api import keys
from core.api.staff import Nothing, StaffList, StaffRow, StaffStep
from surveys import seasons
from surveys.models import AwardCategory, Nomination, Season

keys.register_part("awards", "Awards")
VIEW, CHANGE = "surveys.view_season", "surveys.change_season"


class SeasonCard(serializers.ModelSerializer[Season]):
    """A season as its desk knows it."""

    class Meta:
        model = Season
        fields = [
            "id", "slug", "title", "state", "nominations_open_at", "nominations_close_at", "opens_at", "closes_at", "opened_at",
            "closed_at", "released_at", "archived_at", "is_imported", "is_withheld",
        ]  # fmt: skip


class CategoryShown(serializers.ModelSerializer[AwardCategory]):
    nominees = serializers.IntegerField(help_text="How many stand for election.")
    nominations = serializers.IntegerField(help_text="How many were sent in.")
    waiting = serializers.IntegerField(help_text="How many of these nobody has decided on.")

    class Meta:
        model = AwardCategory
        fields = ["slug", "title", "method", "nominees", "nominations", "waiting", "closed_at", "released_at"]


class SeasonWhole(SeasonCard):
    """A season with its categories, counted."""

    categories = serializers.SerializerMethodField()

    class Meta(SeasonCard.Meta):
        fields = [*SeasonCard.Meta.fields, "rules_version", "categories"]

    @extend_schema_field(CategoryShown(many=True))
    def get_categories(self, season: Season) -> list[dict[str, Any]]:
        waiting = Q(nominations__state=Nomination.State.NEW)
        rows = season.categories.annotate(
            nominees_number=Count("nominees", distinct=True),
            nominations_number=Count("nominations", distinct=True),
            waiting_number=Count("nominations", filter=waiting, distinct=True),
        )
        numbers = ("nominees", "nominations", "waiting")
        plain = ("slug", "title", "method", "closed_at", "released_at")
        return [
            {name: getattr(row, name) for name in plain} | {name: getattr(row, f"{name}_number") for name in numbers}
            for row in rows
        ]


class SeasonFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Season.State.choices)

    class Meta:
        model = Season
        fields: ClassVar[list[str]] = []


class SeasonList(StaffList):
    """Seasons, the newest first."""

    part = "awards"
    needs = {"GET": VIEW}
    queryset = Season.objects.order_by("-id")
    serializer_class = SeasonCard
    filterset_class = SeasonFilter


class OfSeason(StaffRow):
    """What views of one season share."""

    part = "awards"
    queryset = Season.objects.all()
    serializer_class = SeasonWhole
    lookup_field = "slug"


class SeasonRow(OfSeason):
    """One season with its categories."""

    needs = {"GET": VIEW}


class Phase(OfSeason, StaffStep):
    """A phase that begins or ends, by the desk's rules."""

    needs = {"POST": (VIEW, CHANGE)}


class OpenNominations(Phase):
    """Let readers nominate from now on."""

    route = "open-nominations"

    def take(self, season: Season, by: Any, sent: dict[str, Any]) -> None:
        seasons.open_nominations(season, by=by)


class CloseNominations(Phase):
    """End the nominations; the shortlist is drawn up at the desk."""

    route = "close-nominations"

    def take(self, season: Season, by: Any, sent: dict[str, Any]) -> None:
        seasons.close_nominations(season, by=by)


class Final(Nothing):
    is_final = serializers.BooleanField(help_text="True: it is known that this cannot be taken back.")

    def validate_is_final(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError("This cannot be taken back: send true to say that you know.")
        return value


class OpenVoting(Phase):
    """Seal the ballot paper, and take votes from the season’s time on. Nothing on the paper changes any more."""

    route, sent, example = "open-voting", Final, {"is_final": True}

    def take(self, season: Season, by: Any, sent: dict[str, Any]) -> None:
        seasons.open_voting(season, by=by)


class CloseVoting(Phase):
    """End the voting before its time, and seal every ballot."""

    route, sent, example = "close-voting", Final, {"is_final": True}

    def take(self, season: Season, by: Any, sent: dict[str, Any]) -> None:
        seasons.close(season, by=by)


class ArchiveSeason(Phase):
    """Put a released season among the past ones."""

    route = "archive"

    def take(self, season: Season, by: Any, sent: dict[str, Any]) -> None:
        seasons.archive(season, by=by)


PHASES = (OpenNominations, CloseNominations, OpenVoting, CloseVoting, ArchiveSeason)
urlpatterns = [
    path("desk/seasons/", SeasonList.as_view(), name="api-desk-seasons"),
    path("desk/seasons/<slug:slug>/", SeasonRow.as_view(), name="api-desk-season"),
    *(
        path(f"desk/seasons/<slug:slug>/{view.route}/", view.as_view(), name=f"api-desk-season-{view.route}")
        for view in PHASES
    ),
]
