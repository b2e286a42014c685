"""The site's profile: its name, addresses and menus."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from js_asset import Script

from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from core.cdn_purge import purge
from core.lib.cachetags import SITE
from core.lib.menus import MenuField
from core.models import SiteProfile

HINT = "Drag the rows, or use their arrows. A row without words is left out; a link whose page is taken offline is not shown."


class SiteProfileForm(forms.ModelForm):
    navigation = MenuField(help_text=f"The links at the head of every page. {HINT} Empty: Articles, Awards, Briefings.")
    footer = MenuField(
        has_columns=True,
        help_text=f"The links at the foot, in columns. {HINT} Empty: what the site offers, and its pages.",
    )


@admin.register(SiteProfile)
class SiteProfileAdmin(OneRowAdmin, SharedEditing):
    form = SiteProfileForm
    change_form_template = "admin/core/siteprofile/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "tagline", "postal_address", "contact_email", "sponsor_email")}),
        ("Ads", {"fields": ("one_person_approves_ads",)}),
        ("Navigation", {"fields": ("navigation", "footer", "social_links")}),
        ("The panel under every article", {"fields": ("about_heading", "about_html", "stats")}),
    )

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(js=[Script("js/desk/ordering.js", type="module")])

    def save_model(self, request: HttpRequest, obj: SiteProfile, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        purge(SITE)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in SiteProfileForm.base_fields:
            return SiteProfileForm.base_fields[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)
