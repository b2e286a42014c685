"""The admin of what articles refer to: categories, tags, authors, snippets, redirects; and the audit log."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode

from articles.desk.shown import ProseAdmin, ShownAdmin
from articles.models import AuditEntry, Author, Category, Redirect, Series, Snippet, Tag
from articles.redirects import export_redirects, import_redirects, redirect_path
from articles.tags import MOST_AT_ONCE, delete_tag, is_on_many, merge_tags
from core.admin.bases import ReadOnlyAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import IndexedValuesFilter, WordSearch
from core.lib.admin_slugs import SlugsFromWords
from core.pagecache import bump
from core.transitions import TransitionRefused


class MovedPages(ShownAdmin):
    """The admin of a model whose rows have pages: when an address changes, the old one redirects to it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = type(obj).objects.get(pk=obj.pk).get_absolute_url() if change else None
        super().save_model(request, obj, form, change)
        if before and before != obj.get_absolute_url():
            redirect_path(before, obj.get_absolute_url(), automatic=True)


@admin.register(Category)
class CategoryAdmin(SlugsFromWords, MovedPages, SharedEditing):
    list_display = ("name", "slug", "disclaimer", "position")
    list_select_related = ("disclaimer",)
    search_fields = ("name", "slug")


@admin.register(Series)
class SeriesAdmin(SlugsFromWords, MovedPages, SharedEditing):
    list_display = ("name", "slug", "live_parts")
    search_fields = ("name", "slug")
    sortable_by = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(live=Count("publications"))

    @admin.display(description="live parts")
    def live_parts(self, series: Any) -> int:
        return int(series.live)


@admin.register(Tag)
class TagAdmin(SlugsFromWords, MovedPages, SharedEditing):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    actions = ["merge"]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """One that very many articles have is taken off them first, in the background."""
        tag = self.get_object(request, object_id)
        if tag and self.has_delete_permission(request, tag) and is_on_many(tag):
            self._say_many(request, tag)
            return HttpResponseRedirect(f"{reverse('admin:articles_articleact_choose')}?{urlencode({'tag': tag.slug})}")
        return super().delete_view(request, object_id, extra_context)

    def _say_many(self, request: HttpRequest, tag: Tag) -> None:
        text = (
            f"“{tag}” is on more than {MOST_AT_ONCE:,} articles. Remove it from them first: that goes on in the background,"
            " and can be undone. Then delete it."
        )
        self.message_user(request, text, messages.WARNING)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The tags alone; not each article that has them."""
        tags = list(objs)
        return [str(tag) for tag in tags], {self.opts.verbose_name_plural: len(tags)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        delete_tag(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for tag in queryset:
            if is_on_many(tag):
                self._say_many(request, tag)
            else:
                delete_tag(tag)

    @admin.action(description="Merge…", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask which of the ticked tags is kept, and merge the others into it."""
        tags = list(queryset.annotate(number=Count("articles")).order_by("name", "pk"))
        keep = next((tag for tag in tags if str(tag.pk) == request.POST.get("keep")), None)
        if len(tags) < 2:
            text = "Nothing was merged: tick two tags or more. What was ticked before may be gone by now."
            self.message_user(request, text, messages.WARNING)
        elif keep:
            self._merge_into(request, keep, [tag for tag in tags if tag != keep])
        else:
            if "keep" in request.POST:
                self.message_user(request, "The tag to keep is gone. Choose another.", messages.WARNING)
            context = {"title": "Merge tags", "tags": tags, "opts": self.opts, "ticked": ACTION_CHECKBOX_NAME}
            return TemplateResponse(
                request, "admin/articles/tag/merge.html", self.admin_site.each_context(request) | context
            )
        return None

    def _merge_into(self, request: HttpRequest, keep: Tag, others: list[Tag]) -> None:
        try:
            merge_tags(keep, others)
        except TransitionRefused as error:
            self.message_user(request, str(error), messages.WARNING)
            return
        names = ", ".join(f"“{tag}”" for tag in others)
        self.message_user(request, f"Merged into “{keep}”: {names}. Their pages lead to its page.", messages.SUCCESS)


class LinksField(forms.CharField):
    """Links to profiles elsewhere, one per line: a label, then the address."""

    widget = AdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{link['label']} {link['url']}" for link in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[dict[str, str]]:
        lines = [line.split() for line in super().clean(value).splitlines() if line.strip()]
        if any(len(words) < 2 or not words[-1].startswith(("https://", "http://")) for words in lines):
            raise ValidationError("On each line, write a label and an address that starts with https://.")
        return [{"label": " ".join(words[:-1]), "url": words[-1]} for words in lines]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


@admin.register(Author)
class AuthorAdmin(SlugsFromWords, ProseAdmin, MovedPages, SharedEditing):
    prose_field = "bio_html"
    list_display = ("name", "role", "user")
    list_select_related = ("user",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("portrait",)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "links":
            return LinksField(required=False, help_text="Profiles elsewhere, one per line: Mastodon https://…")
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Snippet)
class SnippetAdmin(SlugsFromWords, ProseAdmin, ShownAdmin, SharedEditing):
    slug_from = "heading"
    prose_field = "html"
    list_display = ("slug", "kind", "heading")
    list_filter = ("kind",)
    search_fields = ("slug", "heading")


@admin.register(Redirect)
class RedirectAdmin(WordSearch, SharedEditing):
    list_display = ("path", "target", "automatic", "created_at")
    list_filter = ("automatic",)
    search_fields = ("path", "target")
    sortable_by = ("path",)
    change_list_template = "admin/articles/redirect/list.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.csv_view)
        return [path("csv/", view, name="articles_redirect_csv"), *super().get_urls()]

    def csv_view(self, request: HttpRequest) -> HttpResponse:
        """GET downloads all redirects as CSV; POST imports some."""
        if request.method == "GET":
            if not self.has_view_permission(request):
                raise PermissionDenied
            disposition = {"Content-Disposition": 'attachment; filename="redirects.csv"'}
            return HttpResponse(export_redirects(), content_type="text/csv; charset=utf-8", headers=disposition)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            count = import_redirects(request.POST.get("csv", ""))
            self.message_user(request, f"{count} redirect{'' if count == 1 else 's'} imported.")
        except ValidationError as error:
            self.message_user(request, "Nothing was imported. " + " ".join(error.messages), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:articles_redirect_changelist"))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        bump()  # first, as whoever changes redirects does, so that nobody waits for the other
        return super().save_form(request, form, change)

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        if change:
            Redirect.objects.filter(pk=obj.pk).update(path=obj.path)
        kept = redirect_path(obj.path, obj.target)
        if kept:
            obj.pk = kept.pk
        else:
            Redirect.objects.filter(pk=obj.pk).delete()


@admin.register(AuditEntry)
class AuditEntryAdmin(WordSearch, ReadOnlyAdmin):
    list_display = ("when", "by_name", "action", "article_title", "detail")
    list_filter = (("action", IndexedValuesFilter),)
    search_fields = ("article_title", "by_name")
    sortable_by = ("when",)

    @admin.display(description="when", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return clock.in_words(entry.at, "j M Y, H:i")
