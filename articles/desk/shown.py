"""What the admins of shared texts have in common: an editor for their HTML, and what is deleted leaves the pages."""

from typing import Any

from django.http import HttpRequest
from django_prose_editor.widgets import AdminProseEditorWidget

from articles.blocks import INLINE_EXTENSIONS
from articles.desk.csp import allow_editors
from core.lib.admin_lists import DeskAdmin


class ProseAdmin(DeskAdmin):
    """The admin of a model with one field of HTML."""

    prose_field = ""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if self.prose_field in form.base_fields:
            editor = AdminProseEditorWidget(config={"extensions": INLINE_EXTENSIONS}, preset="configurable")
            form.base_fields[self.prose_field].widget = editor
        return form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        return allow_editors(request, super().render_change_form(request, context, *args, **kwargs))


class ShownAdmin(DeskAdmin):
    """What reader pages show: what is deleted leaves them."""

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for shown in queryset:
            shown.delete()
