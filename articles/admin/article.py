"""The newsroom's desk in the admin: the list of articles and the edit page."""

from typing import Any

from content_editor.admin import ContentEditor
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from js_asset import Media, Script

from articles import payers, publishing
from articles.admin.article_list import ArticleList
from articles.admin.templates import template_view
from articles.desk import checks, choice_fields, drafts, links, uploads, views
from articles.desk.article_form import ArticleForm
from articles.desk.block_forms import INLINES, left_out, parts_of
from articles.desk.comments import threads_of
from articles.desk.csp import allow_editors
from articles.desk.edit_state import edit_state, is_page
from articles.desk.rich_text import prose_settings
from articles.desk.seen_as import seen_as
from articles.desk.templates import begun_from
from articles.document_schema import PAGE, DocumentError, article_slug, empty_document
from articles.documents import StaleVersion, apply_document, document_of
from articles.models import Article, ArticleTemplate, AuditEntry, Author, Kind
from core import kept_work
from core.admin.kept_work import KeepsWork
from core.kept_work import NotKept, Sitting
from core.lib import clock
from core.lib.text import whole_number
from core.transitions import TransitionRefused

State = Article.State
MODULES = ["content_editor/index.js"]  # ours come after it
MODULES += [
    f"js/desk/{name}.js"
    for name in (
        "images",
        "library",
        "prose",
        "blocks",
        "inserting",
        "ordering",
        "pasting",
        "linking",
        "counting",
        "search_preview",
        "passages",
        "finding",
        "slugs",
        "desk",
    )
]
SCRIPTS = Media(js=[Script(module, type="module") for module in MODULES])
PUBLISHING = ("_publish", "_schedule", "_unschedule", "_unpublish", "_archive", "_back")
SEARCH = ("seo_title", "seo_description", "social_title", "social_image", "canonical", "noindex")
FIELDSETS = (
    (None, {"fields": ("title", "standfirst")}),  # above the text; the others stand beside it
    ("Where it belongs", {"fields": ("category", "slug", "authors", "tags", "series", "part")}),
    ("Cover", {"classes": ("collapse",), "fields": ("cover_src", "cover_upload", "cover_alt", "cover_caption", "cover_credit", "cover_focal")}),
    ("Search and social", {"classes": ("collapse",), "fields": SEARCH}),
    ("Extras", {"classes": ("collapse",), "fields": ("corrections", "dated_at", "cta", "reading_minutes", "language")}),
)  # fmt: skip
OF_PAGES = (
    FIELDSETS[0],
    ("Where it belongs", {"fields": ("slug",)}),
    *FIELDSETS[2:4],
    ("Extras", {"classes": ("collapse",), "fields": ("cta", "language")}),
)


