"""Seasons, their categories and nominees, to edit. What is done with them is on a season's own page (surveys.admin.overview)."""

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.admin.bases import AuditedAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.admin.steps import trail_of
from core.lib import clock
from core.lib.admin_labels import NamedTabularInline
from core.lib.admin_lists import ClosedChangeList
from core.lib.admin_slugs import SlugsFromWords
from core.lib.admin_text import CleanedText
from core.lib.forms import WebsiteField
from surveys import papers, payers
from surveys.admin import corrections, jury, nominations, overview, review, shortlist, withdrawals, write_ins
from surveys.models import AwardCategory, Nominee, Season
from surveys.models.nominees import RESERVED_NOMINEES
from surveys.models.seasons import (
    BEFORE_VOTING,
    JURY,
    ON_BALLOTS,
    RESERVED_CATEGORIES,
    RESERVED_SEASONS,
    RULES,
)


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

    def view_on_site(self, obj: AwardCategory) -> str | None:
        return _on_site(obj, obj.season)


class SeasonForm(forms.ModelForm):
    """A season's times fit together, and nothing that has begun or ended is moved."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ends, opens = cleaned.get("nominations_close_at"), cleaned.get("opens_at")
        if ends and opens and ends > opens:
            self.add_error("nominations_close_at", "Nominations have to close before voting opens.")
        if self.instance.state == Season.State.VOTING:
            for name in ("opens_at", "closes_at"):
                if name in self.changed_data:
                    self._check_moved(name, cleaned.get(name))
        return cleaned

    def _check_moved(self, name: str, moment: datetime | None) -> None:
        """While the vote is set or open, its times move within what is yet to come."""
        if moment is None:
            self.add_error(name, "Voters have been told this time: move it, but do not leave it out.")
        elif (before := self.initial.get(name)) and before <= timezone.now():
            self.add_error(name, "The time that voters were told is past: it stays.")
        elif not self.instance.categories.filter(released_at=None).exists():
            self.add_error(name, "Every result is out: when the vote was open stays as it was told.")
        elif moment <= timezone.now():
            self.add_error(name, "This is past. To end the voting now, use the button on the season’s own page.")


class SeasonList(ClosedChangeList):
    """The list leads to each season's own page."""

    def url_for_result(self, result: Any) -> str:
        return overview.address(result)


