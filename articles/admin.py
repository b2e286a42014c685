"""The newsroom's desk: articles, and what they refer to, in the admin."""

from typing import Any

from content_editor.admin import ContentEditor
from csp.constants import SELF, UNSAFE_INLINE
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django_prose_editor.widgets import AdminProseEditorWidget
from js_asset import Media, Script

from articles import images, publishing
from articles.blocks import INLINE_EXTENSIONS
from articles.desk import checking, choices, drafts, views
from articles.desk.forms import INLINES, ArticleForm, parts_of, prose_settings
from articles.documents import DocumentError, StaleVersion, apply_document, document_of
from articles.models import Article, AuditEntry, Author, Category, Draft, ImageAsset, Redirect, Snippet, Tag
from articles.publishing import TransitionRefused
from articles.redirecting import redirect_path

State = Article.State
PUBLISHING = ("_publish", "_schedule", "_unpublish", "_archive", "_back")
FIELDSETS = (
    (None, {"fields": ("title", "standfirst", ("category", "slug"), "authors", "tags")}),
    ("Cover", {"classes": ("collapse",), "fields": (("cover_src", "cover_upload"), "cover_alt", ("cover_caption", "cover_credit"), "cover_focal")}),
    ("Search and extras", {"classes": ("collapse",), "fields": ("seo_title", "seo_description", ("cta", "reading_minutes"))}),
)  # fmt: skip


