"""Where the settings ask for it, staff have a second factor: whoever has none is told at the desk until when, then led there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from core.models import User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are none


def is_missing(user: User) -> bool:
    """Whether an account that has to have a second factor has none."""
    asked = settings.SECOND_FACTOR_REQUIRED and user.is_staff and not user.is_service
    return asked and not Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def due_at(user: User) -> datetime:
    """Until when an account without one goes on as it is; the time begins as it is first asked for."""
    if user.second_factor_due_at is None:
        due = timezone.now() + timedelta(days=settings.SECOND_FACTOR_GRACE_DAYS)
        User.objects.filter(pk=user.pk, second_factor_due_at=None).update(second_factor_due_at=due)
        user.refresh_from_db(fields=["second_factor_due_at"])
    return user.second_factor_due_at or timezone.now()


def required(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware for the desk. Setting a factor up, a password and signing out lie elsewhere, and stay open."""
    desk, leaving = reverse("admin:index"), {reverse("admin:logout"), reverse("admin:login")}

    def answered(request: HttpRequest) -> HttpResponseBase:
        user: object = request.user if request.path.startswith(desk) and request.path not in leaving else None
        if not isinstance(user, User) or not user.is_authenticated or not is_missing(user):
            return get_response(request)
        due = due_at(user)
        if due <= timezone.now():
            messages.warning(request, "Set up a second factor to go on: this newsroom asks all of its staff for one.")
            return redirect("mfa_index")
        request.second_factor_due_at = due  # type: ignore[attr-defined]  # for admin/base_site.html
        return get_response(request)

    return answered
