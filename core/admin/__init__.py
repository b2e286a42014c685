"""People, the site's profile and transactional mail in the admin."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from core.admin import webhooks  # noqa: F401 - registers what it has
from core.cdn_purge import purge
from core.lib.admin_lists import IndexedValuesFilter
from core.lib.cachetags import SITE
from core.models import OutgoingMail, SiteProfile, User

__all__ = ["call_admin"]

admin.site.site_header = admin.site.site_title = "Moonpress"
admin.site.index_title = "Newsroom"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form, add_form = UserForm, NewUserForm
    list_display = ("email", "name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2", "groups")}),)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """There are few roles: each is a box to tick."""
        if db_field.name == "groups":
            kwargs |= {"widget": forms.CheckboxSelectMultiple, "label": "Roles", "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(SiteProfile)
class SiteProfileAdmin(admin.ModelAdmin):
    def save_model(self, request: HttpRequest, obj: SiteProfile, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        purge(SITE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and SiteProfile.current().pk is None

    def has_delete_permission(self, request: HttpRequest, obj: SiteProfile | None = None) -> bool:
        return False


@admin.register(OutgoingMail)
class OutgoingMailAdmin(admin.ModelAdmin):
    list_display = ("created_at", "kind", "recipient", "subject", "state", "attempts", "error")
    list_filter = ("state", ("kind", IndexedValuesFilter))
    search_fields = ("recipient__istartswith",)
    search_help_text = "The beginning of an address."
    sortable_by = ("created_at",)
    exclude = ("message",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False
