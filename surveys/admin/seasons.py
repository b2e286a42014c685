"""Seasons, their categories and nominees. Each step of a season is an action that calls the function everything else uses."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.urls.resolvers import URLPattern

from core.admin.bases import AuditedAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_labels import NamedTabularInline
from core.lib.admin_slugs import SlugsFromWords
from core.lib.admin_text import CleanedText
from core.lib.forms import WebsiteField
from surveys import release, request_signals, seasons
from surveys.admin import steps, withdrawals
from surveys.admin.actions import by, do_each, draft_article_from, trail_of
from surveys.models import AwardCategory, Nominee, Season
from surveys.models.seasons import ON_BALLOTS, RESERVED_CATEGORIES, RESERVED_NOMINEES, RESERVED_SEASONS, RULES


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
class SeasonAdmin(SlugsFromWords, AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    noun = "season"
    slug_from = "title"
    reserved_slugs = RESERVED_SEASONS
    list_display = ("title", "state", "opens_at", "closes_at", "is_imported", "is_withheld")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    inlines = [CategoryInline]
    change_form_template = "admin/surveys/season.html"
    actions = (
        "open_nominations", "open_voting", "close_voting", "tally_all", "release_results", "show_imported",
        "draft_article",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("title", "slug", "standfirst", "state")}),
        ("Voting", {"fields": ("opens_at", "closes_at", "closed_at", "released_at")}),
        ("What readers should know", {"fields": ("rules_version", "rules_html", "disclosure_html")}),
        ("What was done", {"fields": ("trail",)}),
    )

    def facts(self, obj: Season) -> dict[str, str | set[str]]:
        return {
            "title": obj.title,
            "slug": obj.slug,
            "voting opens": clock.in_words(obj.opens_at, zone=clock.zone_named("UTC")) if obj.opens_at else "",
            "voting closes": clock.in_words(obj.closes_at, zone=clock.zone_named("UTC")) if obj.closes_at else "",
            "categories": {str(category) for category in obj.categories.all()},
            "rules version": obj.rules_version,
            "rules": obj.rules_html,
            "disclosure": obj.disclosure_html,
        }

    def get_urls(self) -> list[URLPattern]:
        page = path("<int:pk>/requests/", self.admin_site.admin_view(self.requests), name="surveys_season_requests")
        return [page, *super().get_urls()]

    def requests(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where requests for ballots come from, which says nothing of whom they are for."""
        if not request.user.has_perm("surveys.view_ballot"):
            raise PermissionDenied
        season = get_object_or_404(Season, pk=pk)
        context = {"title": "Requests for ballots", "opts": self.opts, "season": season}
        context |= {"report": request_signals.report(season), "least": request_signals.LEAST_SHOWN}
        return render(request, "admin/surveys/requests.html", self.admin_site.each_context(request) | context)

    @admin.display(description="log")
    def trail(self, season: Season) -> str:
        return trail_of(season, *season.categories.all())

    def get_readonly_fields(self, request: HttpRequest, obj: Season | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = ("state", "closed_at", "released_at", "trail")
        if obj and obj.is_fixed:
            fixed += ("title", "slug", "opens_at", "rules_version", "rules_html")
            if obj.state != Season.State.VOTING:
                fixed += ("closes_at",)
        return fixed

    def has_delete_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_fixed)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("surveys.release_season")

    @admin.action(description="Open nominations", permissions=["change"])
    def open_nominations(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, lambda row: seasons.open_nominations(row, by=by(request)), "readers can nominate.")

    @admin.action(description="Open voting (at its time)", permissions=["change"])
    def open_voting(self, request: HttpRequest, queryset: QuerySet[Season]) -> HttpResponse | None:
        done = "voting is set to open; its nominees and rules are fixed."
        return steps.OPEN.take(self, request, queryset, lambda row: seasons.open_voting(row, by=by(request)), done)

    @admin.action(description="Close voting now", permissions=["change"])
    def close_voting(self, request: HttpRequest, queryset: QuerySet[Season]) -> HttpResponse | None:
        done = "voting is closed and every ballot sealed."
        return steps.CLOSE.take(self, request, queryset, lambda row: seasons.close(row, by=by(request)), done)

    @admin.action(description="Tally every category", permissions=["change"])
    def tally_all(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        unreleased = AwardCategory.objects.filter(season__in=queryset, released_at__isnull=True)
        do_each(request, unreleased, lambda row: release.tally(row, by=by(request)), "tallied.")

    @admin.action(description="Release the results to everybody", permissions=["release"])
    def release_results(self, request: HttpRequest, queryset: QuerySet[Season]) -> HttpResponse | None:
        done = "the results are released."
        return steps.RELEASE.take(
            self, request, queryset, lambda row: release.release_season(row, by=by(request)), done
        )

    @admin.action(description="Show an imported election to readers", permissions=["release"])
    def show_imported(self, request: HttpRequest, queryset: QuerySet[Season]) -> None:
        do_each(request, queryset, lambda row: seasons.show_imported(row, by=by(request)), "readers see it now.")

    @admin.action(description="Draft an article from the results", permissions=["change"])
    def draft_article(self, request: HttpRequest, queryset: QuerySet[Season]) -> HttpResponse | None:
        categories = AwardCategory.objects.filter(season__in=queryset).select_related("season")
        return draft_article_from(request, list(categories))


class NomineeForm(forms.ModelForm):
    url = WebsiteField(label="Website", required=False, max_length=200)

    class Meta:
        model = Nominee
        fields = ("name", "slug", "description", "url", "image")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class NomineeFormSet(forms.BaseInlineFormSet):
    """The nominees of a category; two that are new do not know of each other in the database yet."""

    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            name = getattr(form, "cleaned_data", {}).get("name", "").casefold()
            if name in seen:
                form.add_error("name", "This category has a nominee of this name.")
            seen |= {name} - {""}


class NomineeInline(SlugsFromWords, CleanedText, admin.StackedInline):
    reserved_slugs = RESERVED_NOMINEES
    model = Nominee
    form = NomineeForm
    formset = NomineeFormSet
    extra = 0

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        return ("name", "slug", "description", "url") if _is_fixed(obj) else ()

    def has_add_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_fixed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)


