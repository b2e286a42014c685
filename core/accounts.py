"""Staff accounts: who may manage which, the notices their owners get, and how to get back into one."""

from datetime import timedelta
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
from core.models import ApiKey, User
from core.outbox import queue_mail
from core.ratelimit import allow

AFTER_REMOVAL = timedelta(days=3)  # in which a new second factor is set up, where one is required


def permissions_of(account: Any) -> QuerySet[Permission]:
    """The permissions an account has through its roles, even while it is inactive."""
    return Permission.objects.filter(Q(user=account) | Q(group__user=account)).distinct()


def holders_of(permission: str) -> list[User]:
    """Whose role it is to do something; where it is nobody's, those who may do anything."""
    app, _, codename = permission.partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename)
    people = User.objects.people().order_by("pk")
    own = Q(groups__permissions__in=found) | Q(user_permissions__in=found)
    return list(people.filter(own).distinct()) or list(people.filter(is_superuser=True))


def may_manage(user: Any, account: User) -> bool:
    """Whether a user has every permission of the account, since setting its password amounts to having them."""
    if user.is_superuser:
        return True
    return not account.is_superuser and not permissions_of(account).exclude(pk__in=permissions_of(user)).exists()


def may_manage_role(user: Any, role: Group) -> bool:
    """Whether a user has every permission of the role."""
    return user.is_superuser or not role.permissions.exclude(pk__in=permissions_of(user)).exists()


def permissions_to_give(user: Any) -> QuerySet[Permission]:
    """The permissions a user may add to a role: their own."""
    return Permission.objects.all() if user.is_superuser else permissions_of(user)


def roles_to_give(user: Any) -> QuerySet[Group]:
    """The roles a user may assign: those without any permission that the user lacks."""
    if user.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=permissions_of(user))
    return Group.objects.exclude(permissions__in=beyond)


def are_one(one: int, other: int | None) -> bool:
    """Whether two accounts are in one hand, since whoever made a key of an account has seen it."""
    return other is not None and not _hands(one).isdisjoint(_hands(other))


def _hands(pk: int) -> set[int]:
    makers = ApiKey.objects.filter(account=pk).exclude(made_by=None).values_list("made_by", flat=True)
    return {pk, *makers}


def tell(to: str, *, heading: str, text: str) -> None:
    """Notify a member of staff of a change to their own account."""
    context = {"heading": heading, "text": text, "at": timezone.now()}
    queue_mail(template="account_notice", to=to, context=context, kind="core.account_notice")


def tell_of_new_address(account: User, *, former: str, by: Any) -> None:
    """Notify both addresses, so that an account cannot be moved away from its owner unnoticed."""
    text = f"{by} changed the address you sign in with from {former} to {account.email}."
    for to in (former, account.email):
        tell(to, heading="The address of your account was changed", text=text)


def tell_of_new_password(account: User, *, by: Any) -> None:
    """Notify the owner that someone else set their password."""
    tell(account.email, heading="Your password was changed", text=f"{by} set a new password for your account.")


def tell_of_new_key(row: ApiKey) -> None:
    """Notify the owner of an account that a program can now act for it."""
    text = f"The key “{row}” was made, by which a program does what you may. If that was not you, revoke it and change your password."
    tell(row.account.email, heading="An API key was made for your account", text=text)


def second_factors(account: User) -> QuerySet[Authenticator]:
    """The authenticator apps, security keys and recovery codes of an account."""
    return Authenticator.objects.filter(user=account).order_by("type", "pk")


def name_of(factor: Authenticator) -> str:
    """What to call a second factor on screen."""
    key = Authenticator.Type.WEBAUTHN
    names = {Authenticator.Type.TOTP: "authenticator app", Authenticator.Type.RECOVERY_CODES: "recovery codes"}
    return f"security key “{factor}”" if factor.type == key else names[Authenticator.Type(factor.type)]


@transaction.atomic
def remove_second_factors(account: User, *, by: Any) -> None:
    """Let an owner who has lost phone and keys sign in with the password alone. The removal is logged, and they are notified."""
    removed = ", ".join(map(name_of, second_factors(account)))
    second_factors(account).delete()
    User.objects.filter(pk=account.pk).update(second_factor_due_at=timezone.now() + AFTER_REMOVAL)
    audit.record("removed the second factor", account, by=by, detail=f"{account.email}: {removed}")
    text = f"{by} removed your second factor ({removed}). You can now sign in with your password alone; set up a new second factor soon."
    tell(account.email, heading="Your second factor was removed", text=text)


def send_reset_link(email: str) -> None:
    """Mail a reset link to the account with this address, at most three times an hour.

    Without such an account the same work is done and rolled back, so that the response takes equally long.
    """
    if not allow(f"reset of {email.lower()}", limit=3, seconds=3600):
        return
    account = User.objects.people().filter(email=email.lower()).first()
    nobody = User(pk=0, email=settings.DEFAULT_FROM_EMAIL)
    with transaction.atomic():
        _queue_reset_link(account or nobody)
        transaction.set_rollback(account is None)


def reset_link(account: User) -> str:
    """The address at which whoever has it chooses a password for an account, once and for some hours."""
    key = {"uidb36": user_pk_to_url_str(account), "key": default_token_generator.make_token(account)}
    return settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=key)


def reset_hours() -> int:
    """For how many hours such a link is good."""
    return int(settings.PASSWORD_RESET_TIMEOUT // 3600)


def _queue_reset_link(account: User) -> None:
    context = {"url": reset_link(account), "hours": reset_hours()}
    queue_mail(template="password_reset", to=account.email, context=context, kind="core.password_reset")
