"""The mail accounts by which briefings leave: their secrets, who sends how much, and what is done about one that cannot.

Without any in the admin there is one way out, that of EMAIL_URL. Where there are some and all are switched off, there is none.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from core.lib.smtp import Envelope, Outcome, SmtpSession, Status
from newsletter.models import MailAccount, SendingRules

SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
RESTS = [timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900)]
TEST_SECONDS = 10


class Unusable(Exception):
    """An account has no secret that can be used; the text says why, without the secret."""


def address_of(account: MailAccount) -> str:
    """The account's address with its password: from the environment, or a file in the folder of secrets. Raises Unusable."""
    name = account.secret
    address = os.environ.get(name, "").strip() or (settings.EMAIL_URL if name == "EMAIL_URL" else "")
    if not address:
        try:
            address = (settings.MAIL_SECRETS / name).read_text().strip()
        except OSError as error:
            where = f"neither the environment nor the folder {settings.MAIL_SECRETS} has it"
            reason = where if isinstance(error, FileNotFoundError) else f"its file cannot be read: {error.strerror}"
            raise Unusable(f"The secret {name} cannot be used: {reason}.") from None
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        SmtpSession(address)  # which reads its options, and connects with the first message
    except ValueError:
        is_good = False
    if not is_good:
        raise Unusable(f"The secret {name} holds no address such as smtp+tls://user:password@host:587.")
    return address


def in_use() -> list[MailAccount]:
    """The accounts that may send, those with the greatest weight first."""
    return list(MailAccount.objects.filter(is_active=True))


def are_all_off() -> bool:
    """Whether there are accounts and none may send: then nothing leaves, by EMAIL_URL either."""
    states = set(MailAccount.objects.values_list("is_active", flat=True))
    return states == {False}


def ready(accounts: Sequence[MailAccount], now: datetime) -> list[tuple[MailAccount, str]]:
    """Those that can send now, with their addresses. One without a usable secret is put to rest."""
    found = []
    for account in accounts:
        if account.is_resting(now):
            continue
        try:
            found.append((account, address_of(account)))
        except Unusable as reason:
            rest(account, str(reason))
    return found


def rest(way: MailAccount | SendingRules, trouble: str) -> None:
    """Leave an account alone for a while, longer each time, since its server cannot be used; others send meanwhile.

    The server of EMAIL_URL, which there is no other beside, is left alone only where it asked for that.
    """
    now = timezone.now()
    if isinstance(way, SendingRules):
        way, _ = SendingRules.objects.get_or_create(pk=1)
    until = now + RESTS[min(way.rests, len(RESTS) - 1)]
    awake = type(way).objects.filter(Q(rests_until=None) | Q(rests_until__lte=now), pk=way.pk)
    awake.update(rests=F("rests") + 1, rests_until=until, trouble=trouble)  # two pumps that meet the same count once


def wake(way: MailAccount | SendingRules) -> None:
    """Forget the trouble of one that has sent again."""
    type(way).objects.filter(pk=way.pk).update(rests=0, rests_until=None, trouble="")


def send_test(account: MailAccount, *, to: str, message: bytes) -> Outcome:
    """Send one message by an account at once, and tell what came of it. Its rest is over if that was taken."""
    try:
        address = address_of(account)
    except Unusable as reason:
        return Outcome(Status.UNSENT, str(reason))
    session = SmtpSession(address, patience=TEST_SECONDS, longest_reply=TEST_SECONDS)
    try:
        outcome = session.send(Envelope(settings.DEFAULT_FROM_EMAIL, to, message))
    finally:
        session.close()
    if outcome.status is Status.ACCEPTED:
        wake(account)
    return outcome