@admin.register(Season)
class SeasonAdmin(SlugsFromWords, AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    form = SeasonForm
    noun = "season"
    slug_from = "title"
    reserved_slugs = RESERVED_SEASONS
    list_display = ("title", "state_badge", "opens", "closes")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    inlines = [CategoryInline]
    change_form_template = "admin/surveys/season.html"
    fieldsets = (
        (None, {"fields": ("title", "slug", "standfirst", "state")}),
        ("Nominations", {"fields": ("nominations_open_at", "nominations_close_at")}),
        ("Voting", {"fields": ("opens_at", "closes_at", "closed_at", "released_at")}),
        ("What readers should know", {"fields": ("rules_version", "rules_html", "disclosure_html")}),
        ("What was done", {"fields": ("trail",)}),
    )

    @admin.display(description="voting opens", ordering="opens_at")
    def opens(self, season: Season) -> str:
        return clock.in_words(season.opens_at, "j M Y, H:i") if season.opens_at else "–"

    @admin.display(description="voting closes", ordering="closes_at")
    def closes(self, season: Season) -> str:
        return clock.in_words(season.closes_at, "j M Y, H:i") if season.closes_at else "–"

    def state_in_words(self, season: Season) -> str:
        more = {"imported": season.is_imported, "withheld": season.is_withheld}
        return ", ".join([str(season.get_state_display()), *(word for word, is_so in more.items() if is_so)])

    def view_on_site(self, obj: Season) -> str | None:
        return _on_site(obj, obj)

    def facts(self, obj: Season) -> dict[str, str | set[str]]:
        times = ("nominations_open_at", "nominations_close_at", "opens_at", "closes_at")
        return {
            "title": obj.title,
            "slug": obj.slug,
            **{str(Season._meta.get_field(name).verbose_name): _utc(getattr(obj, name)) for name in times},  # type: ignore[union-attr]
            "categories": {str(category) for category in obj.categories.all()},
            "rules version": obj.rules_version,
            "rules": obj.rules_html,
            "disclosure": obj.disclosure_html,
        }

    def save_model(self, request: HttpRequest, obj: Season, form: Any, change: bool) -> None:
        """Readers were told when the vote ends: where that moves, the public ledger says so."""
        before = Season.objects.get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if before and before.state == Season.State.VOTING:
            papers.tell_moved(obj, before=papers.times_of(before))

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}/", self.admin_site.admin_view(view), name=f"surveys_season_{name}")

        return [
            at("overview", require_safe(partial(overview.season_page, self)), "overview"),
            at("step", require_POST(partial(overview.season_step, self)), "step"),
            at("nominations", partial(nominations.page, self), "nominations"),
            at("shortlist", partial(shortlist.page, self), "shortlist"),
            at("copy", require_POST(partial(overview.copy_season, self)), "copy"),
            at("draft", require_POST(partial(overview.draft_article, self)), "draft"),
            at("requests", partial(review.requests_page, self), "requests"),
            at("judge", partial(review.judge_page, self), "judge"),
            at("jury", partial(jury.page, self), "jury"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClosedChangeList]:
        return SeasonList

    def response_post_save_add(self, request: HttpRequest, obj: Season) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Season) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj))

    @admin.display(description="log")
    def trail(self, season: Season) -> str:
        return trail_of(season, *season.categories.all())

    def get_readonly_fields(self, request: HttpRequest, obj: Season | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = ("state", "closed_at", "released_at", "trail")
        if obj and obj.state not in (Season.State.DRAFT, Season.State.SHORTLISTING):
            fixed += ("nominations_open_at",)
        if obj and obj.is_fixed:
            fixed += ("nominations_close_at", "title", "slug", "rules_version", "rules_html")
            if obj.state != Season.State.VOTING:
                fixed += ("opens_at", "closes_at")
            elif obj.opens_at and obj.opens_at <= timezone.now():
                fixed += ("opens_at",)
        return fixed

    def has_delete_permission(self, request: HttpRequest, obj: Season | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_fixed)


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

    def view_on_site(self, obj: Nominee) -> str | None:
        return _on_site(obj, obj.category.season)

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
    fields = (
        "season", "title", "slug", "description", "method", *ON_BALLOTS, *JURY, *RULES, "ordering", "closed_at",
        "released_at", "trail",
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "withdrawal": withdrawals.page,
            "write-ins": write_ins.page,
            "step": overview.category_page,
            "correction": corrections.page,
        }
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(partial(page, self)),
                name=f"surveys_awardcategory_{name}",
            )
            for name, page in pages.items()
        ]
        return [*own, *super().get_urls()]

    def view_on_site(self, obj: AwardCategory) -> str | None:
        return _on_site(obj, obj.season)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for nominee in form.instance.nominees.all():
            payers.look_at(nominee)

    def response_post_save_change(self, request: HttpRequest, obj: AwardCategory) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj.season))

    def response_post_save_add(self, request: HttpRequest, obj: AwardCategory) -> HttpResponseRedirect:
        return HttpResponseRedirect(overview.address(obj.season))

    def facts(self, obj: AwardCategory) -> dict[str, str | set[str]]:
        rules = ("method", *ON_BALLOTS, *JURY, *RULES)
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
            kwargs["queryset"] = Season.objects.filter(state__in=BEFORE_VOTING)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="log")
    def trail(self, category: AwardCategory) -> str:
        return trail_of(category)

    def get_readonly_fields(self, request: HttpRequest, obj: AwardCategory | None = None) -> tuple[str, ...]:
        times = ("closed_at", "released_at", "trail")
        on_paper = ("season", "title", "slug", "description", "method", *ON_BALLOTS, *JURY, *RULES)
        return (*times, *on_paper) if _is_fixed(obj) else times

    def has_delete_permission(self, request: HttpRequest, obj: AwardCategory | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_fixed(obj)

    @admin.display(boolean=True)
    def tallied(self, category: AwardCategory) -> bool:
        return hasattr(category, "tally")


def _on_site(row: Season | AwardCategory | Nominee, season: Season) -> str | None:
    """Where readers see it, if they do."""
    return row.get_absolute_url() if season.is_public else None


def _utc(moment: datetime | None) -> str:
    return clock.in_words(moment, zone=clock.zone_named("UTC")) if moment else ""


def _is_fixed(category: AwardCategory | None) -> bool:
    return category is not None and category.season.is_fixed