@admin.register(AwardCategory)
class CategoryAdmin(SlugsFromWords, AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    noun = "category"
    slug_from = "title"
    reserved_slugs = RESERVED_CATEGORIES
    list_display = ("title", "season", "method", "closed_at", "tallied", "released_at")
    list_filter = ("season",)
    list_select_related = ("season", "tally")
    search_fields = ("title", "slug", "season__title")
    autocomplete_fields = ("season",)
    inlines = [NomineeInline]
    change_form_template = "admin/surveys/category.html"
    actions = ("close_voting", "tally_now", "release_result", "draft_article")
    fields = (
        "season", "title", "slug", "description", "method", *ON_BALLOTS, *RULES, "ordering", "closed_at",
        "released_at", "trail",
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(withdrawals.page, self))
        return [path("<int:pk>/withdrawal/", view, name="surveys_awardcategory_withdrawal"), *super().get_urls()]

    def facts(self, obj: AwardCategory) -> dict[str, str | set[str]]:
        rules = ("method", *ON_BALLOTS, *RULES)
        return {
            "title": obj.title,
            "slug": obj.slug,
            "description": obj.description,
            **{name.replace("_", " "): str(getattr(obj, name)) for name in rules},
            "nominees": {f"{each.slug}: {each.name}, {each.url or 'no website'}" for each in obj.nominees.all()},
        }

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A category begins in, or moves to, a season of which nothing is on the paper yet."""
        if db_field.name == "season":
            kwargs["queryset"] = Season.objects.filter(state__in=[Season.State.DRAFT, Season.State.NOMINATING])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="log")
    def trail(self, category: AwardCategory) -> str:
        return trail_of(category)

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        times = ("closed_at", "released_at", "trail")
        on_paper = ("season", "title", "slug", "description", "method", *ON_BALLOTS, *RULES)
        return (*times, *on_paper) if _is_fixed(obj) else times

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("surveys.release_season")

    @admin.display(boolean=True)
    def tallied(self, category: AwardCategory) -> bool:
        return hasattr(category, "tally")

    @admin.action(description="Close voting now", permissions=["change"])
    def close_voting(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> HttpResponse | None:
        done = "voting is closed and every ballot sealed."
        return steps.CLOSE_ONE.take(
            self,
            request,
            queryset.select_related("season"),
            lambda row: seasons.close_category(row, by=by(request)),
            done,
        )

    @admin.action(description="Tally", permissions=["change"])
    def tally_now(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> None:
        do_each(request, queryset, lambda row: release.tally(row, by=by(request)), "tallied.")

    @admin.action(description="Release the result to everybody", permissions=["release"])
    def release_result(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> HttpResponse | None:
        done = "the result is released."
        return steps.RELEASE_ONE.take(
            self, request, queryset.select_related("season"), lambda row: release.release(row, by=by(request)), done
        )

    @admin.action(description="Draft an article from the result", permissions=["change"])
    def draft_article(self, request: HttpRequest, queryset: QuerySet[AwardCategory]) -> HttpResponse | None:
        return draft_article_from(request, list(queryset.select_related("season")))


def _is_fixed(category: AwardCategory | None) -> bool:
    return category is not None and category.season.is_fixed
