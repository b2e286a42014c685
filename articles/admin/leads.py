"""The page on which stories are pinned to the front page and to sections, in order, each until a moment if that is wanted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from articles import leads as shown_leads
from articles.desk import leads
from articles.desk.leads import Wanted
from articles.models import Article, Category, Kind, Pin
from core.lib.moments import MomentField
from core.lib.text import one_line, storable, whole_number
from core.transitions import TransitionRefused

SUGGESTED = 40


class ArticleInput(forms.TextInput):
    """A line that suggests the titles published last."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        line = super().render(name, value, {**(attrs or {}), "list": f"{name}_titles"}, renderer)
        newest = (
            Article.objects.filter(kind=Kind.ARTICLE, state="published")
            .order_by("-published_at")
            .values_list("title", flat=True)
        )
        titles = format_html_join("", '<option value="{}"></option>', ((title,) for title in newest[:SUGGESTED]))
        return format_html('{}<datalist id="{}_titles">{}</datalist>', line, name, titles)


class ArticleField(forms.Field):
    """An article by its title, its slug or its address."""

    widget = ArticleInput

    def clean(self, value: Any) -> Article | None:
        typed = one_line(storable(str(value or "")))[:500]
        if not typed:
            return None
        rows = Article.objects.filter(kind=Kind.ARTICLE).exclude(state="archived").order_by("-changed_at")
        slug = typed.partition("?")[0].rstrip("/").rpartition("/")[2]  # of an address
        found = list(rows.filter(Q(slug=slug) | Q(publication__slug=slug))[:1] or rows.filter(title__iexact=typed)[:2])
        if len(found) > 1:
            raise ValidationError("Several articles have this title. Write the slug of the one you mean.")
        if not found:
            raise ValidationError("There is no such article. Write its title, its slug or its address.")
        return found[0]


class LeadForm(forms.Form):
    """The pins of a place: a number and a time for each, and one to add."""

    add: Any = ArticleField(label="Pin another story", required=False)
    add_until = MomentField(label="Until (optional)", required=False)
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, pins: list[Pin], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, initial={"seen": leads.state_of(pins)} | kwargs.pop("initial", {}), **kwargs)
        self.pins = pins
        for number, pin in enumerate(pins, 1):
            self.fields[f"{pin.pk}-place"] = forms.IntegerField(
                label=f"Position of “{pin.article}”", initial=number, min_value=0, max_value=999, required=False
            )
            self.fields[f"{pin.pk}-until"] = MomentField(
                label=f"Until, for “{pin.article}”", initial=pin.until, required=False
            )

    def rows(self) -> list[dict[str, Any]]:
        return [{"pin": pin, "place": self[f"{pin.pk}-place"], "until": self[f"{pin.pk}-until"]} for pin in self.pins]

    def clean(self) -> dict[str, Any]:
        for name, value in list(self.cleaned_data.items()):
            if name.endswith("until") and value and value <= timezone.now():
                self.add_error(name, "That time has passed. Choose one in the future, or none.")
        added = self.cleaned_data.get("add")
        if added and any(pin.article_id == added.pk for pin in self.pins):
            self.add_error("add", "It is pinned here already.")
        if self.cleaned_data.get("add_until") and not added and "add" not in self.errors:
            self.add_error("add", "Say which story.")
        if added and len(self.pins) >= shown_leads.MOST:
            self.add_error("add", f"At most {shown_leads.MOST} stories are pinned in one place. Take one out first.")
        return self.cleaned_data

    def wanted(self, posted: Any) -> list[Wanted]:
        """The order that was asked for; whoever is not in it, or has its tick, is taken out."""
        listed = set(posted.getlist("pin")) - set(posted.getlist("remove"))
        said = self.cleaned_data
        kept = [pin for pin in self.pins if str(pin.pk) in listed]
        kept.sort(key=lambda pin: (said.get(f"{pin.pk}-place") or 0, pin.position))
        wanted = [Wanted(pin.article, said.get(f"{pin.pk}-until")) for pin in kept]
        return [*wanted, *([Wanted(said["add"], said.get("add_until"))] if said.get("add") else [])]


def urls(view: Any) -> list[Any]:
    return [
        path("lead/", view(lead), name="articles_article_lead"),
        path("lead/<slug:slug>/", view(lead), name="articles_article_lead_of"),
    ]


def lead(request: HttpRequest, slug: str = "") -> HttpResponse:
    """What is pinned to the front page or to a section; POST sets it."""
    if not request.user.has_perms(["articles.view_article", "articles.publish_article"]):
        raise PermissionDenied
    category = get_object_or_404(Category, slug=slug) if slug else None
    pins = leads.pins_of(category)
    if request.method == "POST":
        form = LeadForm(pins, request.POST)
        if form.is_valid():
            try:
                leads.arrange(category, form.wanted(request.POST), seen=form.cleaned_data["seen"], by=request.user)
            except TransitionRefused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, "Saved. Readers see it at once.")
            return HttpResponseRedirect(request.path)
    else:
        form = LeadForm(pins, initial=_asked(request))
    context = admin.site.each_context(request) | {"opts": Article._meta, "title": "What leads", "form": form}
    context |= {"category": category, "places": _places(), "address": category.url if category else reverse("home")}
    return render(request, "admin/articles/article/lead.html", context)


def _asked(request: HttpRequest) -> dict[str, str]:
    """The story whose page led here."""
    key = whole_number(request.GET.get("add"))
    found = Article.objects.filter(pk=key).values_list("slug", flat=True).first() if key else None
    return {"add": found} if found else {}


def _places() -> list[tuple[str, str, int]]:
    """The name, the address and the number of pins of each place."""
    front = ("Front page", reverse("admin:articles_article_lead"), Pin.objects.filter(category=None).count())
    rows = Category.objects.annotate(number=Count("pins"))
    return [
        front,
        *((row.name, reverse("admin:articles_article_lead_of", args=[row.slug]), row.number) for row in rows),
    ]
