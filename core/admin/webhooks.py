"""Webhooks, and the log of deliveries and purges."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from core import http_outbox, webhooks
from core.admin.bases import ReadOnlyAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import outbound
from core.lib.admin_lists import IndexedValuesFilter
from core.lib.networks import is_public
from core.models import OutgoingRequest, Webhook

State = OutgoingRequest.State


def _number(state: str) -> Any:
    """A subquery for how many deliveries of a webhook are in this state."""
    rows = OutgoingRequest.objects.filter(webhook=OuterRef("pk"), state=state).order_by().values("webhook")
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)


class WebhookForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, choices=lambda: list(webhooks.EVENTS.items()), label="Is told when"
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "events", "active")

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        try:
            host = outbound.parts_of(url).hostname or ""
        except outbound.NotReached:
            raise ValidationError("Write an address that starts with https://.") from None
        if not settings.WEBHOOKS_TO_PRIVATE_HOSTS and (host == "localhost" or _is_private(host)):
            raise ValidationError("This is not on the public internet, and would not be told.")
        return str(url)


def _is_private(host: str) -> bool:
    """Whether a host is a private IP address. What a name stands for is checked at each delivery."""
    try:
        return not is_public(host)
    except ValueError:
        return False


@admin.register(Webhook)
class WebhookAdmin(SharedEditing):
    form = WebhookForm
    list_display = ("name", "url", "told_when", "active", "last_answer", "waiting", "given_up")
    actions = ["try_out"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        newest = OutgoingRequest.objects.filter(webhook=OuterRef("pk"), attempts__gt=0).order_by("-created_at", "-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_state=Subquery(newest.values("state")[:1]),
                last_status=Subquery(newest.values("status")[:1]),
                last_error=Subquery(newest.values("error")[:1]),
                waiting_number=_number(State.QUEUED),
                failed_number=_number(State.FAILED),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return ("signing_secret", "deliveries") if obj and self.has_change_permission(request, obj) else ()

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """Those who may only view a webhook do not see its secret."""
        return ("name", "url", "events", "active", *self.get_readonly_fields(request, obj))

    @admin.display(description="told when")
    def told_when(self, webhook: Webhook) -> str:
        return ", ".join(webhooks.EVENTS.get(event, event) for event in webhook.events)

    @admin.display(description="last answer")
    def last_answer(self, webhook: Any) -> str:
        return webhook.last_error or (f"{webhook.last_status}, accepted" if webhook.last_state == State.SENT else "–")

    @admin.display(description="waiting")
    def waiting(self, webhook: Any) -> int:
        return int(webhook.waiting_number)

    @admin.display(description="given up")
    def given_up(self, webhook: Any) -> str:
        if not webhook.failed_number:
            return "0"
        path = reverse("admin:core_outgoingrequest_changelist")
        query = f"webhook__id__exact={webhook.pk}&state__exact={State.FAILED}"
        return format_html('<a href="{}?{}">{}</a>', path, query, webhook.failed_number)

    @admin.display(description="secret")
    def signing_secret(self, webhook: Webhook) -> str:
        return format_html("<code>{}</code>", webhook.secret)

    @admin.display(description="deliveries")
    def deliveries(self, webhook: Webhook) -> str:
        path = reverse("admin:core_outgoingrequest_changelist")
        return format_html('<a href="{}?webhook__id__exact={}">What it was told</a>', path, webhook.pk)

    @admin.action(description="Send a test", permissions=["change"])
    def try_out(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset.filter(active=True):
            webhooks.deliver(webhook, webhooks.TEST, {"text": "This is a test."})
        self.message_user(request, "Sent. The answer is in the log within seconds.")


@admin.register(OutgoingRequest)
class OutgoingRequestAdmin(ReadOnlyAdmin):
    """The log of deliveries and purges. Read only, except that they can be sent again."""

    nothing_yet = "What webhooks are told is listed here, with what their servers answered."
    list_display = ("created_at", "to", "event", "state_badge", "attempts", "status", "error")
    list_filter = ("state", ("event", IndexedValuesFilter), "webhook")
    sortable_by = ("created_at",)
    list_select_related = ("webhook",)
    actions = ["send_again"]
    fields = (
        "key", "to", "event", "body", "state", "attempts", "status", "error", "created_at", "due_at", "settled_at",
    )  # fmt: skip
    readonly_fields = ("to",)

    @admin.display(description="to")
    def to(self, row: OutgoingRequest) -> str:
        return str(row.webhook or "the cache in front")

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingRequest]) -> None:
        number = http_outbox.send_again(queryset)
        self.message_user(request, f"{number} queued again.", messages.SUCCESS)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_webhook")
