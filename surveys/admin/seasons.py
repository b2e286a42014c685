"""Seasons, their categories and nominees. Each step of a season is an action that calls the function everything else uses."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.admin.bases import ShownToReadersAdmin
from core.lib.admin_labels import NamedTabularInline
from core.lib.admin_slugs import SlugsFromWords
from core.lib.admin_text import CleanedText
from surveys import release, seasons
from surveys.admin.actions import by, do_each, draft_article_from
from surveys.models import AwardCategory, Nominee, Season
from surveys.models.seasons import RESERVED_CATEGORIES, RESERVED_NOMINEES, RESERVED_SEASONS


class CategoryInline(SlugsFromWords, NamedTabularInline):
    slug_from = "title"
    reserved_slugs = RESERVED_CATEGORIES
    model = AwardCategory
    fields = ("title", "slug", "method", "ordering")
    extra = 0
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.is_fixed)

    def has_change_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_fixed)


@admin.register(Season)
class SeasonAdmin(SlugsFromWords, ShownToReadersAdmin):
    slug_from = "title"
    reserved_slugs = RESERVED_SEASONS
    list_display = ("title", "state", "opens_at", "closes_at", "is_imported")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    inlines = [CategoryInline]
    actions = ("open_nominations", "open_voting", "close_voting", "tally_all", "release_results", "draft_article")
    fieldsets = (
        (None, {"fields": ("title", "slug", "standfirst", "state")}),
        ("Voting", {"fields": ("opens_at", "closes_at", "closed_at", "released_at")}),
        ("What readers should know", {"fields": ("rules_version", "rules_html", "disclosure_html")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Season | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = ("state", "closed_at", "released_at")
        if obj and obj.is_fixed:
            fixed += ("slug", "opens_at", "rules_version", "rules_html")
            if obj.state != Season.State.VOTING:
                fixed += ("closes_at",)
        return fixed

    def has_delete_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_fixed)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("surveys.release_season")

    @admin.action(description="Open nominations", permissions=["change"])
    def open_nominations(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, seasons.open_nominations, "readers can nominate.")

    @admin.action(description="Open voting (at its time)", permissions=["change"])
    def open_voting(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, seasons.open_voting, "voting is set to open; its nominees and rules are fixed.")

    @admin.action(description="Close voting now", permissions=["change"])
    def close_voting(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, seasons.close, "voting is closed and every ballot sealed.")

    @admin.action(description="Tally every category", permissions=["change"])
    def tally_all(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        unreleased = AwardCategory.objects.filter(season__in=queryset, released_at__isnull=True)
        do_each(request, unreleased, lambda row: release.tally(row, by=by(request)), "tallied.")

    @admin.action(description="Release the results to everybody", permissions=["release"])
    def release_results(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, release.release_season, "the results are released.")

    @admin.action(description="Draft an article from the results", permissions=["change"])
    def draft_article(self, request: HttpRequest, queryset: QuerySet[Season]) -> HttpResponse | None:
        categories = AwardCategory.objects.filter(season__in=queryset).select_related("season")
        return draft_article_from(request, list(categories))


class NomineeForm(forms.ModelForm):
    url = forms.URLField(label="Website", required=False, assume_scheme="https", max_length=200)

    class Meta:
        model = Nominee
        fields = ("name", "slug", "description", "url", "image")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class NomineeInline(SlugsFromWords, CleanedText, admin.StackedInline):
    reserved_slugs = RESERVED_NOMINEES
    model = Nominee
    form = NomineeForm
    extra = 0

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        return ("slug",) if _is_fixed(obj) else ()

    def has_add_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_fixed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)


@admin.register(AwardCategory)
class CategoryAdmin(SlugsFromWords, ShownToReadersAdmin):
    slug_from = "title"
    reserved_slugs = RESERVED_CATEGORIES
    list_display = ("title", "season", "method", "closed_at", "tallied", "released_at")
    list_filter = ("season",)
    list_select_related = ("season", "tally")
    search_fields = ("title", "slug", "season__title")
    autocomplete_fields = ("season",)
    inlines = [NomineeInline]
    actions = ("close_voting", "tally_now", "release_result", "draft_article")
    fields = (
        "season", "title", "slug", "description", "method", "takes_write_in", "overvote", "max_skips", "max_ranks",
        "unranked", "ordering", "closed_at", "released_at",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        times = ("closed_at", "released_at")
        rules = (
            "season", "slug", "method", "takes_write_in", "overvote", "max_skips", "max_ranks", "unranked",
        )  # fmt: skip
        return (*times, *rules) if _is_fixed(obj) else times

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("surveys.release_season")

    @admin.display(boolean=True)
    def tallied(self, category: AwardCategory) -> bool:
        return hasattr(category, "tally")

    @admin.action(description="Close voting now", permissions=["change"])
    def close_voting(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> None:
        do_each(request, queryset, seasons.close_category, "voting is closed and every ballot sealed.")

    @admin.action(description="Tally", permissions=["change"])
    def tally_now(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> None:
        do_each(request, queryset, lambda row: release.tally(row, by=by(request)), "tallied.")

    @admin.action(description="Release the result to everybody", permissions=["release"])
    def release_result(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> None:
        do_each(request, queryset, release.release, "the result is released.")

    @admin.action(description="Draft an article from the result", permissions=["change"])
    def draft_article(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> HttpResponse | None:
        return draft_article_from(request, list(queryset.select_related("season")))


def _is_fixed(category: AwardCategory | None) -> bool:
    return category is not None and category.season.is_fixed
