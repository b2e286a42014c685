"""Acts on many subscribers at the desk: which act, on whom, the question before it is done, its progress, and undoing it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.admin.bases import ReadOnlyAdmin
from core.lib.text import one_line, whole_number
from core.transitions import TransitionRefused
from newsletter.admin.acts import EraseForm
from newsletter.models import BulkAct, Newsletter, SubscriberTag
from newsletter.subscribers import bulk_acts, selection, traits

Kind, State = BulkAct.Kind, BulkAct.State
PERMISSIONS = {
    Kind.TAG: "newsletter.change_subscriber",
    Kind.UNTAG: "newsletter.change_subscriber",
    Kind.UNSUBSCRIBE: "newsletter.change_subscriber",
    Kind.SUPPRESS: "newsletter.add_suppression",
    Kind.ERASE: "newsletter.delete_subscriber",
}
BEFORE = {
    Kind.TAG: "It can be undone for 30 days: then the tag is taken from those who got it by this.",
    Kind.UNTAG: "It can be undone for 30 days: then those who lost the tag by this have it again.",
    Kind.UNSUBSCRIBE: "No more briefings of this newsletter. This cannot be undone: whoever is unsubscribed comes back only by"
    " signing up again.",
    Kind.SUPPRESS: "These addresses get no more briefings at all, and no sign-up or import changes that until staff lift it on"
    " each subscriber’s page. Those who are suppressed by staff or complained already stay as they are.",
    Kind.ERASE: "Everything about these subscribers is deleted. What stays is a digest of each address, so that no import adds"
    " it again, and your reason. This cannot be undone.",
}
NOT_OURS = {"p", "o", "all", "_changelist_filters", "ids"}


class ActForm(forms.Form):
    """What an act needs besides those it is about."""

    tag = forms.CharField(max_length=traits.LONGEST_TAG, help_text="A new one is made.")
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    reason = forms.CharField(
        max_length=200, help_text="For the ledger, which the subscriber reads too. Addresses are left out of it."
    )

    def __init__(self, kind: BulkAct.Kind, *args: Any) -> None:
        super().__init__(*args)
        has_tag = kind in (Kind.TAG, Kind.UNTAG)
        if kind == Kind.UNTAG:
            self.fields["tag"] = forms.ModelChoiceField(SubscriberTag.objects.all(), empty_label=None)
        if kind == Kind.ERASE:
            self.fields["reason"] = EraseForm.base_fields["reason"]
        wanted = {"tag": has_tag, "newsletter": kind == Kind.UNSUBSCRIBE, "reason": not has_tag}
        for name in [name for name, is_wanted in wanted.items() if not is_wanted]:
            del self.fields[name]

    def clean_tag(self) -> SubscriberTag:
        tag = self.cleaned_data["tag"]
        if isinstance(tag, SubscriberTag):
            return tag
        if len(names := traits.tag_names(tag)) != 1:
            raise ValidationError("Name one tag.")
        return SubscriberTag.objects.get(pk=traits.tags_named(names)[names[0]])

    def clean_reason(self) -> str:
        if reason := one_line(self.cleaned_data["reason"]):
            return reason
        raise ValidationError("Say why.")


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """A page of the desk, with what the admin's frame needs."""
    frame = admin.site.each_context(request) | {"opts": BulkAct._meta, "title": title}
    return render(request, f"admin/newsletter/bulkact/{template}.html", frame | context)


def _refuse_others(request: HttpRequest, kind: str) -> None:
    user: Any = request.user
    if not user.has_perms(["newsletter.view_subscriber", PERMISSIONS[Kind(kind)]]):
        raise PermissionDenied