@admin.register(Article)
class ArticleAdmin(ArticleList, KeepsWork, ContentEditor):
    """The desk. It stores nothing itself: articles.documents writes, articles.publishing changes the state."""

    inlines = INLINES
    change_form_template = "admin/articles/article/edit.html"

    @property
    def media(self) -> forms.Media:
        """Stylesheets only: the blocks bring the scripts they need, and the admin's others would only take time."""
        return forms.Media(
            css={
                "all": [
                    "content_editor/django_admin_fixes.css",
                    "css/kept_work.css",
                    "css/desk.css",
                    "css/pages/library_admin.css",
                ]
            }
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).select_related("category", "series", "cta", "publication")
        listed = request.resolver_match and request.resolver_match.url_name == "articles_article_changelist"
        return (
            found.filter(kind=Kind.ARTICLE) if listed else found
        )  # pages have a list of their own, and this edit page

    # The edit page

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            *self.list_urls(),
            path("choices/<slug:what>/", view(choice_fields.choices_view), name="articles_article_choices"),
            path("slug/", view(views.slug), name="articles_article_slug"),
            path("links/", view(links.articles_view), name="articles_article_links"),
            path("address/", view(links.address_view), name="articles_article_address"),
            path("upload/", view(uploads.upload_view), name="articles_article_upload"),
            path("thumbnail/", view(uploads.thumbnail_view), name="articles_article_thumbnail"),
            path("autosave/", view(self.autosave_view), name="articles_article_autosave_new"),
            path("<int:pk>/autosave/", view(self.autosave_view), name="articles_article_autosave"),
            *(
                path(f"<int:pk>/{name}/", view(getattr(views, name)), name=f"articles_article_{name}")
                for name in (
                    "revisions", "compare", "conflict", "preview", "frame", "presence", "comment", "check", "share",
                )
            ),
            path("<int:pk>/restore/<int:version>/", view(views.restore), name="articles_article_restore"),
            path("<int:pk>/resolve/<int:comment>/", view(views.resolve), name="articles_article_resolve"),
            path("<int:pk>/reopen/<int:comment>/", view(views.reopen), name="articles_article_reopen"),
            path("<int:pk>/template/", view(template_view), name="articles_article_template"),
            path("<int:pk>/revoke/<int:link>/", view(views.revoke), name="articles_article_revoke"),
        ]  # fmt: skip
        return own + super().get_urls()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Load the article once per request, however often the admin asks for it."""
        seen = edit_state(request).articles
        if request.method != "GET" or object_id not in seen:
            seen[object_id] = super().get_object(request, object_id, from_field)
        return seen[object_id]

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        return OF_PAGES if is_page(request, obj) else FIELDSETS

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        return type("ArticleForm", (ArticleForm,), {"request": request})

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """An article that readers have seen is archived, not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.published_at is None)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST":
            self._may_post(request)
            try:
                return super().changeform_view(request, object_id, form_url, extra_context)
            except StaleVersion:
                return self._lost(request, object_id or "")
            except DocumentError as error:
                edit_state(request).problems = error.problems
                return super().changeform_view(request, object_id, form_url, extra_context)
        article = self.get_object(request, object_id) if object_id else None
        self._load(request, article)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _may_post(self, request: HttpRequest) -> None:
        if any(name in request.POST for name in PUBLISHING) and not self.may_publish(request):
            raise PermissionDenied

    def may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm("articles.publish_article")

    def _load(self, request: HttpRequest, article: Article | None) -> None:
        """Choose the document to show: the newest version, or the user's unsaved work where the address asks for it."""
        page, piece = edit_state(request), self.taken_up(request, article)
        if piece:
            page.document, page.version = piece.content, piece.base_version
        elif article:
            page.document = document_of(article)
        else:
            authors = Author.objects.filter(user=request.user.pk).values_list("slug", flat=True)
            key = whole_number(request.GET.get("template"))
            template = ArticleTemplate.objects.filter(pk=key).first() if key else None
            if template:
                page.document = begun_from(template, authors=list(authors))
                return
            page.document = {**empty_document(), "authors": list(authors)}
            if is_page(request):
                page.document = {**empty_document(), "kind": PAGE}

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Article:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        """Nothing yet: save_related stores the whole document, once the blocks are known."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        document = form.document(parts_of(formsets))
        edit_state(request).typed = document
        edit_state(request).left_out = left_out(formsets) if document["blocks"] else 0
        edit_state(request).schedule = (form.cleaned_data["schedule_at"], form.cleaned_data["schedule_until"])
        edit_state(request).dated = form.redated()
        reason = form.cleaned_data.get("reason") or ("Saved at the desk" if change else "First version")
        expected = form.cleaned_data["version"] if change else None
        apply_document(form.instance, document, by=request.user, reason=reason, expected_version=expected)
        payers.look_at(form.instance)
        self.work_was_saved(request, form.instance.pk if change else None)

    def _lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Another save came first: keep what was typed, and show both versions."""
        article = self.get_object(request, object_id)
        version = whole_number(request.POST.get("version")) or 0
        work = drafts.work_of(edit_state(request).typed, base_version=version)
        sitting = Sitting.posted(request.POST)
        piece = kept_work.keep(Article, article.pk, work, by=request.user, sitting=sitting, refused=True)
        page = reverse("admin:articles_article_conflict", args=[article.pk])
        return HttpResponseRedirect(f"{page}?kept={piece.pk}")

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return f"Version {form.instance.version}"

    def autosave_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Keep unsaved work, which the page sends every few seconds, apart from the revisions."""
        if request.method != "POST":
            return HttpResponse(status=405)
        article = self.get_object(request, str(pk)) if pk else None
        allowed = self.has_change_permission(request, article) if article else self.has_add_permission(request)
        if not allowed or (pk and not article):
            raise PermissionDenied
        form = self.get_form(request, article)(request.POST, instance=article)
        formsets, _ = self._create_formsets(request, article or Article(), change=bool(article))
        version = whole_number(request.POST.get("version")) or 0
        work = drafts.work_of(form.document(parts_of(formsets)), base_version=version)
        sitting = Sitting.posted(request.POST)
        try:
            piece = kept_work.keep(Article, pk, work, by=request.user, sitting=sitting)
        except NotKept as error:
            return HttpResponse(str(error), content_type="text/plain", status=409)
        return HttpResponse(clock.in_words(piece.saved_at, "H:i"), content_type="text/plain")

    # What happens after a save

    def response_add(self, request: HttpRequest, obj: Article, post_url_continue: str | None = None) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        page = reverse("admin:articles_article_change", args=[obj.pk])
        if edit_state(request).left_out:
            messages.info(request, "A text without a word was left out.")
        if "_preview" in request.POST:
            return HttpResponseRedirect(reverse("admin:articles_article_preview", args=[obj.pk]))
        try:
            text = self._transition(request, obj)
        except TransitionRefused as error:
            messages.error(request, f"Your changes are saved. {error}")
            return HttpResponseRedirect(page)
        messages.success(request, text or f"Saved as version {obj.version}.")
        if edit_state(request).dated and "_publish" not in request.POST:
            messages.info(request, "Readers are told the new date once it is published; it is not kept until then.")
        typed = edit_state(request).typed
        if (wanted := article_slug(typed["slug"] or typed["title"])) != obj.slug:
            messages.info(request, f"The slug “{wanted}” is taken, so this article has “{obj.slug}”.")
        return HttpResponseRedirect(page)

    def _transition(self, request: HttpRequest, article: Article) -> str:
        """Do what the pressed button asks for; return the message to show."""
        by, posted = request.user, request.POST
        if "_publish" in posted:
            publishing.publish(article, by=by, check=checks.blocking, dated=edit_state(request).dated)
            return format_html('Published: <a href="{0}">{0}</a>', article.get_absolute_url())
        if "_schedule" in posted:
            at, until = edit_state(request).schedule
            publishing.schedule(article, at=at, until=until, by=by, check=checks.blocking)
            return f"Version {article.version} will be published on {clock.in_words(at)}."
        if "_unschedule" in posted:
            cancelled = publishing.cancel_schedule(article, by=by)
            return (
                f"The schedule is cancelled ({cancelled.in_words()}). Its state is now “{article.get_state_display()}”."
            )
        if "_submit" in posted:
            publishing.submit(article, by=by)
            return "Sent to review."
        if "_back" in posted:
            publishing.send_back(article, by=by, reason=posted.get("back_reason", ""))
            return "Sent back, with what has to be done."
        if "_unpublish" in posted:
            publishing.unpublish(article, by=by)
            return "Unpublished: readers no longer see it."
        if "_archive" in posted:
            publishing.archive(article, by=by)
            return f"Archived. Its address leads to {'the front page' if article.is_page else 'its category'}."
        return ""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        article = self.get_object(request, object_id)
        if not article:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("admin:articles_article_revisions", args=[article.pk]))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        article = kwargs.get("obj")
        shown = [form for found in context["inline_admin_formsets"] for form in found.formset.forms]
        choice_fields.label([context["adminform"].form, *shown])
        context |= {
            **({"title": str(article), "subtitle": None} if article else {}),
            "may_publish": self.may_publish(request),
            "states": State,
            "kept": self.kept_context(request, article),
            "has_file_field": True,
            "shown": getattr(article, "publication", None) if article else None,
            "threads": threads_of(article, edit_state(request).document) if article else [],
            "may_comment": request.user.has_perm("articles.add_comment"),
            "article": article,
            "is_page": is_page(request, article),
            "seen_as": seen_as(edit_state(request).document, getattr(article, "publication", None)),
            "sent_back": _sent_back(article) if article else None,
            "prose_settings": prose_settings(footnotes=True),
            "is_nav_sidebar_enabled": False,
        }
        response: Any = super().render_change_form(request, context, *args, **kwargs)
        response.context_data["media"] += SCRIPTS
        return allow_editors(request, response)


def _sent_back(article: Article) -> AuditEntry | None:
    """Who sent an article back, and when, while its author has it."""
    is_back = article.state == State.SENT_BACK
    return article.audit_entries.filter(action="sent back").first() if is_back else None
