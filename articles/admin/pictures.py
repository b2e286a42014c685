"""The library of pictures at the desk: the grid, one picture with where it is used, replacing it, and removing unused ones."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from articles import image_library, images
from articles.desk.choice_fields import is_open_to
from articles.models import Article, Author, ImageAsset
from core.admin.shared_editing import SharedEditing
from core.lib.admin_lists import WordSearch
from core.lib.prefix_search import beginning_with, words_of
from core.lib.text import one_line, storable, whole_number
from core.pagecache import per_generation

PER_PAGE = 60
IN_DIALOG = 24
MOST_TAGS, LONGEST_TAG = 20, 40
MOST_SUGGESTED = 100


@per_generation
def tags_in_use() -> list[str]:
    """The tags that pictures have, those of most pictures first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tag FROM articles_imageasset, unnest(tags) AS tag GROUP BY tag ORDER BY count(*) DESC, tag LIMIT %s",
            [MOST_SUGGESTED],
        )
        return [tag for (tag,) in cursor.fetchall()]


class TagFilter(admin.SimpleListFilter):
    title, parameter_name = "tag", "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tag, tag) for tag in tags_in_use()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class UseFilter(admin.SimpleListFilter):
    title, parameter_name = "use", "use"
    WAYS: ClassVar[dict[str, tuple[str, Any]]] = {
        "used": ("used", image_library.used),
        "unused": ("not used", image_library.unused),
        "decorative": ("decorative", lambda rows: rows.filter(is_decorative=True)),
        "untold": ("without alternative text", lambda rows: rows.filter(alt="", is_decorative=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _) in self.WAYS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        way = self.WAYS.get(self.value() or "")
        return way[1](queryset) if way else queryset


class TagsField(forms.CharField):
    """Tags with commas between them, in small letters."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        typed = dict.fromkeys(one_line(part).lower() for part in storable(super().clean(value)).split(","))
        tags = [tag for tag in typed if tag]
        if len(tags) > MOST_TAGS:
            raise ValidationError(f"A picture has at most {MOST_TAGS} tags.")
        if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise ValidationError(f"“{long[:LONGEST_TAG]}…” is too long for a tag: at most {LONGEST_TAG} characters.")
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != data


TAGS_HELP = "With commas between them."


class NewImageForm(forms.ModelForm):
    """An upload; everything else is read from the file."""

    upload = forms.FileField(label="Image")
    tags = TagsField(required=False, help_text=TAGS_HELP)

    class Meta:
        model = ImageAsset
        fields = ("alt", "is_decorative", "credit")

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        self.instance = images.store_image(upload, name=upload.name)
        return upload

    def clean(self) -> Any:
        """For an image that is already here, what is left empty keeps its old value."""
        for name in ("alt", "credit", "is_decorative"):
            self.cleaned_data[name] = self.cleaned_data.get(name) or getattr(self.instance, name)
        return self.cleaned_data

    def save(self, commit: bool = True) -> Any:
        self.instance.tags = list(dict.fromkeys([*self.instance.tags, *self.cleaned_data["tags"]]))
        return super().save(commit)


class ImageForm(forms.ModelForm):
    """What the library knows of a picture."""

    tags = TagsField(required=False, help_text=TAGS_HELP)

    class Meta:
        model = ImageAsset
        fields = ("name", "alt", "is_decorative", "credit", "tags", "focal_x", "focal_y")
        help_texts: ClassVar[dict[str, str]] = {
            "alt": "What it shows, for people who cannot see it. It holds wherever nothing else is written in the article."
        }

    def clean(self) -> Any:
        said = super().clean() or self.cleaned_data
        if said.get("is_decorative") and said.get("alt"):
            self.add_error("is_decorative", "A decoration has no alternative text. Empty it, or take this tick away.")
        return said


class ReplaceForm(forms.Form):
    upload = forms.FileField(label="The new picture")
    forget = forms.BooleanField(
        label="Delete the files of the one before now",
        required=False,
        help_text="For a picture that must not be shown any more. Mails that were sent with it show a gap then.",
    )


@admin.register(ImageAsset)
class ImageAssetAdmin(WordSearch, SharedEditing):
    list_display = ("name", "alt", "added")
    list_filter = (UseFilter, TagFilter)
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    search_fields = ("name", "alt", "credit")
    sortable_by = ("added",)
    actions = ["remove"]
    readonly_fields = ("thumbnail", "where_used", "file", "width", "height", "uploaded_by", "created_at")
    change_list_template = "admin/articles/imageasset/library.html"
    change_form_template = "admin/articles/imageasset/picture.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/replace/", view(self.replace_view), name="articles_imageasset_replace"),
            path("grid/", view(require_safe(grid_view)), name="articles_imageasset_grid"),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        keys = [image.pk for image in changelist.result_list]
        counted = (
            ImageAsset.objects.filter(pk__in=keys).order_by().annotate(number=Count("uses__article", distinct=True))
        )
        numbers = dict(counted.values_list("pk", "number"))
        for image in changelist.result_list:
            image.number_of_uses = numbers.get(image.pk, 0)
        return changelist

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def get_form(self, request: HttpRequest, obj: ImageAsset | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"form": ImageForm if obj else NewImageForm})

    def get_fields(self, request: HttpRequest, obj: ImageAsset | None = None) -> Any:
        if obj is None:
            return ("upload", "alt", "is_decorative", "credit", "tags")
        typed = ("name", "alt", "is_decorative", "credit", "tags", "focal_x", "focal_y")
        return ("thumbnail", *typed, "where_used", "file", "width", "height", "uploaded_by")

    def save_model(self, request: HttpRequest, obj: ImageAsset, form: Any, change: bool) -> None:
        obj.uploaded_by_id = obj.uploaded_by_id or request.user.pk
        obj.unclaimed_since = None
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: ImageAsset | None = None) -> bool:
        """What is used stays; what is not goes by the library's own way, with its files."""
        return super().has_delete_permission(request, obj) and obj is None

    @admin.display(description="added", ordering="created_at")
    def added(self, image: ImageAsset) -> Any:
        return image.created_at

    @admin.display(description="picture")
    def thumbnail(self, image: ImageAsset) -> str:
        return format_html('<img class="library__one" src="{}" alt="">', image.small)

    @admin.display(description="used in")
    def where_used(self, image: ImageAsset) -> str:
        return render_uses(image)

    @admin.action(description="Remove…", permissions=["delete"])
    def remove(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask which of the ticked pictures go: those that nothing uses."""
        found = list(queryset[:500])
        free = set(
            image_library.unused(ImageAsset.objects.filter(pk__in=[image.pk for image in found])).values_list(
                "pk", flat=True
            )
        )
        going = [image for image in found if image.pk in free]
        if not going:
            self.message_user(request, "Nothing was removed: all of them are used.", messages.WARNING)
            return None
        if "sure" in request.POST:
            gone, kept = image_library.remove(going, by=request.user)
            said = f"{len(gone)} picture{'' if len(gone) == 1 else 's'} removed."
            self.message_user(request, f"{said} {len(kept)} stay: something uses them by now." if kept else said)
            return None
        context = {"title": "Remove pictures", "opts": self.opts, "going": going, "staying": len(found) - len(going)}
        frame = self.admin_site.each_context(request) | context | {"ticked": ACTION_CHECKBOX_NAME}
        return TemplateResponse(request, "admin/articles/imageasset/remove.html", frame)

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show another picture wherever this one is used."""
        if not self.has_change_permission(request) or not request.user.has_perm("articles.publish_article"):
            raise PermissionDenied
        image = get_object_or_404(ImageAsset, pk=pk)
        form = ReplaceForm(request.POST, request.FILES) if request.method == "POST" else ReplaceForm()
        if form.is_valid():
            said = form.cleaned_data
            try:
                image_library.replace(image, said["upload"], by=request.user, forget=said["forget"])
            except ValidationError as refusal:
                form.add_error("upload", refusal)
            else:
                messages.success(request, "Replaced. The pages that show it follow within a minute.")
                return HttpResponseRedirect(reverse("admin:articles_imageasset_change", args=[pk]))
        context = {"title": f"Replace “{image}”", "opts": self.opts, "form": form, "image": image}
        context["live"] = image.uses.filter(is_live=True).count()
        return render(
            request, "admin/articles/imageasset/replace.html", self.admin_site.each_context(request) | context
        )


SHOWN_USES = 50


def render_uses(image: ImageAsset) -> str:
    """The articles and authors that have a picture."""
    rows = Article.objects.filter(pk__in=image.uses.values("article")).order_by("-changed_at")
    links = [
        (reverse("admin:articles_article_change", args=[row.pk]), row.title, row.get_state_display())
        for row in rows.only("title", "state")[:SHOWN_USES]
    ]
    portraits = Author.objects.filter(portrait=image)
    links += [(reverse("admin:articles_author_change", args=[row.pk]), row.name, "author") for row in portraits]
    others = ", ".join(
        f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in image_library.uses_elsewhere(image)
    )
    if not links:
        return others or "Nothing, as it is now. Older versions of an article may have it."
    more = image.uses.values("article").distinct().count() - min(len(links), SHOWN_USES)
    said = format_html_join("", '<li><a href="{}">{}</a>, {}</li>', links)
    rest = ", ".join(filter(None, (f"and {more} more articles" if more > 0 else "", others)))
    return format_html("<ul class='library__uses'>{}</ul>{}", said, rest)


def grid_view(request: HttpRequest) -> HttpResponse:
    """Part of the grid, as the desk's dialog shows it to choose from."""
    if not (request.user.has_perm("articles.view_imageasset") or is_open_to(request.user, "image")):
        raise PermissionDenied
    rows = ImageAsset.objects.order_by("-created_at", "-pk")
    if query := beginning_with(storable(request.GET.get("q", "")[:200])):
        rows = rows.alias(words=words_of("name", "alt", "credit")).filter(words=query)
    if tag := storable(request.GET.get("tag", "")[:LONGEST_TAG]):
        rows = rows.filter(tags__contains=[tag])
    number = whole_number(request.GET.get("page", "1"), most=400)
    if not number:
        raise Http404("There is no such page.")
    start = (number - 1) * IN_DIALOG
    found = list(rows[start : start + IN_DIALOG + 1])
    context = {
        "images": found[:IN_DIALOG],
        "next": number + 1 if len(found) > IN_DIALOG else None,
        "is_first": number == 1,
    }
    return render(request, "admin/articles/imageasset/_grid.html", context | {"tags": tags_in_use()})
