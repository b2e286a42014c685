"""Accounts of the staff: who may manage whom, what their owners are told, and the ways back in."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.models import User
from core.outbox import queue_mail
from core.ratelimit import allow


def permissions_of(account: Any) -> QuerySet[Permission]:
    """What an account may do by its roles, whether or not it may sign in just now."""
    return Permission.objects.filter(Q(user=account) | Q(group__user=account)).distinct()


def may_manage(user: Any, account: User) -> bool:
    """Nobody manages the account of somebody who may do more: to set its password is to have it."""
    if user.is_superuser:
        return True
    return not account.is_superuser and not permissions_of(account).exclude(pk__in=permissions_of(user)).exists()


def may_manage_role(user: Any, role: Group) -> bool:
    """Nobody changes a role that may do more than they may themselves."""
    return user.is_superuser or not role.permissions.exclude(pk__in=permissions_of(user)).exists()


def permissions_to_give(user: Any) -> QuerySet[Permission]:
    """Permissions that somebody may put into a role: those they have."""
    return Permission.objects.all() if user.is_superuser else permissions_of(user)


def roles_to_give(user: Any) -> QuerySet[Group]:
    """Roles that somebody may give: those that may do no more than they may themselves."""
    if user.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=permissions_of(user))
    return Group.objects.exclude(permissions__in=beyond)


def tell(to: str, *, heading: str, text: str) -> None:
    """Write to somebody of the staff what happened to their own account."""
    context = {"heading": heading, "text": text, "at": timezone.now()}
    queue_mail(template="account_notice", to=to, context=context, kind="core.account_notice")


def tell_of_new_address(account: User, *, former: str, by: Any) -> None:
    """Tell both ends: whoever reads the former mailbox has to know when somebody moves an account away from it."""
    text = f"{by} changed the address that you sign in with, from {former} to {account.email}."
    for to in (former, account.email):
        tell(to, heading="Your account has another address", text=text)


def second_factors(account: User) -> QuerySet[Authenticator]:
    """The apps, keys and recovery codes that somebody has set up."""
    return Authenticator.objects.filter(user=account).order_by("type", "pk")


def name_of(factor: Authenticator) -> str:
    """A second factor, in words."""
    key = Authenticator.Type.WEBAUTHN
    names = {Authenticator.Type.TOTP: "authenticator app", Authenticator.Type.RECOVERY_CODES: "recovery codes"}
    return f"security key “{factor}”" if factor.type == key else names[Authenticator.Type(factor.type)]


@transaction.atomic
def remove_second_factors(account: User, *, by: Any) -> None:
    """Let somebody who lost phone and keys in by the password alone, on record, and tell them."""
    removed = ", ".join(map(name_of, second_factors(account)))
    second_factors(account).delete()
    audit.record("removed the second factor", account, by=by, detail=f"{account.email}: {removed}")
    text = (
        f"{by} removed your second factor ({removed}), so that your password alone lets you in. Set up a new one soon."
    )
    tell(account.email, heading="Your second factor was removed", text=text)


def send_reset_link(email: str) -> None:
    """Mail a link to a new password to the account that has this address, a few times an hour at most.

    Where none has it, the same is done for nobody and rolled back, so that the answer takes as long.
    """
    if not allow(f"reset of {email.lower()}", limit=3, seconds=3600):
        return
    account = User.objects.filter(email=email.lower(), is_active=True).first()
    nobody = User(pk=0, email=settings.DEFAULT_FROM_EMAIL)
    with transaction.atomic():
        _queue_reset_link(account or nobody)
        transaction.set_rollback(account is None)


def _queue_reset_link(account: User) -> None:
    token = default_token_generator.make_token(account)
    key = {"uidb36": user_pk_to_url_str(account), "key": token}
    context = {
        "url": settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=key),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
    }
    queue_mail(template="password_reset", to=account.email, context=context, kind="core.password_reset")
