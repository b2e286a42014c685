"""Reusable texts of briefings, and mail templates: logo, header and footer, colours that can be read, order of what is movable."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import blocks
from articles.desk import choice_fields
from articles.desk.choice_fields import ChoiceWidget
from articles.desk.csp import allow_editors
from articles.desk.shown import ProseAdmin, ShownAdmin
from articles.desk.uploads import take_upload
from core.admin.shared_editing import SharedEditing
from core.lib.admin_slugs import SlugsFromWords
from core.lib.html import refuse_lost_addresses
from newsletter.admin import template_previews
from newsletter.models import BriefingText, MailTemplate
from newsletter.models.templates import Part, usual_order
from newsletter.sending import pictures
from newsletter.sending.looks import SHADES


def _editor() -> AdminProseEditorWidget:
    return AdminProseEditorWidget(config={"extensions": blocks.INLINE_EXTENSIONS}, preset="configurable")


class MailTemplateForm(forms.ModelForm):
    header_html = blocks.HtmlField(label="Header", extensions=blocks.INLINE_EXTENSIONS, required=False)
    footer_html = blocks.HtmlField(
        label="Footer", extensions=blocks.INLINE_EXTENSIONS, required=False,
        help_text="Stands above the links to unsubscribe and the postal address, which every briefing has.",
    )  # fmt: skip
    src = blocks.SourceField(
        label="Logo", required=False, widget=ChoiceWidget("image"), help_text="Empty: the site’s name."
    )
    upload = forms.FileField(label="or upload one", required=False)

    class Meta:
        model = MailTemplate
        fields = ("newsletter", "name", "is_default", "header_html", "footer_html", *SHADES, "card_size", "ad_after")
        widgets = {name: forms.TextInput(attrs={"type": "color"}) for name in SHADES}

    request: HttpRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("header_html", "footer_html"):
            if name in self.fields:
                self.fields[name].widget = _editor()
        self.initial["src"] = self.instance.logo
        order = self.instance.order or usual_order()
        for part in Part:
            self.initial[f"place_{part}"] = order.index(part) + 1 if part in order else None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("header_html", "footer_html"):
            try:
                refuse_lost_addresses(str(self[name].value() or ""))
            except forms.ValidationError as error:
                self.add_error(name, error)
        if upload := data.get("upload"):
            try:
                data["src"] = take_upload(self, upload, into="src", alt="", by=self.request.user)
            except forms.ValidationError as error:
                self.add_error("upload", error)
        if str(data.get("src", "")).startswith("http"):
            self.add_error("src", "A logo is an image of ours: upload it.")
        if f"place_{Part.ITEMS}" in data and not data[f"place_{Part.ITEMS}"] and not self.errors:
            self.add_error(f"place_{Part.ITEMS}", "Without its parts there is nothing to read: give them a place.")
        if data.get("header_html") and not data.get(f"place_{Part.HEADER}") and not self.errors:
            self.add_error(f"place_{Part.HEADER}", "The header would not be seen: give it a place, or empty it.")
        return data

    def save(self, commit: bool = True) -> Any:
        places = {part: self.cleaned_data.get(f"place_{part}") for part in Part}
        shown = [part for part in Part if places[part]]
        self.instance.order = [str(part) for part in sorted(shown, key=lambda part: places[part] or 0)]
        self.instance.logo = self.cleaned_data.get("src", "")
        pictures.put_logo(self.instance)
        return super().save(commit)


for _part in Part:
    _place = forms.IntegerField(label=str(_part.label).capitalize(), min_value=1, max_value=9, required=False)
    MailTemplateForm.declared_fields[f"place_{_part}"] = MailTemplateForm.base_fields[f"place_{_part}"] = _place


@admin.register(BriefingText)
class BriefingTextAdmin(SlugsFromWords, ProseAdmin, ShownAdmin, SharedEditing):
    slug_from = "heading"
    prose_field = "html"
    fields = ("heading", "slug", "html", "label", "url")
    list_display = ("slug", "heading")
    search_fields = ("slug", "heading")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind=BriefingText.Kind.TEXT)


@admin.register(MailTemplate)
class MailTemplateAdmin(SharedEditing):
    form = MailTemplateForm
    change_form_template = "admin/newsletter/mailtemplate/change_form.html"
    list_display = ("name", "newsletter", "is_default")
    list_filter = ("newsletter",)
    list_select_related = ("newsletter",)
    fieldsets = (
        (None, {"fields": ("newsletter", "name", "is_default")}),
        ("Logo, header and footer", {"fields": ("src", "upload", "header_html", "footer_html")}),
        ("Colours", {"fields": SHADES, "description": "Text and links must be readable on the sheet; in the dark, mail programs get lighter ones."}),
        ("Order", {
            "fields": tuple(f"place_{part}" for part in Part),
            "description": "Numbers from the top, under the logo; what has none is left out. The foot with the links to unsubscribe is always last.",
        }),
        ("New drafts", {"fields": ("card_size", "ad_after")}),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"newsletter_mailtemplate_{name}")

        previews = template_previews
        own = [
            at("preview/", previews.preview, "preview"),
            at("preview/mail.html", previews.preview_html, "preview_html"),
        ]
        return [*own, *super().get_urls()]

    def response_change(self, request: HttpRequest, obj: MailTemplate) -> HttpResponse:
        """The button that leads to the preview saves first."""
        if "_preview" in request.POST:
            return HttpResponseRedirect(reverse("admin:newsletter_mailtemplate_preview", args=[obj.pk]))
        return super().response_change(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = type("MailTemplateForm", (MailTemplateForm,), {"request": request})
        return super().get_form(request, obj, change, form=form, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        choice_fields.label([context["adminform"].form])
        response = super().render_change_form(request, context, *args, **kwargs)
        return allow_editors(request, response)
