"""Sign-up forms in the admin: the rules they are under, and the form to embed on another site."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import doorbell
from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from newsletter.models import Newsletter, SignUp, SignUpRules
from newsletter.subscribers.sign_ups import UNPROVEN_PER_NETWORK_AND_HOUR


@admin.register(SignUpRules)
class SignUpRulesAdmin(OneRowAdmin, SharedEditing):
    list_display = ("__str__", "proof_when", "proof_threshold", "refuses_disposable")
    fieldsets = (
        (
            "Proof of work",
            {
                "fields": ("proof_when", "proof_threshold", "at_the_moment"),
                "description": "The reader's browser computes for about a second before it sends the form; the reader does"
                " nothing. “While too many ask” is for half an hour after a minute in which more than so many signed up."
                " Whoever has no JavaScript can sign up all the same: their mails go out one a minute, and each network"
                f" gets {UNPROVEN_PER_NETWORK_AND_HOUR} an hour.",
            },
        ),
        ("Disposable addresses", {"fields": ("refuses_disposable", "disposable_domains", "trusted_domains")}),
        ("Forms on other sites", {"fields": ("embedding_sites",)}),
    )
    readonly_fields = ("at_the_moment",)
    sortable_by = ()

    @admin.display(description="At the moment")
    def at_the_moment(self, rules: SignUpRules) -> str:
        waiting = SignUp.objects.filter(waits_without_proof=True).count()
        wanted = "a proof is wanted" if rules.wants_proof_now else "no proof is wanted"
        return f"{wanted.capitalize()}; {waiting} sign-ups without one wait for their mail."

    def save_model(self, request: HttpRequest, obj: SignUpRules, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        doorbell.ring("newsletter.tasks.mark_disposable")


@require_safe
@permission_required("newsletter.change_newsletter", raise_exception=True)
def form_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What to paste into another site to have a newsletter's form there, and how it looks."""
    newsletter = get_object_or_404(Newsletter, pk=pk)
    path = reverse("newsletter:embed", args=[newsletter.slug])
    snippet = render_to_string(
        "newsletter/embed_snippet.html", {"newsletter": newsletter, "url": settings.SITE_URL + path}
    )
    context = {
        "title": f"Sign-up form of {newsletter}",
        "opts": Newsletter._meta,
        "newsletter": newsletter,
        "path": path,
        "snippet": snippet.strip(),
        "rules": SignUpRules.current(),
    }
    return render(request, "admin/newsletter/newsletter/form.html", admin.site.each_context(request) | context)
