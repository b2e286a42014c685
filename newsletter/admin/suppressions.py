"""Suppressed addresses in the admin: entered, found, and led back to whose they are."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from core.lib.admin_lists import DeskAdmin, linked
from newsletter.models import Suppression
from newsletter.subscribers import consent
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.consent import Act


class SuppressionForm(forms.ModelForm):
    """Only a digest of the address is stored, so it is typed once and not shown again."""

    address = forms.CharField(label="E-mail address", max_length=254)

    class Meta:
        model = Suppression
        fields = ("address", "note")

    def clean_address(self) -> str:
        canonical = parse_address(self.cleaned_data["address"]).canonical
        if Suppression.objects.of(canonical).exists():
            raise ValidationError("This address already gets no briefings.")
        return canonical


@admin.register(Suppression)
class SuppressionAdmin(DeskAdmin):
    form = SuppressionForm
    list_display = ("whose", "reason", "note", "created_at")
    list_display_links = None
    list_filter = ("reason",)
    search_fields = ("digest",)
    search_help_text = "A whole e-mail address."
    sortable_by = ()
    actions = None

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = changelist.result_list = list(changelist.result_list)
        known = consent.suppressed_at([row.digest for row in rows])
        for row in rows:
            row.subscriber = known.get(row.digest)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if found := super().get_object(request, object_id, from_field):
            found.subscriber = consent.suppressed_at([found.digest]).get(found.digest)
        return found

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        return ["whose", "reason", "note", "created_at", "to_lift"] if obj else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    @admin.display(description="address")
    def whose(self, obj: Any) -> str:
        """The subscriber's, where there is one: of others only the digest is kept."""
        if obj.subscriber:
            return linked(obj.subscriber)
        return linked(obj, format_html('no subscriber’s: <span title="{}">{}…</span>', obj.digest, obj.digest[:12]))

    @admin.display(description="to write there again")
    def to_lift(self, obj: Any) -> str:
        if obj.subscriber:
            lift = reverse("admin:newsletter_subscriber_act", args=[obj.subscriber.pk, "lift"])
            return format_html('<a href="{}">Lift the suppression…</a> It asks for the reason.', lift)
        return "Nobody here has this address, so it is not known any more. Once this is deleted, it can sign up or be imported."

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Addresses are not stored, so what is typed is turned into its digest."""
        if search_term:
            queryset = queryset.filter(digest=Suppression.digest_of(search_term.strip().lower()))
        return queryset, False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """The ledger writes the row."""
        found = consent.person_at(form.cleaned_data["address"])
        _record(request, found, Act.SUPPRESSED, note=form.cleaned_data["note"])
        obj.pk = Suppression.objects.get(digest=found.digest).pk

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        _record(request, consent.person_of(obj.digest), Act.LIFTED)

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A subscriber's is lifted on the subscriber's page: that asks for the reason."""
        return super().has_delete_permission(request, obj) and not getattr(obj, "subscriber", None)


def _record(request: HttpRequest, found: consent.Person, act: str, note: str = "") -> None:
    consent.record(consent.NewAct(found, act, consent.Actor.STAFF, way="admin", by_name=str(request.user), note=note))
