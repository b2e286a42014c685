"""Newsletters, subscribers and suppressed addresses in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from core.lib.admin_lists import DeskAdmin
from core.lib.admin_slugs import SlugsFromWords
from newsletter.addresses import parse_address
from newsletter.models import Newsletter, Subscriber, Subscription, Suppression


@admin.register(Newsletter)
class NewsletterAdmin(SlugsFromWords, DeskAdmin):
    list_display = ("name", "slug", "is_default", "is_open", "counts_reading")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is in bookings and in what was sent: it stays."""
        return ("slug",) if obj else ()


class SubscriptionInline(admin.TabularInline):
    """The evidence of consent is read here, not written."""

    model = Subscription
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "newsletter",
        "state",
        "source",
        "requested_at",
        "requested_from",
        "confirmed_at",
        "confirmed_from",
        "unsubscribed_at",
        "unsubscribed_by",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Subscriber)
class SubscriberAdmin(DeskAdmin):
    """Subscribers come by their own consent or by an import, so they cannot be added here."""

    list_display = ("email", "name", "created_at")
    search_fields = ("canonical__startswith",)
    search_help_text = "The beginning of an address."
    fields = ("email", "name", "created_at")
    readonly_fields = ("email", "created_at")
    inlines = (SubscriptionInline,)
    sortable_by = ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, search_term.lower())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Subscriber | None = None) -> bool:
        """People erase themselves on their preferences page, which also keeps imports from adding them again."""
        return False


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

    def save(self, commit: bool = True) -> Suppression:
        self.instance.digest = Suppression.digest_of(self.cleaned_data["address"])
        self.instance.reason = Suppression.Reason.STAFF
        return super().save(commit)


@admin.register(Suppression)
class SuppressionAdmin(DeskAdmin):
    form = SuppressionForm
    list_display = ("digest", "reason", "note", "created_at")
    list_filter = ("reason",)
    search_fields = ("digest",)
    search_help_text = "A whole e-mail address."
    sortable_by = ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Addresses are not stored, so what is typed is turned into its digest."""
        if search_term:
            queryset = queryset.filter(digest=Suppression.digest_of(search_term.strip().lower()))
        return queryset, False

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False
