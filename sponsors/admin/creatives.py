"""Creatives: versions submitted by staff, previews, approval and rejection."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.models import User
from sponsors import approval, outlook, previews, rules
from sponsors.creative_forms import VersionForm
from sponsors.models import Approval, Creative, CreativeVersion
from sponsors.placements import placement_of
from sponsors.querysets import ROLES

_WHOSE = ("creative__kind", "creative__booking__sponsor")


class StandingFilter(admin.SimpleListFilter):
    title = parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return Creative.STANDINGS

    def queryset(self, request: HttpRequest, rows: QuerySet[Creative]) -> QuerySet[Creative]:
        return rows.filter(Q(standing=self.value())) if self.value() else rows


class CreativeForm(forms.ModelForm):
    """Adds a house ad, of which each kind has at most one."""

    class Meta:
        model = Creative
        fields = ("kind", "retired_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind", self.instance.kind if self.instance.pk else None)
        if kind and not self.instance.booking_id and not cleaned.get("retired_at"):
            others = Creative.objects.filter(kind=kind, booking=None, retired_at=None).exclude(pk=self.instance.pk)
            if others.exists():
                raise ValidationError(f"{kind} has a house ad. Submit a new version of it, or retire it first.")
        return cleaned


@admin.register(Creative)
class CreativeAdmin(SharedEditing, ShownToReadersAdmin):
    form = CreativeForm
    list_display = ("__str__", "kind", "last_version", "standing")
    list_filter = (StandingFilter, "kind")
    list_select_related = ("booking__sponsor", "kind")
    search_fields = ("booking__company", "kind__name")
    autocomplete_fields = ("kind",)
    fields = ("booking", "kind", "retired_at")
    change_form_template = "admin/sponsors/creative/change_form.html"

    class Media:
        css = {"all": ["css/pages/sponsors_admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Creative]:
        return Creative.objects.with_standing().select_related("booking__sponsor", "kind")

    @admin.display(description="version")
    def last_version(self, row: Creative) -> int | None:
        return row.last_number

    @admin.display(description="standing")
    def standing(self, row: Creative) -> str:
        return dict(Creative.STANDINGS)[row.standing]

    def get_readonly_fields(self, request: HttpRequest, obj: Creative | None = None) -> tuple[str, ...]:
        """Staff add house ads only; a booking brings its own creatives."""
        return ("booking", "kind") if obj else ("booking", "retired_at")

    def has_delete_permission(self, request: HttpRequest, obj: Creative | None = None) -> bool:
        return False

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return bool(approval.roles_of(_staff(request)))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/submit/", wrap(self.submit), name="sponsors_creative_submit"),
            path("version/<int:pk>/review/", wrap(require_POST(self.review)), name="sponsors_creative_review"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if creative := kwargs.get("obj"):
            context |= {
                "versions": _versions(creative, _staff(request)),
                "keeps_roles_apart": approval.keeps_roles_apart(),
                "may_submit": self.has_change_permission(request, creative),
                "outlooks": [each for each in _outlooks(creative) if each.claim.unit.kind_id == creative.kind_id],
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def submit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Submit a version of a house ad, or on a sponsor's behalf. Someone else must approve it."""
        creative = get_object_or_404(Creative.objects.select_related("kind", "booking"), pk=pk)
        if not self.has_change_permission(request, creative):
            raise PermissionDenied
        form = VersionForm(*_posted(request), creative=creative, by=_staff(request))
        if form.is_valid():
            version = form.save()
            self.message_user(
                request, f"Version {version.number} is waiting for someone else's approval.", messages.SUCCESS
            )
            return redirect(_page(creative.pk))
        context = self.admin_site.each_context(request) | {
            "title": f"New version: {creative}",
            "form": form,
            "creative": creative,
            "opts": self.opts,
        }
        return render(request, "admin/sponsors/creative/submit.html", context)

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve or reject one version, in a role that one has."""
        role = request.POST.get("role", "")
        if role not in approval.roles_of(_staff(request)):
            raise PermissionDenied
        version = get_object_or_404(
            CreativeVersion.objects.select_related("creative__booking", "creative__kind"), pk=pk
        )
        by, reason = _staff(request), request.POST.get("reason", "")
        try:
            if "approve" in request.POST:
                decision = approval.approve(version, roles=[role], by=by, reason=reason)
            else:
                decision = approval.reject(version, role=role, by=by, reason=reason)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        else:
            self.message_user(request, f"Version {version.number} is {decision.verdict} ({role}).", messages.SUCCESS)
        return redirect(_page(version.creative_id))


def _versions(creative: Creative, user: User) -> list[dict[str, Any]]:
    """Each version with what has been said of it, what the user may say, and what to see to."""
    in_force, roles, apart = rules.in_force(), approval.roles_of(user), approval.keeps_roles_apart()
    found = creative.versions.reviewed().select_related("submitted_by", "link_check", *_WHOSE).order_by("-number")
    rows = list(found.prefetch_related(Prefetch("approvals", Approval.objects.select_related("by"))))
    return [
        {
            "version": row,
            "findings": rules.findings(row, in_force),
            "sides": [
                (role, getattr(row, role), role in roles, apart and _approved_in_another(row, role, user))
                for role in ROLES
            ],
            "text": previews.text(row.creative.kind.channel, placement_of(row)) if row is rows[0] else "",
        }
        for row in rows
    ]


def _approved_in_another(row: CreativeVersion, role: str, user: User) -> str:
    """The other role in which the user has approved a version; empty if none."""
    mine = (each for each in row.approvals.all() if each.by_id == user.pk and each.verdict == Approval.Verdict.APPROVED)
    return next((each.role for each in mine if each.role in ROLES and each.role != role), "")


def _outlooks(creative: Creative) -> list[outlook.Outlook]:
    return outlook.of_booking(creative.booking) if creative.booking else []


def _posted(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _staff(request: HttpRequest) -> User:
    return cast(User, request.user)


def _page(creative_id: int) -> str:
    return reverse("admin:sponsors_creative_change", args=[creative_id])
