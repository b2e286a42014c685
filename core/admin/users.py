"""The newsroom's people: accounts and their roles."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401 - likewise
import django.contrib.auth.admin as django_admin
from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from core import accounts
from core.admin.bases import AuditedAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.models import User

# allauth's lists of addresses and second factors are not offered: see docs/decisions/0012-an-account-has-one-address.md.
admin.site.unregister([EmailAddress, Authenticator, Group])


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):
    time_zone = forms.ChoiceField(choices=clock.choices, required=False)

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}


@admin.register(User)
class UserAdmin(AuditedAdmin, SharedEditing, django_admin.UserAdmin):
    """An account with permissions that the user lacks is read-only, and roles with such permissions cannot be assigned."""

    noun = "account"
    form, add_form = UserForm, NewUserForm
    change_form_template = "admin/core/user/change_form.html"
    list_display = ("email", "name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Times", {"fields": ("time_zone", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2", "groups")}),)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def facts(self, obj: User) -> dict[str, str | set[str]]:
        flags = {"may sign in": obj.is_active, "may see the admin": obj.is_staff, "may do everything": obj.is_superuser}
        return {
            "address": obj.email,
            "name": obj.name,
            "roles": set(obj.groups.values_list("name", flat=True)),
            **{name: "yes" if flag else "no" for name, flag in flags.items()},
        }

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or accounts.may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or accounts.may_manage(request.user, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """There are few roles, so each is a box to tick."""
        if db_field.name == "groups":
            kwargs |= {"widget": forms.CheckboxSelectMultiple, "label": "Roles", "help_text": ""}
            kwargs["queryset"] = accounts.roles_to_give(request.user).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.before["address"] != obj.email:
            accounts.tell_of_new_address(obj, former=form.before["address"], by=request.user)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not hasattr(obj, "changes") and obj != request.user:  # the page that sets a password saves nothing else
            accounts.tell_of_new_password(obj, by=request.user)
        return super().log_change(request, obj, message)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """The page that sets a password; a program has none."""
        account = self.get_object(request, id)
        if account and account.is_service:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.second_factor_view)
        return [path("<int:pk>/second-factor/", view, name="core_user_second_factor"), *super().get_urls()]

    def second_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove a colleague's second factor, after confirmation."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        account = get_object_or_404(User, pk=pk)
        if account == request.user or not self.has_change_permission(request, account):
            raise PermissionDenied
        return reauthentication_required(self._remove_second_factor)(request, account)

    def _remove_second_factor(self, request: HttpRequest, account: User) -> HttpResponse:
        factors = [(accounts.name_of(factor), factor.created_at) for factor in accounts.second_factors(account)]
        if request.method == "POST":
            accounts.remove_second_factors(account, by=request.user)
            self.message_user(request, f"{account} can now sign in with the password alone.", messages.SUCCESS)
            return redirect("admin:core_user_change", account.pk)
        context = {"title": "Remove the second factor", "account": account, "factors": factors, "opts": self.opts}
        return render(request, "admin/core/user/second_factor.html", self.admin_site.each_context(request) | context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        account: Any = kwargs.get("obj")
        may_remove = account and account != request.user and self.has_change_permission(request, account)
        context["may_remove_factor"] = bool(may_remove and accounts.second_factors(account).exists())
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Group)
class RoleAdmin(AuditedAdmin, SharedEditing, django_admin.GroupAdmin):
    """A role with permissions that the user lacks is read-only, and such permissions cannot be added to a role."""

    noun = "role"

    def facts(self, obj: Group) -> dict[str, str | set[str]]:
        permissions = obj.permissions.values_list("content_type__app_label", "codename")
        return {"name": obj.name, "may": {f"{app}.{codename}" for app, codename in permissions}}

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or accounts.may_manage_role(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or accounts.may_manage_role(request.user, obj))

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs["queryset"] = accounts.permissions_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)
