"""How staff sign in: by e-mail, on accounts that only an administrator makes."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django.http import HttpRequest


class StaffAdapter(DefaultAccountAdapter):
    """Public registration is closed; everything else is allauth's."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Users have no username."""


class SignInForm(LoginForm):
    """allauth's, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        self.fields["remember"].label = "Stay signed in"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