@admin.register(Article)
class ArticleAdmin(ContentEditor):
    """Writes go through articles.documents, transitions through articles.publishing; this only shows them."""

    inlines = INLINES
    list_display = ("title", "status", "category", "byline_names", "changed")
    list_filter = ("state", "category", ("authors", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("category",)
    list_per_page = 50
    search_fields = ("title", "slug", "standfirst")
    show_full_result_count = False
    actions = None
    change_form_template = "admin/articles/article/edit.html"

    class Media:
        css = {"all": ["css/desk.css"]}
        js = [Script("js/desk/prose.js", type="module"), Script("js/desk/desk.js", type="module")]

    # The list

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("category", "cta", "publication")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = changelist.result_list.prefetch_related("byline__author").defer("cover")
        return changelist

    @admin.display(description="state", ordering="state")
    def status(self, article: Article) -> str:
        shown = getattr(article, "publication", None)
        behind = article.state == State.PUBLISHED and shown and shown.version != article.version
        label = f"{article.get_state_display()}, newer changes" if behind else article.get_state_display()
        if article.publish_at:
            label = f"{label}, {article.publish_at:%-d %b %H:%M}"
        return format_html('<span class="state state--{}">{}</span>', article.state, label)

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, article: Article) -> str:
        return f"{article.changed_at:%-d %b %Y, %H:%M}"

    @admin.display(description="authors")
    def byline_names(self, article: Article) -> str:
        return ", ".join(place.author.name for place in article.byline.all())

    # The edit page

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("choices/<slug:what>/", view(choices.choices_view), name="articles_article_choices"),
            path("autosave/", view(self.autosave_view), name="articles_article_autosave_new"),
            path("<int:pk>/autosave/", view(self.autosave_view), name="articles_article_autosave"),
            *(
                path(f"<int:pk>/{name}/", view(getattr(views, name)), name=f"articles_article_{name}")
                for name in (
                    "revisions", "compare", "conflict", "drop_draft", "preview", "frame", "presence", "comment", "check",
                )
            ),
            path("<int:pk>/restore/<int:version>/", view(views.restore), name="articles_article_restore"),
            path("<int:pk>/resolve/<int:comment>/", view(views.resolve), name="articles_article_resolve"),
        ]  # fmt: skip
        return own + super().get_urls()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The same object for one request, however often the admin asks."""
        seen = request.__dict__.setdefault("desk_objects", {})
        if request.method != "GET" or object_id not in seen:
            seen[object_id] = super().get_object(request, object_id, from_field)
        return seen[object_id]

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        return FIELDSETS

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        document = getattr(request, "desk_document", None)
        base = {"request": request, "problems": getattr(request, "desk_problems", [])}

        class Form(ArticleForm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, document=document, **kwargs)
                choices.label(self.fields.values(), getattr(request, "desk_names", {}))
                if getattr(request, "desk_version", None) is not None:
                    self.initial["version"] = request.desk_version

        return type("ArticleForm", (Form,), base)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """What readers have seen is archived, not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.published_at is None)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST":
            self._may_post(request)
            try:
                return super().changeform_view(request, object_id, form_url, extra_context)
            except StaleVersion:
                return self._lost(request, object_id)
            except DocumentError as error:
                request.desk_problems = error.problems
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
        """Which document the page shows: the newest, or one's own unsaved work when asked for."""
        draft = drafts.kept(article, by=request.user) if request.user.is_authenticated else None
        request.desk_draft = draft
        if draft and "draft" in request.GET:
            request.desk_document = draft.document
            current = article.version if article else 0
            request.desk_version = current if "merge" in request.GET else draft.base_version
        elif article:
            request.desk_document = document_of(article)
        else:
            author = Author.objects.filter(user=request.user).values_list("slug", flat=True)
            request.desk_document = {"authors": list(author), "blocks": []}
        slugs = [*request.desk_document.get("authors", []), *request.desk_document.get("tags", [])]
        names = Author.objects.filter(slug__in=slugs).values_list("slug", "name")
        request.desk_names = dict(names.union(Tag.objects.filter(slug__in=slugs).values_list("slug", "name"), all=True))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Article:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        """The document is stored once the blocks are known."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        document = form.document(parts_of(formsets))
        request.desk_typed = (form, document)
        reason = form.cleaned_data.get("reason") or ("Saved at the desk" if change else "First version")
        expected = form.cleaned_data["version"] if change else None
        apply_document(form.instance, document, by=request.user, reason=reason, expected_version=expected)
        drafts.drop(form.instance if change else None, by=request.user)

    def _lost(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        """Somebody saved first: keep every word, and show both versions."""
        form, document = request.desk_typed
        article = self.get_object(request, object_id)
        drafts.keep(article, by=request.user, base_version=form.cleaned_data["version"], document=document)
        return HttpResponseRedirect(reverse("admin:articles_article_conflict", args=[article.pk]))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> str:
        return f"Version {form.instance.version}"

    def autosave_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Keep what is typed every few seconds, apart from the revisions."""
        if request.method != "POST":
            return HttpResponse(status=405)
        article = self.get_object(request, str(pk)) if pk else None
        allowed = self.has_change_permission(request, article) if article else self.has_add_permission(request)
        if not allowed or (pk and not article):
            raise PermissionDenied
        form = self.get_form(request, article)(request.POST, instance=article)
        formsets, _ = self._create_formsets(request, article or Article(), change=bool(article))
        version = request.POST.get("version", "")
        draft = drafts.keep(
            article,
            by=request.user,
            base_version=int(version) if version.isdecimal() and len(version) < 9 else 0,
            document=form.document(parts_of(formsets)),
        )
        return HttpResponse(f"{draft.saved_at:%H:%M:%S}", content_type="text/plain")

    # What happens after a save

    def response_add(self, request: HttpRequest, obj: Article, post_url_continue: str | None = None) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        page = reverse("admin:articles_article_change", args=[obj.pk])
        if "_preview" in request.POST:
            return HttpResponseRedirect(reverse("admin:articles_article_preview", args=[obj.pk]))
        try:
            text = self._transition(request, obj)
        except TransitionRefused as error:
            messages.error(request, f"Your changes are saved. {error}")
            return HttpResponseRedirect(page)
        messages.success(request, text or f"Saved as version {obj.version}.")
        return HttpResponseRedirect(page)

    def _transition(self, request: HttpRequest, article: Article) -> str:
        """Do what the button said; return what to tell."""
        by, posted = request.user, request.POST
        if "_publish" in posted or "_schedule" in posted:
            self._check(article)
        if "_publish" in posted:
            publishing.publish(article, by=by)
            return format_html('Published: <a href="{0}">{0}</a>', article.get_absolute_url())
        if "_schedule" in posted:
            at = _moment(posted.get("schedule_at"), "when to publish")
            until = _moment(posted["schedule_until"], "the end") if posted.get("schedule_until") else None
            publishing.schedule(article, at=at, until=until, by=by)
            return f"Version {article.version} will be published on {at:%-d %B %Y at %H:%M} UTC."
        if "_submit" in posted:
            publishing.submit(article, by=by)
            return "Sent to review."
        if "_back" in posted:
            publishing.send_back(article, by=by, reason=posted.get("reason", ""))
            return "Sent back to the writer."
        if "_unpublish" in posted:
            publishing.unpublish(article, by=by)
            return "Unpublished: readers no longer see it."
        if "_archive" in posted:
            publishing.archive(article, by=by)
            return "Archived. Its address leads to its category."
        return ""

    def _check(self, article: Article) -> None:
        """What blocks publication is said, and stops it."""
        if problems := checking.blocking(document_of(article), article=article):
            raise TransitionRefused("It cannot be published yet: " + " ".join(problems))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:articles_article_revisions", args=[object_id]))

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        article = kwargs.get("obj")
        context |= {
            "may_publish": self.may_publish(request),
            "states": State,
            "draft": _recoverable(request, article),
            "has_file_field": True,
            "shown": getattr(article, "publication", None) if article else None,
            "comments": article.comments.select_related("by", "asks") if article else [],
            "article": article,
            "prose_settings": prose_settings(),
            "is_nav_sidebar_enabled": False,
        }
        response = super().render_change_form(request, context, **kwargs)
        return _with_nonce(request, response)


