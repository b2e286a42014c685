"""Our settings of allauth, which signs staff in by e-mail: its adapter, and its forms with our labels and limits."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import accounts, sign_in_limits
from core.lib import meters
from core.lib.forms import client_address

# The notices allauth sends to the owner of an account: heading and text by the template it asks for
NOTICES = {
    "account/email/password_changed": (
        "Your password was changed",
        "Someone signed in to your account chose a new password.",
    ),
    "account/email/password_reset": (
        "Your password was changed",
        "Someone chose a new password with a link sent to this address.",
    ),
    "mfa/email/totp_activated": (
        "An authenticator app was set up",
        "Signing in now also takes a code from this app.",
    ),
    "mfa/email/totp_deactivated": (
        "Your authenticator app was removed",
        "Signing in no longer takes a code from it.",
    ),
    "mfa/email/recovery_codes_generated": ("You have new recovery codes", "Your previous codes no longer work."),
    "mfa/email/webauthn_added": ("A security key was added", "It can now be used to sign in to your account."),
    "mfa/email/webauthn_removed": ("A security key was removed", "It can no longer be used to sign in."),
}

LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "remember": "Stay signed in",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, again",
}


def take(*limits: sign_in_limits.Limit) -> None:
    """Count an attempt, and raise a form error if it exceeds a limit."""
    if not sign_in_limits.take(*limits):
        meters.own.sign_ins.labels("refused").inc()
        raise get_adapter().validation_error("too_many_login_attempts")


class StaffAdapter(DefaultAccountAdapter):
    """Closes public registration, queues mail in our own design, and counts attempts with our own limits."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The e-mail address or the password is not correct.",
        "too_many_login_attempts": "Too many attempts. Wait a few minutes, then try again.",
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever is not of the newsroom has a page of their own."""
        is_ours = getattr(request.user, "is_staff", False)
        return str(super().get_login_redirect_url(request)) if is_ours else reverse(settings.OTHERS_REDIRECT_URL)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Users have no username."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        limits = sign_in_limits.of_password(request, credentials.get("email", ""))
        take(*limits)
        user = super().authenticate(request, **credentials)
        meters.own.sign_ins.labels("accepted" if user else "wrong password").inc()
        if user:
            sign_in_limits.give_back(*limits)
        return user

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        sign_in_limits.remember(response, user.email)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of our notices; a template without one raises KeyError, so that allauth's own texts are never sent."""
        heading, text = NOTICES[template_prefix]
        accounts.tell(email, heading=heading, text=text)


class OurWords:
    """Labels one of allauth's forms like the rest of the site."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class SignInForm(OurWords, LoginForm):
    pass


class AgainForm(OurWords, ReauthenticateForm):
    pass


class NewPasswordForm(OurWords, ResetPasswordKeyForm):
    pass


class PasswordForm(OurWords, ChangePasswordForm):
    """Limits guesses at the current password."""

    def clean_oldpassword(self) -> str:
        limit = sign_in_limits.of_old_password(self.user.pk)
        take(limit)
        password = super().clean_oldpassword()
        sign_in_limits.give_back(limit)
        return str(password)


class ResetForm(OurWords, ResetPasswordForm):
    """Responds alike whether or not the address belongs to an account."""

    def clean_email(self) -> str:
        take(sign_in_limits.of_reset(context.request))
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        accounts.send_reset_link(self.cleaned_data["email"])
        return str(self.cleaned_data["email"])


class LimitedCode(OurWords):
    """Limits guesses at a code of the second factor."""

    user: Any

    def clean_code(self) -> str:
        limit = sign_in_limits.of_code(self.user.pk)
        take(limit)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            meters.own.sign_ins.labels("wrong code").inc()
            raise
        sign_in_limits.give_back(limit)
        return code


class CodeForm(LimitedCode, AuthenticateForm):
    pass


class CodeAgainForm(LimitedCode, ReauthenticateByCodeForm):
    pass
