"""The site's profile: its name, addresses and menus."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from core.cdn_purge import purge
from core.lib.admin_lists import DeskAdmin
from core.lib.cachetags import SITE
from core.models import SiteProfile


@admin.register(SiteProfile)
class SiteProfileAdmin(DeskAdmin):
    def save_model(self, request: HttpRequest, obj: SiteProfile, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        purge(SITE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and SiteProfile.current().pk is None

    def has_delete_permission(self, request: HttpRequest, obj: SiteProfile | None = None) -> bool:
        return False
