"""The log of single messages sent by mail: each role sees those of its own applications, and nobody sees their text."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core import outbox
from core.admin.bases import ReadOnlyAdmin
from core.lib.admin_lists import IndexedValuesFilter, values_in
from core.models import OutgoingMail


def own_kinds(request: HttpRequest) -> list[str]:
    """The kinds of mail a user may see, as whole values, so that even a rare one is found by the index."""
    parts = outbox.parts_seen_by(request.user)
    return [kind for kind in values_in(OutgoingMail._meta.db_table, "kind") if kind.partition(".")[0] in parts]


class OwnKindsFilter(IndexedValuesFilter):
    """Offers the kinds of mail a user may see."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, request, *args, **kwargs)
        self.lookup_choices = own_kinds(request)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    nothing_yet = "Single mails are listed as they leave: confirmations, links of somebody’s own, notices."
    list_display = ("created_at", "kind", "recipient", "subject", "state_badge", "attempts", "error")
    list_filter = ("state", ("kind", OwnKindsFilter))
    search_fields = ("recipient__istartswith",)
    search_help_text = "The beginning of an address. Addresses are kept until a message is sent."
    sortable_by = ("created_at",)
    fields = ("kind", "recipient", "subject", "state", "attempts", "error", "created_at", "due_at", "settled_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        return super().get_queryset(request).filter(kind__in=own_kinds(request)).defer("message")
