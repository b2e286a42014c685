"""The events of newsletters that webhooks can ask for. They tell of subscribers by a number, and hold no address.

Who needs the address asks the API for it, with a key that may have it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings

from core import webhooks
from newsletter.models import Briefing, ConsentAct, Newsletter

Act, Actor = ConsentAct.Act, ConsentAct.Actor
OF_ACTS = {
    Act.ASKED: ("subscriber.subscribed", "somebody asks for a list"),
    Act.CONFIRMED: ("subscriber.confirmed", "somebody confirms, and is on a list"),
    Act.LEFT: ("subscriber.left", "somebody leaves a list"),
    Act.BOUNCED: ("subscriber.bounced", "an address takes no mail any more"),
    Act.COMPLAINED: ("subscriber.complained", "a letter is reported as spam"),
}
SENT = "briefing.sent"
# What comes in by the thousand is no event, and what is put back tells nothing new.
TOLD_OF = frozenset({Actor.SUBSCRIBER, Actor.STAFF, Actor.SERVER, Actor.AUTOMATION})


def register_all() -> None:
    """Register the events of newsletters."""
    for name, label in OF_ACTS.values():
        webhooks.register(name, label)
    webhooks.register(SENT, "a briefing has gone out")


def announce_acts(acts: Iterable[Any]) -> None:
    """Announce those acts of consent that are events, in the transaction that records them."""
    told = [act for act in acts if act.act in OF_ACTS and act.actor in TOLD_OF]
    if told:
        webhooks.announce_all(_of(told))


def _of(acts: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    slugs = dict(Newsletter.objects.values_list("pk", "slug"))
    for act in acts:
        yield OF_ACTS[act.act][0], {"subscriber": act.person.subscriber_id, "newsletter": slugs.get(act.newsletter_id)}


def announce_sent(briefing: Briefing) -> None:
    """Announce that a briefing has gone out to all."""
    shown = {
        "id": briefing.pk,
        "slug": briefing.slug,
        "newsletter": briefing.newsletter.slug,
        "subject": briefing.title,
        "issue_date": briefing.issue_date.isoformat(),
        "url": settings.SITE_URL + briefing.get_absolute_url(),
        "delivered": briefing.delivered,
    }
    webhooks.announce(SENT, {"briefing": shown})
