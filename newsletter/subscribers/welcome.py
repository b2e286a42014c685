"""What a newsletter does when somebody confirms for the first time: its automation begins, or its one welcome mail is queued."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from articles.paid import shown
from articles.payers import paid_of
from core import accounts
from core.lib.mail import Sender
from core.lib.signing import make_token
from core.lib.text import one_line
from core.models import SiteProfile
from core.outbox import queue_mail, queue_message, site_sender
from core.ratelimit import allow
from newsletter.mail import mime
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, Person, filled
from newsletter.models import Automation, Newsletter, Subscription
from newsletter.subscribers import enrolments
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.vocabulary import vocabulary
from sponsors import flags
from sponsors.flags import Standing
from sponsors.names import Text

NOUN = "welcome mail"
AGAIN_AFTER = timedelta(days=365)
DAY = 24 * 60 * 60
NOBODY = 0  # the subscriber of a test: its links work and change nothing


def greet(subscription: Subscription, *, confirmed_before: datetime | None, unsubscribe: str, preferences: str) -> bool:
    """Welcome somebody who confirmed, in the same transaction; whether that was done.

    Where an automation begins with the confirmation it takes the place of the welcome mail. Whoever comes back within a year
    of the last confirmation or welcome, or in the time that the automation says, gets neither. A mail that names a sponsor
    waits until somebody has decided about it (`subscriptions.greet_due`). The tokens are those of the links.
    """
    newsletter, now = subscription.newsletter, timezone.now()
    automation = enrolments.welcoming(newsletter, subscription.subscriber)
    if not automation and not newsletter.welcome_text:
        return False
    again = _again_after(automation)
    if confirmed_before and (again is None or confirmed_before > now - again):
        return False
    due = Q(welcomed_at=None) if again is None else Q(welcomed_at=None) | Q(welcomed_at__lt=now - again)
    due_here = Subscription.objects.filter(due, pk=subscription.pk)
    if not automation and waits(newsletter):
        due_here.filter(welcome_due_at=None).update(welcome_due_at=now)
        return False
    if not due_here.update(welcomed_at=now, welcome_due_at=None):
        return False
    if automation:
        return enrolments.enter(automation, subscription.subscriber, again=again is not None)
    email = subscription.subscriber.email
    letter = addressed_to(Person(subscription.subscriber.name, subscription.subscriber.attributes), newsletter)
    links = {"unsubscribe": unsubscribe, "preferences": preferences}
    message = _message(newsletter, letter, to=email, key=subscription.pk, **links)
    queue_message(kind="newsletter.welcome", to=email, subject=letter.subject, message=message)
    return True


def waits(newsletter: Newsletter) -> bool:
    """Whether somebody has to decide about a sponsor first; those who can are told, once a day while readers wait for it."""
    waiting = undecided(newsletter)
    if waiting and allow(f"newsletter.welcome-waits:{newsletter.pk}", limit=1, seconds=DAY):
        flags.look_at(NOUN, newsletter.pk)
        page = reverse("admin:sponsors_flag_changelist")
        context = {"newsletter": newsletter, "waiting": waiting, "url": settings.SITE_URL + page}
        for user in accounts.holders_of("newsletter.approve_briefing"):
            queue_mail(template="welcome_waits", to=user.email, context=context, kind="newsletter.welcome-waits")
    return bool(waiting)


def undecided(newsletter: Newsletter) -> list[str]:
    """The sponsors that its mail names and somebody has to decide about before it is sent."""
    return [str(each) for each in standings(newsletter) if each.refuses]


def _again_after(automation: Automation | None) -> timedelta | None:
    """How long after the last welcome somebody gets another; None: never."""
    if automation is None:
        return AGAIN_AFTER
    return timedelta(days=automation.again_after) if automation.again_after else None


def send_test(newsletter: Newsletter, *, to: str, unsubscribe: str, preferences: str) -> None:
    """Queue one copy, marked as a test, whose links change nothing. Raises ValidationError for a bad address."""
    email, letter = parse_address(to).email, addressed_to(WITHOUT_A_SUBSCRIBER, newsletter)
    letter = letter._replace(subject=f"[Test] {letter.subject}")
    message = _message(newsletter, letter, to=email, key=NOBODY, unsubscribe=unsubscribe, preferences=preferences)
    queue_message(kind="newsletter.test", to=email, subject=letter.subject, message=message)


def in_use() -> QuerySet[Newsletter]:
    """Newsletters whose welcome mail somebody gets: no automation takes its place for everybody."""
    automations = Automation.objects.taking_in().filter(begins=Automation.Begins.CONFIRMED, segment=None)
    in_its_place = automations.filter(newsletter=OuterRef("pk"), steps__isnull=False)
    return Newsletter.objects.exclude(welcome_text="").exclude(Exists(in_its_place))


def texts_of(newsletter: Newsletter) -> list[Text]:
    """What readers see of its welcome mail."""
    return [Text("the subject", newsletter.welcome_subject), Text("the text", newsletter.welcome_text)]


def standings(newsletter: Newsletter) -> list[Standing]:
    """The sponsors that its welcome mail names, and what was decided about each."""
    return flags.standings(NOUN, newsletter.pk, texts_of(newsletter))


class Letter(NamedTuple):
    """A welcome mail with its personal words replaced."""

    subject: str
    text: str


def addressed_to(person: Person, newsletter: Newsletter) -> Letter:
    """The welcome mail of a newsletter as somebody reads it."""
    words = vocabulary()
    return Letter(
        one_line(filled(newsletter.welcome_subject, person, words)), filled(newsletter.welcome_text, person, words)
    )


def sender_of(newsletter: Newsletter) -> Sender:
    """From whom it is, and who gets the answers."""
    return newsletter.sender.or_else(site_sender())


def bodies(newsletter: Newsletter, letter: Letter, *, unsubscribe: str, preferences: str) -> dict[str, str]:
    """The mail as text and as HTML."""
    context = {
        "newsletter": newsletter,
        "letter": letter,
        "unsubscribe": settings.SITE_URL + reverse("newsletter:unsubscribe", args=[unsubscribe]),
        "preferences": settings.SITE_URL + reverse("newsletter:preferences", args=[preferences]),
        "paid": shown(paid_of(standings(newsletter))),
        "site": SiteProfile.current(),
        "site_url": settings.SITE_URL,
    }
    return {
        "text": render_to_string("emails/welcome.txt", context).strip() + "\n",
        "html": css_inline.inline(render_to_string("emails/welcome.html", context)),
    }


def _message(newsletter: Newsletter, letter: Letter, *, to: str, key: int, unsubscribe: str, preferences: str) -> bytes:
    now, placeholders = timezone.now(), mime.Placeholders()
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    sender = sender_of(newsletter)
    headers = mime.MessageHeaders(
        from_name=sender.name,
        from_email=sender.address,
        reply_to=sender.reply_to,
        subject=letter.subject,
        list_name=one_line(newsletter.name),
        list_id=f"{newsletter.slug}.{host}",
        feedback_id=f"{newsletter.pk}:{newsletter.slug}:welcome:{host.replace('.', '-')}",
        site_url=settings.SITE_URL,
    )
    links = {"unsubscribe": placeholders["unsubscribe"], "preferences": placeholders["preferences"]}
    written = bodies(newsletter, letter, **links)
    values = {
        "to": to,
        "date": format_datetime(now),
        "message_id": make_token("welcome", key, int(now.timestamp())),
        "unsubscribe": unsubscribe,
        "preferences": preferences,
    }
    template = mime.MessageTemplate(mime.compile_message(headers, **written, placeholders=placeholders))
    return template.render({name: value.encode("ascii") for name, value in values.items()})
