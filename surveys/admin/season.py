"""The steward's desk. Every transition goes through the functions that everything else uses; what was voted is read-only."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core import pagecache
from core.lib.admin_labels import NamedTabularInline
from core.models import User
from surveys import article_draft, release, seasons
from surveys.models import (
    AwardCategory,
    Ballot,
    LedgerEntry,
    Nomination,
    Nominee,
    Season,
    Tally,
    TallyRow,
    TreeHead,
)
from surveys.seasons import Refused


class ShownToReaders(admin.ModelAdmin):
    """What readers see of it is new as soon as it is saved."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        pagecache.bump()
        return super().log_change(request, obj, message)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        pagecache.bump()
        return super().log_addition(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        pagecache.bump()
        return super().log_deletions(request, queryset)


class LookOnly(admin.ModelAdmin):
    """Rows that nobody edits, adds or deletes."""

    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def do_each(request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object], done: str) -> None:
    """Do it to every row and say what came of it; a refusal stops none of the others."""
    for row in rows:
        try:
            act(row)
        except Refused as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, f"“{row}”: {done}")


def by(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


class CategoryInline(NamedTabularInline):
    model = AwardCategory
    fields = ("title", "slug", "method", "ordering")
    extra = 0
    show_change_link = True
    prepopulated_fields = {"slug": ("title",)}
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.is_fixed)

    def has_change_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_fixed)


@admin.register(Season)
class SeasonAdmin(ShownToReaders):
    list_display = ("title", "state", "opens_at", "closes_at", "is_imported")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    prepopulated_fields = {"slug": ("title",)}
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

    def get_prepopulated_fields(self, request: HttpRequest, obj: Season | None = None) -> dict[str, Any]:
        return {} if obj and obj.is_fixed else dict(self.prepopulated_fields)

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
        return _draft(request, list(categories))


class NomineeForm(forms.ModelForm):
    url = forms.URLField(label="Website", required=False, assume_scheme="https", max_length=200)

    class Meta:
        model = Nominee
        fields = ("name", "slug", "description", "url", "image")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class NomineeInline(admin.StackedInline):
    model = Nominee
    form = NomineeForm
    extra = 0
    prepopulated_fields = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        return ("slug",) if _is_fixed(obj) else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> dict[str, Any]:
        return {} if _is_fixed(obj) else dict(self.prepopulated_fields)

    def has_add_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_fixed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)


@admin.register(AwardCategory)
class CategoryAdmin(ShownToReaders):
    list_display = ("title", "season", "method", "closed_at", "tallied", "released_at")
    list_filter = ("season",)
    list_select_related = ("season", "tally")
    search_fields = ("title", "slug", "season__title")
    autocomplete_fields = ("season",)
    prepopulated_fields = {"slug": ("title",)}
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

    def get_prepopulated_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> dict[str, Any]:
        return {} if _is_fixed(obj) else dict(self.prepopulated_fields)

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
        return _draft(request, list(queryset.select_related("season")))


@admin.register(Nomination)
class NominationAdmin(admin.ModelAdmin):
    list_display = ("name", "category", "state", "url", "created_at")
    list_filter = ("state", "category__season")
    list_select_related = ("category",)
    search_fields = ("name",)
    readonly_fields = ("category", "name", "url", "reason", "state", "created_at")
    actions = ("shortlist", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Shortlist: make it a nominee", permissions=["change"])
    def shortlist(self, request: HttpRequest, queryset: QuerySet[Nomination]) -> None:
        rows = queryset.select_related("category__season").order_by("id")
        do_each(request, rows, seasons.shortlist, "is a nominee.")

    @admin.action(description="Decline", permissions=["change"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Nomination]) -> None:
        do_each(request, queryset, seasons.decline, "declined.")


class TallyRowInline(admin.TabularInline):
    model = TallyRow
    fields = ("rank", "name", "count", "is_winner")
    extra = 0


@admin.register(Tally)
class TallyAdmin(LookOnly):
    """Before the release this is the only place that shows a result, to those who may view tallies."""

    list_display = ("category", "season", "ballots", "winners", "made_at", "released")
    list_filter = ("category__season",)
    list_select_related = ("category__season",)
    fields = ("category", "method", "rules_version", "ballots", "base", "reconciled", "made_at", "made_by")
    inlines = [TallyRowInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tally]:
        return super().get_queryset(request).prefetch_related("rows")

    @admin.display(ordering="category__season")
    def season(self, tally: Tally) -> Season:
        return tally.category.season

    @admin.display
    def winners(self, tally: Tally) -> str:
        return ", ".join(row.name for row in tally.rows.all() if row.is_winner)

    @admin.display(description="where every ballot went")
    def reconciled(self, tally: Tally) -> str:
        return ", ".join(f"{number} {state}" for state, number in tally.reconciliation.items())

    @admin.display(boolean=True)
    def released(self, tally: Tally) -> bool:
        return tally.category.is_released


@admin.register(Ballot)
class BallotAdmin(LookOnly):
    """Receipts and states; never a choice, which nobody may see before the close."""

    list_display = fields = ("receipt", "category", "state", "reason")
    list_filter = ("state",)
    list_select_related = ("category",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LookOnly):
    list_display = ("season", "index", "kind", "receipt")
    fields = ("season", "index", "kind", "receipt", "statement")
    list_filter = ("season", "kind")
    list_select_related = ("season",)
    ordering = ("-season_id", "-index")  # by the season's key: its own order is by dates, which no index here has


@admin.register(TreeHead)
class TreeHeadAdmin(LookOnly):
    list_display = fields = ("season", "size", "root", "signed_at")
    list_filter = ("season",)
    list_select_related = ("season",)

    @admin.display
    def root(self, head: TreeHead) -> str:
        return bytes(head.root_hash).hex()


def _is_fixed(category: AwardCategory | None) -> bool:
    return category is not None and category.season.is_fixed


def _draft(request: HttpRequest, categories: list[AwardCategory]) -> HttpResponse | None:
    """Draft and go to the article, where the person may edit articles."""
    try:
        article = article_draft.draft_article(categories, by=by(request))
    except Refused as reason:
        messages.error(request, str(reason))
        return None
    messages.success(request, f"“{article}” is drafted.")
    if not request.user.has_perm("articles.change_article"):
        return None
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))
