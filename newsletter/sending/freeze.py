"""The freeze of an approved briefing: one transaction fixes its message, links and audience. And test mails."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.lib import clock
from core.outbox import queue_message
from core.transitions import change_if
from newsletter.mail import mime, return_path
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, Person, Word, value_of
from newsletter.models import Briefing, BriefingItem, CompiledMessage, Subscriber, TrackedLink
from newsletter.sending import composition, deliveries, looks, payers, sponsor_places, subject_tests
from newsletter.sending.approval import TOO_LATE, changed, held_on_error, problems
from newsletter.sending.parts import keep_current
from newsletter.sending.sender import message_token
from newsletter.subscribers.addresses import Address, parse_address
from newsletter.subscribers.subscriptions import preferences_token, unsubscribe_token

MOST_TESTS = 50
NOBODY = 0  # the subscriber of a test mail: its links work and change nothing
State = Briefing.State


def start_due() -> list[int]:
    """Freeze every approved briefing whose time has come; return those that may now be sent.

    In its newsletter's quiet hours none is: nothing of it would leave, and until it does it can be taken back.
    """
    now = timezone.now()
    started = []
    due = Briefing.objects.filter(state=State.APPROVED, scheduled_at__lte=now).select_related("newsletter")
    for briefing in due:
        with held_on_error(briefing):
            if not briefing.newsletter.quiet_ends(now) and _start(briefing, now):
                started.append(briefing.pk)
    return started


def _start(briefing: Briefing, now: datetime) -> bool:
    if briefing.leaves_at and now - briefing.leaves_at > TOO_LATE:
        due = clock.in_words(briefing.leaves_at, zone=clock.newsroom())
        briefing.hold(f"It was due at {due} and nothing was running then. Resume to send it now.")
        return False
    is_started = freeze(briefing.pk)
    if not is_started:
        payers.look_at(briefing)  # a sponsor may have been confirmed since it was approved: here is what to decide
    return is_started


@transaction.atomic
def freeze(briefing_id: int) -> bool:
    """Fix message, links and audience in one transaction; whether it may now be sent."""
    briefing = (
        Briefing.objects.select_for_update(of=("self",)).select_related("newsletter", "segment").get(pk=briefing_id)
    )
    if briefing.state != State.APPROVED or (briefing.scheduled_at and briefing.scheduled_at > timezone.now()):
        return False  # withdrawn, or moved to a later time
    sponsor_places.place_sponsors(briefing)
    if found := problems(briefing) or list(filter(None, [changed(briefing)])):
        briefing.hold(" ".join(found))
        return False
    fix_message(briefing)
    candidates = deliveries.freeze_audience(briefing, subject_tests.drawn(briefing))
    return change_if(
        briefing, Q(state=State.APPROVED), state=State.SENDING, frozen_at=timezone.now(), candidates=candidates
    )


def fix_message(briefing: Briefing) -> None:
    """Keep what it takes from elsewhere, its message, and one more for each other subject under test; their links are the same.

    So is what they say of sponsors who are named. What is made from something that was frozen before brings that and its look along.
    """
    briefing.paid, briefing.look = payers.told_of(briefing), briefing.look or looks.kept(briefing)
    Briefing.every.filter(pk=briefing.pk).update(paid=briefing.paid, look=briefing.look)
    keep_current(list(briefing.items.select_related("snippet", "briefing")))
    test = subject_tests.of(briefing)
    own, *others = subject_tests.versions(briefing, test)
    data, personal, rendered = _message(own, is_counted=briefing.newsletter.counts_reading)
    CompiledMessage.objects.create(briefing=briefing, data=data, personal=personal)
    for version, variant in zip(others, test.variants.all() if test else [], strict=True):
        variant.data, variant.personal, _ = _message(version, is_counted=briefing.newsletter.counts_reading)
        variant.save(update_fields=["data", "personal"])
    briefing.items.filter(kind=BriefingItem.Kind.SPONSOR, heading="").delete()
    if briefing.newsletter.counts_reading:
        _keep_links(briefing, rendered)


def renew_message(briefing: Briefing) -> None:
    """Write what is left to be sent of a frozen briefing anew, as what it says of who pays us has changed.

    Its links keep their numbers. Where they lead elsewhere than the last ones, as its look was not kept when it was frozen, they get
    others, and the former stay for who has them.
    """
    test, is_counted = subject_tests.of(briefing), briefing.was_counted
    own, *others = subject_tests.versions(briefing, test)
    first, message = 1, _message(own, is_counted=is_counted)
    if is_counted:
        targets = list(message[2].targets.values())
        links = list(briefing.links.exclude(number=composition.CANARY).order_by("number"))
        newest = links[max(len(links) - len(targets), 0) :]
        is_same = [(link.url, link.item_id) for link in newest] == [
            (target.url, target.item.pk if target.item else None) for target in targets
        ]
        first = newest[0].number if is_same and newest else links[-1].number + 1 if links else 1
        if first != 1:
            message = _message(own, is_counted=is_counted, first_link=first)
        if not is_same:
            _keep_targets(briefing, message[2])
    CompiledMessage.objects.filter(briefing=briefing).update(data=message[0], personal=message[1])
    for version, variant in zip(others, test.variants.all() if test else [], strict=True):
        variant.data, variant.personal, _ = _message(version, is_counted=is_counted, first_link=first)
        variant.save(update_fields=["data", "personal"])


def _message(
    briefing: Briefing, *, is_counted: bool, first_link: int = 1
) -> tuple[bytes, dict[str, Any], composition.Rendered]:
    placeholders = mime.Placeholders()
    links = (
        composition.counting_links(placeholders)
        if is_counted
        else composition.plain_links(placeholders["unsubscribe"], placeholders["preferences"])
    )
    rendered = composition.render(briefing, links, placeholders.of_word, first_link=first_link)
    bodies = {"text": rendered.text, "html": rendered.html}
    headers = composition.headers_of(briefing, stand_in=placeholders.of_word)
    data = mime.compile_message(headers, **bodies, placeholders=placeholders)
    return data, placeholders.personal(headers.subject), rendered


def _keep_links(briefing: Briefing, rendered: composition.Rendered) -> None:
    TrackedLink.objects.create(briefing=briefing, number=composition.CANARY, url=settings.SITE_URL + "/")
    _keep_targets(briefing, rendered)


def _keep_targets(briefing: Briefing, rendered: composition.Rendered) -> None:
    TrackedLink.objects.bulk_create(
        TrackedLink(briefing=briefing, number=number, url=target.url, item=target.item, claim_id=target.claim_id)
        for number, target in rendered.targets.items()
    )


def send_test(briefing: Briefing, *, to: Iterable[str]) -> list[str]:
    """Send a copy, marked as a test, to each address, one for each subject under test; its links count nothing.

    Return the addresses. Whoever subscribes with that address is called by name. Raises ValidationError for bad addresses, and
    sends nothing then.
    """
    addresses = _addresses(to)
    canonical = [address.canonical for address in addresses]
    known = {person.canonical: person for person in Subscriber.objects.filter(canonical__in=canonical)}
    versions = subject_tests.versions(briefing, subject_tests.of(briefing))
    letters = subject_tests.LETTERS if len(versions) > 1 else [""]
    with transaction.atomic():
        for address in addresses:
            row = known.get(address.canonical)
            person = Person(row.name, row.attributes) if row else WITHOUT_A_SUBSCRIBER
            for letter, version in zip(letters, versions, strict=False):
                _queue_test(version, address.email, person, mark=f"Test {letter}".strip())
    return [address.email for address in addresses]


def _addresses(typed: Iterable[str]) -> list[Address]:
    found: dict[str, Address] = {}
    problems: list[str] = []
    for text in typed:
        try:
            address = parse_address(text)
            found.setdefault(address.canonical, address)
        except ValidationError as error:
            problems += error.messages
    if len(found) > MOST_TESTS:
        problems.append(f"A test goes to {MOST_TESTS} addresses at most; these are {len(found)}.")
    if not found and not problems:
        problems.append("Write at least one address.")
    if problems:
        raise ValidationError(problems)
    return list(found.values())


def _queue_test(briefing: Briefing, to: str, person: Person, *, mark: str) -> None:
    placeholders = mime.Placeholders()
    links = composition.plain_links(placeholders["unsubscribe"], placeholders["preferences"])

    def stand_in(word: Word) -> str:
        return value_of(word, person)

    rendered = composition.render(briefing, links, stand_in)
    headers = composition.headers_of(briefing, mark=mark, stand_in=stand_in)
    bodies = {"text": rendered.text, "html": rendered.html}
    template = mime.MessageTemplate(mime.compile_message(headers, **bodies, placeholders=placeholders))
    values = {
        "to": to,
        "date": format_datetime(timezone.now()),
        "message_id": message_token(briefing.pk, NOBODY) + f".{int(timezone.now().timestamp())}-{token_hex(4)}",
        "unsubscribe": unsubscribe_token(NOBODY, briefing.newsletter_id),
        "preferences": preferences_token(NOBODY),
        "delivery": "",
        "return_path": return_path.address_for(NOBODY),
    }
    message = template.render({name: value.encode("ascii") for name, value in values.items()})
    queue_message(kind="newsletter.test", to=to, subject=headers.subject, message=message)
