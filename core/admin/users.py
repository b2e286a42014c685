"""The newsroom's people: accounts and their roles."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401 - likewise
import django.contrib.auth.admin as django_admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from core.lib.admin_lists import DeskAdmin
from core.models import User

# An account has one address, which is its own, and a second factor is the business of its owner.
admin.site.unregister([EmailAddress, Authenticator, Group])


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
class UserAdmin(DeskAdmin, django_admin.UserAdmin):
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
        """There are few roles, so each is a box to tick."""
        if db_field.name == "groups":
            kwargs |= {"widget": forms.CheckboxSelectMultiple, "label": "Roles", "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class RoleAdmin(DeskAdmin, django_admin.GroupAdmin):
    pass
