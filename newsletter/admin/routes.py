"""The ways of letters in the admin: mail accounts with a test, recipients' domains, and the rules of sending."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from core import doorbell
from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.mail import as_bytes
from core.lib.smtp import Status, wire_data
from core.outbox import compose
from newsletter.models import MailAccount, RecipientDomain, SendingRules
from newsletter.sending import accounts, throttling


@admin.register(MailAccount)
class MailAccountAdmin(SharedEditing):
    change_form_template = "admin/newsletter/mailaccount/change_form.html"
    list_display = ("name", "is_active", "weight", "per_minute", "today", "standing")
    fieldsets = (
        (None, {"fields": ("name", "secret", "is_active", "weight", "standing")}),
        ("How much it sends", {"fields": ("per_minute", "per_day", "warms_up_from", "first_day", "today")}),
    )
    readonly_fields = ("today", "standing")
    sortable_by = ()

    def get_urls(self) -> list[URLPattern]:
        test = self.admin_site.admin_view(require_POST(self.test))
        return [path("<int:pk>/test/", test, name="newsletter_mailaccount_test"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: MailAccount, form: Any, change: bool) -> None:
        """It is tried again at once."""
        super().save_model(request, obj, form, change)
        if change:
            accounts.wake(obj)
        doorbell.ring("newsletter.tasks.sweep_briefings")

    @admin.display(description="Today")
    def today(self, account: MailAccount) -> str:
        allowed, day = account.allowed_on(clock.utc_day()), clock.utc_day()
        if allowed is None:
            return "No limit."
        return f"{account.handed if account.day == day else 0:,} of {allowed:,} letters (a day of UTC)."

    @admin.display(description="Standing")
    def standing(self, account: MailAccount) -> str:
        try:
            accounts.address_of(account)
        except accounts.Unusable as reason:
            return str(reason)
        return _standing(account)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the member of staff a message by this account, and say what its server answered."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        account, user = get_object_or_404(MailAccount, pk=pk), request.user
        text = f"A test of the mail account “{account}”, asked for at the desk."
        to: str = user.email  # type: ignore[union-attr]
        message = compose(to=to, subject=f"Test of {account}", text=text, html=f"<p>{text}</p>")
        outcome = accounts.send_test(account, to=to, message=wire_data(as_bytes(message)))
        if outcome.status is Status.ACCEPTED:
            messages.success(request, f"The server took a message to {to}. It should arrive within minutes.")
        else:
            messages.error(request, f"The test failed: {outcome.note}")
        self.log_change(request, account, f"Tested: {outcome.status}.")
        return HttpResponseRedirect(reverse("admin:newsletter_mailaccount_change", args=[pk]))


@admin.register(RecipientDomain)
class RecipientDomainAdmin(SharedEditing):
    """Domains that throttle come by themselves; a rate is given by staff."""

    list_display = ("domain", "per_minute", "waits", "note")
    search_fields = ("domain",)
    fields = ("domain", "per_minute", "waits", "note")
    readonly_fields = ("waits", "note")
    actions = ("let_go",)
    sortable_by = ()

    @admin.display(description="Letters wait until")
    def waits(self, domain: RecipientDomain) -> str:
        until = domain.waits_until
        return clock.in_words(until) if until and until > timezone.now() else "They do not wait."

    def save_model(self, request: HttpRequest, obj: RecipientDomain, form: Any, change: bool) -> None:
        """What waited goes by the new rate."""
        super().save_model(request, obj, form, change)
        if change and form.has_changed():
            throttling.let_go(obj)
            doorbell.ring("newsletter.tasks.sweep_briefings")

    @admin.action(description="Let the letters go now", permissions=["change"])
    def let_go(self, request: HttpRequest, queryset: Any) -> None:
        number = sum(throttling.let_go(domain) for domain in queryset)
        messages.success(request, f"{number} letters that waited go now.")
        doorbell.ring("newsletter.tasks.sweep_briefings")


@admin.register(SendingRules)
class SendingRulesAdmin(OneRowAdmin, SharedEditing):
    list_display = ("__str__", "per_minute", "refused_percent")
    fields = ("per_minute", "refused_percent", "standing")
    readonly_fields = ("standing",)
    sortable_by = ()

    @admin.display(description="Mail server of EMAIL_URL")
    def standing(self, rules: SendingRules) -> str:
        if accounts.in_use() or accounts.are_all_off():
            return "It is not asked for briefings, since there are mail accounts."
        return _standing(rules)

    def save_model(self, request: HttpRequest, obj: SendingRules, form: Any, change: bool) -> None:
        """A mail server that rests is tried again at once."""
        super().save_model(request, obj, form, change)
        if change:
            accounts.wake(obj)
        doorbell.ring("newsletter.tasks.sweep_briefings")


def _standing(way: MailAccount | SendingRules) -> str:
    if way.is_resting(timezone.now()) and way.rests_until:
        return f"Tried again at {clock.in_words(way.rests_until, 'H:i')}: {way.trouble}"
    return "Ready."
