"""The desk of flags: where sponsors are named, what is decided about it, and the searches that find them."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.admin.bases import ReadOnlyAdmin
from core.models import User
from core.transitions import TransitionRefused
from sponsors import flags
from sponsors.models import Flag, FlagDecision, FlagSearch


class StandingFilter(admin.SimpleListFilter):
    """Open ones first of all: the others are there to be looked up."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("all", "All"),
            ("held", "Held"),
            ("disclosed", "Disclosed"),
            ("not them", "Not them"),
            ("gone", "Gone"),
        ]

    def choices(self, changelist: Any) -> Any:
        shown = [(None, "Open"), *self.lookup_choices]
        for value, label in shown:
            query = changelist.get_query_string({self.parameter_name: value} if value else {}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.filter(Q(verdict=None) | Q(verdict="again"))
        return queryset if value == "all" else queryset.filter(verdict=value)


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
    nothing_yet = "A sponsor who is named in an article, briefing or nomination is listed here until somebody has decided what that is."
    whole_list = "state=all"
    list_display = ("sponsor", "words", "title", "where", "since", "state")
    list_filter = (StandingFilter,)
    list_select_related = ("sponsor",)
    search_fields = ("title", "sponsor__name")
    change_form_template = "admin/sponsors/flag/change_form.html"
    fields = ("sponsor", "words", "noun", "title", "where", "opened_at", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Those of what the person may see: titles and words of drafts stand in them."""
        rows = Flag.objects.with_verdict().filter(noun__in=flags.nouns_seen_by(request.user))
        return cast(QuerySet[Flag], rows)

    @admin.display(description="where")
    def where(self, row: Flag) -> str:
        return ", ".join(row.places[:5])

    @admin.display(description="since", ordering="id")
    def since(self, row: Flag) -> Any:
        return row.opened_at

    @admin.display(description="state")
    def state(self, row: Flag) -> str:
        if row.verdict in (None, FlagDecision.Verdict.AGAIN):
            return "open" if row.is_certain else "asks: may be an ordinary word"
        return FlagDecision.Verdict(row.verdict).label.lower()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.decide_view))
        return [path("<int:pk>/decide/", view, name="sponsors_flag_decide"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs["obj"]
        about = flags.SOURCES[row.noun].described([row.about]).get(row.about)
        context |= {
            "about": about,
            "decisions": row.decisions.select_related("by"),
            "may_decide": flags.may_decide(request.user, row.noun) and row.verdict != FlagDecision.Verdict.GONE,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Not them, disclosed or held."""
        if not request.user.has_perm("sponsors.decide_flag"):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request).select_related("sponsor"), pk=pk)
        if not flags.may_decide(request.user, row.noun):
            raise PermissionDenied
        said = request.POST
        try:
            made = flags.decide(
                row, said.get("verdict", ""), by=cast(User, request.user), reason=said.get("reason", "")
            )
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{row}: {made.get_verdict_display().lower()}.")
        back = said.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        return redirect(back) if is_ours else redirect("admin:sponsors_flag_change", pk)


@admin.register(FlagSearch)
class FlagSearchAdmin(ReadOnlyAdmin):
    list_display = ("reason", "asked_at", "looked_at", "finished_at")
    list_filter = (("finished_at", admin.EmptyFieldListFilter),)
