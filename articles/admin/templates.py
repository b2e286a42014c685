"""Templates in the admin: their list, and the page on which an article becomes one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html

from articles.desk.templates import make_template
from articles.models import Article, ArticleTemplate
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.forms import LineField

ADD = "articles.add_articletemplate"
CHANGE = "articles.change_articletemplate"


class TemplateForm(forms.Form):
    """The name of a template. Who may change templates is asked whether one that has the name is replaced."""

    name = LineField(max_length=80, widget=AdminTextInputWidget, help_text="What it is for: Weekly figures, Interview.")
    replace = forms.BooleanField(label="Replace the template that has this name", required=False)

    def __init__(self, *args: Any, may_replace: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_replace:
            del self.fields["replace"]

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("name")
        if name and not self.cleaned_data.get("replace") and ArticleTemplate.objects.filter(name=name).exists():
            way_out = "Choose another, or tick that it is replaced." if "replace" in self.fields else "Choose another."
            self.add_error("name", f"There is a template of this name. {way_out}")
        return self.cleaned_data


def template_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask under which name an article becomes a template; POST makes it one."""
    if not request.user.has_perms(["articles.view_article", ADD]):
        raise PermissionDenied
    article = get_object_or_404(Article.objects.select_related("category", "series", "cta"), pk=pk)
    may_replace = request.user.has_perm(CHANGE)
    form = TemplateForm(request.POST if request.method == "POST" else None, may_replace=may_replace)
    if request.method == "POST" and form.is_valid():
        made = make_template(article, name=form.cleaned_data["name"])
        messages.success(request, f"“{made}” is a template now. New articles can begin with it.")
        return HttpResponseRedirect(reverse("admin:articles_articletemplate_changelist"))
    context = admin.site.each_context(request) | {"opts": ArticleTemplate._meta, "article": article, "form": form}
    context |= {"title": f"Make a template of “{article}”"}
    return render(request, "admin/articles/article/template.html", context)


@admin.register(ArticleTemplate)
class ArticleTemplateAdmin(SharedEditing):
    """They are made on the page of an article; here they are used, renamed and deleted."""

    list_display = ("name", "begin", "begins_with", "changed")
    search_fields = ("name",)
    sortable_by = ("name", "changed")
    fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an article becomes one

    def get_list_display(self, request: HttpRequest) -> Any:
        may_begin = request.user.has_perm("articles.add_article")
        return [name for name in self.list_display if name != "begin" or may_begin]

    @admin.display(description="new article")
    def begin(self, template: ArticleTemplate) -> str:
        address = reverse("admin:articles_article_add")
        words = format_html('<span class="visually-hidden"> with {}</span>', template.name)
        return format_html('<a href="{}?template={}">Write{}</a>', address, template.pk, words)

    @admin.display(description="begins with")
    def begins_with(self, template: ArticleTemplate) -> str:
        number = len(template.document["blocks"])
        return f"{template.document['title']}, {number} block{'' if number == 1 else 's'}"

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, template: ArticleTemplate) -> str:
        return clock.in_words(template.changed_at, "j M Y, H:i")
