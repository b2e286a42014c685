"""Domains that may not book, kinds of placement, and packages with their versions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.admin_labels import NamedTabularInline
from core.lib.admin_slugs import SlugsFromWords
from sponsors import packages
from sponsors.admin.kit import PackageForm, PlacementKindForm
from sponsors.models import AdRule, BlockedDomain, Package, PackageItem, PlacementKind


@admin.register(BlockedDomain)
class BlockedDomainAdmin(SharedEditing):
    list_display = ("domain", "note", "created_at")
    search_fields = ("domain",)
    fields = ("domain", "note")


@admin.register(AdRule)
class AdRuleAdmin(SharedEditing, ShownToReadersAdmin):
    list_display = ("name", "jurisdiction", "asset_classes", "source", "is_on")
    list_filter = ("jurisdiction", "is_on")
    search_fields = ("name", "source")


@admin.register(PlacementKind)
class PlacementKindAdmin(SlugsFromWords, SharedEditing, ShownToReadersAdmin):
    form = PlacementKindForm
    list_display = ("name", "channel", "position", "headline_limit", "body_limit", "image_sizes", "cutoff_hours")
    search_fields = ("name", "channel")


class PackageItemInline(NamedTabularInline):
    model = PackageItem
    extra = 1

    def _is_open(self, obj: Package | None) -> bool:
        return obj is None or obj.quoted_at is None

    def has_add_permission(self, request: HttpRequest, obj: Package | None = None) -> bool:
        return self._is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Package | None = None) -> bool:
        return self._is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Package | None = None) -> bool:
        return self._is_open(obj) and super().has_delete_permission(request, obj)


@admin.register(Package)
class PackageAdmin(SharedEditing, ShownToReadersAdmin):
    form = PackageForm
    list_display = ("tier", "version", "price_shown", "on_sale", "quoted_at")
    list_filter = ("tier", "on_sale")
    search_fields = ("tier",)
    inlines = (PackageItemInline,)
    actions = ("new_version", "put_on_sale")

    @admin.display(description="price", ordering="price")
    def price_shown(self, package: Package) -> str:
        return package.price_text

    def get_readonly_fields(self, request: HttpRequest, obj: Package | None = None) -> tuple[str, ...]:
        """Once a package is quoted, it can only be put on sale or taken off."""
        quoted = ("tier", "summary", "price", "currency") if obj and obj.quoted_at else ()
        return (*quoted, "version", "quoted_at")

    def has_delete_permission(self, request: HttpRequest, obj: Package | None = None) -> bool:
        return (obj is None or obj.quoted_at is None) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Package, form: Any, change: bool) -> None:
        if not change:
            obj.version = packages.next_version(obj.tier)
        super().save_model(request, obj, form, change)

    @admin.action(description="Make a new version to edit", permissions=["add"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[Package]) -> None:
        for package in queryset:
            made = packages.new_version(package)
            self.message_user(request, f"Made {made}. Set its price and items, then put it on sale.", messages.SUCCESS)

    @admin.action(description="Put on sale in place of the current version", permissions=["change"])
    def put_on_sale(self, request: HttpRequest, queryset: QuerySet[Package]) -> None:
        for package in queryset:
            packages.put_on_sale(package)
            self.message_user(request, f"{package} is on sale.", messages.SUCCESS)
