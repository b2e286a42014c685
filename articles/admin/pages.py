"""Pages of the site in the admin: their list. They are written, previewed and published at the desk of articles."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html

from articles import page_addresses
from articles.document_schema import PAGE
from articles.models import Article, Kind, Page
from core.lib import clock
from core.lib.admin_lists import DeskAdmin, WordSearch
from core.lib.text import whole_number


@admin.register(Page)
class PageAdmin(WordSearch, DeskAdmin):
    """Who may write articles writes pages, and who publishes those publishes these."""

    list_display = ("title", "address", "state_badge", "changed")
    list_filter = ("state",)
    search_fields = ("title", "slug", "standfirst")
    sortable_by = ("title", "changed")
    actions = None
    change_list_template = "admin/articles/page/change_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind=Kind.PAGE).select_related("publication").defer("cover")

    @admin.display(description="address")
    def address(self, page: Article) -> str:
        shown = getattr(page, "publication", None)
        if page_addresses.refusal(page.slug):
            return format_html('<span class="state state--sent_back">/{}/, hidden: the site uses it</span>', page.slug)
        address = (shown or page).get_absolute_url()
        return format_html('<a href="{0}">{0}</a>', address) if shown else address

    def state_in_words(self, page: Article) -> str:
        shown = getattr(page, "publication", None)
        behind = page.state == Article.State.PUBLISHED and shown and shown.version != page.version
        return f"{page.get_state_display()}, newer changes" if behind else str(page.get_state_display())

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, page: Article) -> str:
        return clock.in_words(page.changed_at, "j M Y, H:i")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        add = (
            f"{reverse('admin:articles_article_add')}?kind={PAGE}"
            if request.user.has_perm("articles.add_article")
            else ""
        )
        return super().changelist_view(request, {"add": add, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = get_object_or_404(Article, pk=whole_number(object_id) or 0)
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[page.pk]))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.view_article")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # they are begun on the edit page of articles

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.change_article")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
