"""Keys of the API: made for oneself or a service, shown once, looked at, revoked. A key is never changed."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from core import accounts
from core.admin.bases import ReadOnlyAdmin
from core.api import keys
from core.lib.forms import LineField, no_store
from core.models import ApiKey, User

LASTS = {30: "30 days", 90: "90 days", 365: "a year", 0: "until it is revoked"}


class KeyForm(forms.Form):
    """What a key is for: exactly one of whoever makes it and a service."""

    name = LineField(max_length=80, help_text="What uses it, such as “release script”.")
    person = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label="Myself",
        help_text="It may what you may, and ends with your account.",
    )
    role = forms.ModelChoiceField(
        Group.objects.none(),
        required=False,
        label="Or a service with the role",
        help_text="Gets an account of its own, which nobody can sign in to.",
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="Good for")
    lasts = forms.TypedChoiceField(coerce=int, choices=list(LASTS.items()), initial=90, label="Works for")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["person"].queryset = User.objects.filter(
            pk=user.pk
        )  # whoever makes a key sees it, and could act as its owner
        fields["role"].queryset = accounts.roles_to_give(user).order_by("name")
        fields["scopes"].choices = keys.scopes()

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("person")) == bool(found.get("role")) and not self.errors:
            raise forms.ValidationError("Choose yourself or a role for a service, and not both.")
        return found

    def make(self, *, by: User) -> tuple[ApiKey, str]:
        """The row of a new key, and the key."""
        given = self.cleaned_data
        account = given["person"] or keys.make_service(name=given["name"], role=given["role"])
        until = timezone.now() + timedelta(days=given["lasts"]) if given["lasts"] else None
        found = keys.make(name=given["name"], account=account, scopes=given["scopes"], by=by, expires_at=until)
        if not account.is_service:
            accounts.tell_of_new_key(found[0])
        return found


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    change_form_template = "admin/core/apikey/change_form.html"
    list_display = ("name", "account", "prefix", "standing", "last_used_at", "expires_at", "made_at")
    list_select_related = ("account",)
    fields = (
        "name", "prefix", "standing", "account", "roles", "good_for", "last_used_at", "expires_at", "revoked_at", "made_by",
        "made_at",
    )  # fmt: skip
    readonly_fields = ("standing", "roles", "good_for")

    @admin.display(description="state")
    def standing(self, row: ApiKey) -> str:
        return row.standing

    @admin.display(description="roles")
    def roles(self, row: ApiKey) -> str:
        return ", ".join(row.account.groups.values_list("name", flat=True)) or "none"

    @admin.display(description="good for")
    def good_for(self, row: ApiKey) -> str:
        return ", ".join(label for scope, label in keys.scopes() if scope in row.scopes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.add_apikey")

    def may_revoke(self, request: HttpRequest, row: ApiKey) -> bool:
        return request.user.has_perm("core.change_apikey") and accounts.may_manage(request.user, row.account)

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:pk>/revoke/", revoke, name="core_apikey_revoke"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form; and after it the key, which no page shows again."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = KeyForm(request.POST or None, user=request.user)
        if request.method == "POST" and form.is_valid():
            row, key = form.make(by=request.user)  # type: ignore[arg-type]
            return no_store(self._page(request, "made", f"The key “{row}”", row=row, key=key))
        return self._page(request, "add", "Make an API key", form=form)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End a key, after a question."""
        if not request.user.has_perm("core.change_apikey"):
            raise PermissionDenied
        row = get_object_or_404(ApiKey.objects.select_related("account"), pk=pk)
        if not self.may_revoke(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "revoke", f"Revoke the key “{row}”", row=row)
        if keys.revoke(row, by=request.user):
            messages.success(request, f"The key “{row}” no longer works.")
        else:
            messages.info(request, f"The key “{row}” was revoked before.")
        return HttpResponseRedirect(reverse("admin:core_apikey_change", args=[row.pk]))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row: Any = kwargs.get("obj")
        context["may_revoke"] = bool(row and row.standing == "works" and self.may_revoke(request, row))
        return super().render_change_form(request, context, *args, **kwargs)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"title": title, "opts": self.opts}
        return render(request, f"admin/core/apikey/{template}.html", context)