def _recoverable(request: HttpRequest, article: Article | None) -> Draft | None:
    """Unsaved work that the page does not show yet."""
    draft: Draft | None = getattr(request, "desk_draft", None)
    return draft if draft and "draft" not in request.GET else None


def _with_nonce(request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
    """The editors need an import map, which is an inline script, and put style elements in from their scripts.

    The first gets this request's nonce; for the second this page alone allows inline styles. Scripts stay strict.
    """
    if response.context_data:
        response.context_data["media"] = Media.from_media(response.context_data["media"], nonce=request.csp_nonce)
    response._csp_replace = {"style-src": [SELF, UNSAFE_INLINE]}
    return response


def _moment(value: str | None, what: str) -> Any:
    try:
        return forms.DateTimeField().clean((value or "").replace("T", " ")).astimezone(timezone.get_current_timezone())
    except forms.ValidationError:
        raise TransitionRefused(f"Say {what}, as a date and a time.") from None


def _prose(form: Any, name: str) -> None:
    """Write a field of HTML with the same editor as articles."""
    form.base_fields[name].widget = AdminProseEditorWidget(
        config={"extensions": INLINE_EXTENSIONS}, preset="configurable"
    )


class ProseAdmin(admin.ModelAdmin):
    """A model with one field of HTML."""

    prose_field = ""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if self.prose_field in form.base_fields:
            _prose(form, self.prose_field)
        return form

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        return _with_nonce(request, super().render_change_form(request, context, **kwargs))


class MovedPages(admin.ModelAdmin):
    """A model with a page of its own: the old address leads to the new one."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = type(obj).objects.get(pk=obj.pk).get_absolute_url() if change else None
        super().save_model(request, obj, form, change)
        if before and before != obj.get_absolute_url():
            redirect_path(before, obj.get_absolute_url(), automatic=True)


@admin.register(Category)
class CategoryAdmin(MovedPages):
    list_display = ("name", "slug", "disclaimer", "position")
    list_select_related = ("disclaimer",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Tag)
class TagAdmin(MovedPages):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Author)
class AuthorAdmin(ProseAdmin, MovedPages):
    prose_field = "bio_html"
    list_display = ("name", "role", "user")
    list_select_related = ("user",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("portrait", "user")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Snippet)
class SnippetAdmin(ProseAdmin):
    prose_field = "html"
    list_display = ("slug", "kind", "heading")
    list_filter = ("kind",)
    search_fields = ("slug", "heading")


class NewImageForm(forms.ModelForm):
    """An upload; everything else is found out."""

    upload = forms.FileField(label="Image")

    class Meta:
        model = ImageAsset
        fields = ("alt", "credit")

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        self.instance = images.store_image(upload, name=upload.name)
        return upload


@admin.register(ImageAsset)
class ImageAssetAdmin(admin.ModelAdmin):
    list_display = ("thumbnail", "name", "alt", "width", "height", "created_at")
    search_fields = ("name", "alt", "credit")
    readonly_fields = ("thumbnail", "file", "width", "height", "uploaded_by", "created_at")

    def get_form(self, request: HttpRequest, obj: ImageAsset | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else kwargs | {"form": NewImageForm}))

    def get_fields(self, request: HttpRequest, obj: ImageAsset | None = None) -> Any:
        if obj is None:
            return ("upload", "alt", "credit")
        return ("thumbnail", "name", "alt", "credit", "focal_x", "focal_y", "file", "width", "height", "uploaded_by")

    def save_model(self, request: HttpRequest, obj: ImageAsset, form: Any, change: bool) -> None:
        obj.uploaded_by = obj.uploaded_by or request.user
        super().save_model(request, obj, form, change)

    @admin.display(description="")
    def thumbnail(self, image: ImageAsset) -> str:
        small = min(image.renditions, key=lambda made: made["width"])["src"] if image.renditions else image.file
        address = image.url.replace(image.file, small)
        return format_html(
            '<img class="thumbnail" src="{}" alt="" width="120" height="{}">',
            address,
            round(120 * image.height / image.width),
        )


@admin.register(Redirect)
class RedirectAdmin(admin.ModelAdmin):
    list_display = ("path", "target", "automatic", "created_at")
    list_filter = ("automatic",)
    search_fields = ("path", "target")

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        if change:
            Redirect.objects.filter(pk=obj.pk).delete()
        kept = redirect_path(obj.path, obj.target)
        obj.pk = kept.pk if kept else obj.pk


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    list_display = ("at", "by_name", "action", "article_title", "detail")
    list_filter = ("action",)
    search_fields = ("article_title", "by_name")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    has_delete_permission = has_change_permission