def _allowed(request: HttpRequest) -> list[BulkAct.Kind]:
    user: Any = request.user
    if not user.has_perm("newsletter.view_subscriber"):
        return []
    return [kind for kind, permission in PERMISSIONS.items() if user.has_perm(permission)]


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Which act, on all that the list shows."""
    if not (kinds := _allowed(request)):
        raise PermissionDenied
    about, refused = _meant(request)
    return page(
        request,
        "choose",
        "Act on all that are found",
        kinds=kinds,
        about=about,
        refused=refused,
        query=request.GET.urlencode(),
    )


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.GET.items() if name not in NOT_OURS and value}


def _keys(request: HttpRequest) -> list[int] | None:
    """Those who were ticked; None where the act is about all that the list shows."""
    if "ids" not in request.GET:
        return None
    return [key for part in request.GET["ids"].split(",") if (key := whole_number(part, most=2**53))]


def _meant(request: HttpRequest) -> tuple[str, str]:
    """Whom the address of the page means in words, or why nobody."""
    if (keys := _keys(request)) is not None:
        return f"{len(keys):,} that were ticked", ""
    try:
        return selection.in_words(_said(request)), ""
    except ValidationError as refusal:
        return "", " ".join(refusal.messages)


def new(request: HttpRequest, kind: str) -> HttpResponse:
    """What the act needs; then those it is about are found."""
    if kind not in Kind.values:
        raise Http404
    _refuse_others(request, kind)
    about, refused = _meant(request)
    form = ActForm(Kind(kind), request.POST or None)
    if form.is_valid() and not refused:
        keys = _keys(request)
        said = _said(request) if keys is None else None
        row = bulk_acts.begin(kind, by_name=str(request.user), said=said, keys=keys or [], **form.cleaned_data)
        return redirect_to(row)
    label = Kind(kind).label
    return page(request, "new", label, form=form, about=about, refused=refused, before=BEFORE[Kind(kind)], kind=kind)


def redirect_to(row: BulkAct) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:newsletter_bulkact_show", args=[row.pk]))


def _row(request: HttpRequest, pk: int) -> BulkAct:
    if not _allowed(request):
        raise PermissionDenied
    row = get_object_or_404(BulkAct.objects.select_related("tag", "newsletter"), pk=pk)
    _refuse_others(request, row.kind)
    return row


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before the act; then how far it is; then what came of it."""
    row = _row(request, pk)
    template = "_progress" if request.headers.get("X-Fragment") else "show"
    return page(request, template, str(row), row=row, before=BEFORE[Kind(row.kind)], is_moving=row.is_at_work)


def _decided(action: str, do: Callable[[BulkAct], None], said: str) -> Callable[..., HttpResponse]:
    """A page that takes a decision by POST."""

    def decide(request: HttpRequest, pk: int) -> HttpResponse:
        row = _row(request, pk)
        try:
            do(row)
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            audit.record(f"{action} a bulk act", row, by=request.user, detail=f"{row.total:,} subscribers: {row.about}")
            messages.success(request, said)
        return redirect_to(row)

    return require_POST(decide)


start = _decided("started", bulk_acts.start, "It runs; you may leave this page.")
cancel = _decided("cancelled", bulk_acts.cancel, "It is cancelled, or stops after those it is at.")
undo = _decided("undid", bulk_acts.undo, "It is being undone.")


def actions(request: HttpRequest) -> dict[str, tuple[Callable[..., Any], str, str]]:
    """The acts that this member of staff may do on ticked subscribers, as the menu of the list has them."""
    return {f"bulk_{kind}": (_action(kind), f"bulk_{kind}", f"{kind.label}…") for kind in _allowed(request)}


def _action(kind: BulkAct.Kind) -> Callable[..., Any]:
    def act(model_admin: Any, request: HttpRequest, rows: Any) -> HttpResponse:
        ids = ",".join(str(key) for key in rows.values_list("pk", flat=True))
        address = reverse("admin:newsletter_bulkact_new", args=[kind])
        return HttpResponseRedirect(f"{address}?{urlencode({'ids': ids})}")

    return act


@admin.register(BulkAct)
class BulkActAdmin(ReadOnlyAdmin):
    list_display = ("act", "about", "state", "total", "changed", "failed", "by_name", "created_at")
    list_display_links = None
    list_filter = ("state", "kind")
    list_select_related = ("tag", "newsletter")

    @admin.display(description="act")
    def act(self, row: BulkAct) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:newsletter_bulkact_show", args=[row.pk]), str(row))

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_bulkact_{name}")

        return [
            at("new/", choose, "choose"),
            at("new/<slug:kind>/", new, "new"),
            at("<int:pk>/", show, "show"),
            at("<int:pk>/start/", start, "start"),
            at("<int:pk>/cancel/", cancel, "cancel"),
            at("<int:pk>/undo/", undo, "undo"),
            *super().get_urls(),
        ]
