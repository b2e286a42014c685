"""The weekly digest: a briefing made from what the briefings of its week held, for those who chose it instead of each."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from articles.models import Publication
from core.lib import clock
from core.lib.slugs import free_slug
from newsletter.models import Briefing, BriefingItem, Newsletter
from newsletter.sending import approval, by_the_clock, content_checks, drafts, sponsor_places

WEEK = timedelta(days=7)
LONGEST = timedelta(days=14)  # a week was skipped, or the digest has moved to another day


def make_due() -> None:
    """Make every digest that is due."""
    due = Newsletter.objects.filter(digest_due_at__lte=timezone.now())
    by_the_clock.make_due(due, make, "The digest of newsletter")


@transaction.atomic
def make(newsletter_id: int) -> Briefing | None:
    """Make the digest that is due, unless nobody wants one or nothing was sent; then it is due again in a week.

    It goes out by itself where the newsletter is set so, and else waits as a draft for somebody to approve it.
    """
    newsletter, now = Newsletter.objects.select_for_update().get(pk=newsletter_id), timezone.now()
    due = newsletter.digest_due_at
    if due is None or due > now:
        return None
    Newsletter.objects.filter(pk=newsletter.pk).update(digest_due_at=newsletter.digest_after(now))
    items = list(held_before(newsletter, due))
    if not items or newsletter.briefings.filter(digest_at=due).exists():
        return None
    digest = _draft(newsletter, due, items)
    if not approval.audience_size(digest):
        digest.delete()
        return None
    if newsletter.digest_by_itself:
        by_the_clock.let_go(digest, due=due)
    return digest


def held_before(newsletter: Newsletter, due: datetime) -> Iterable[BriefingItem]:
    """The articles in the briefings since the last digest, each once, as first sent; without those withdrawn since.

    What an editor wrote besides is about its day, an ad was booked for its own, and what went to a segment is for that one:
    nothing of these comes along.
    """
    digests = newsletter.briefings.filter(digest_at__gte=due - LONGEST, digest_at__lt=due).order_by("-digest_at")
    since = digests.values_list("digest_at", flat=True).first() or due - WEEK
    sent = newsletter.briefings.filter(digest_at=None, segment=None, frozen_at__gt=since, frozen_at__lte=due)
    items = BriefingItem.objects.filter(
        briefing__in=sent.exclude(state=Briefing.State.CANCELLED), kind=BriefingItem.Kind.ARTICLE
    ).order_by("briefing__frozen_at", "ordering", "id")
    publications = Publication.objects.in_bulk(
        [item.article_id for item in items if item.article_id], field_name="article_id"
    )
    found: dict[object, BriefingItem] = {}
    for item in items:
        publication = publications.get(item.article_id)
        if publication:
            item.url = settings.SITE_URL + publication.get_absolute_url()
        if bool(publication) == bool(item.article_id) and not content_checks.link_problem(item):
            found.setdefault(item.article_id or item.url, item)
    return found.values()


def _draft(newsletter: Newsletter, due: datetime, items: list[BriefingItem]) -> Briefing:
    local = due.astimezone(newsletter.zone)
    digest = Briefing.objects.create(
        newsletter=newsletter,
        digest_at=due,
        issue_date=newsletter.day_of_send(timezone.now()),
        slug=free_slug(f"{newsletter.slug}-week-{local:%Y-%m-%d}", drafts.is_briefing, limit=80),
        subject=f"{newsletter.name}: the week to {clock.in_words(due, 'j F Y', newsletter.zone)}"[:150],
        preheader="; ".join(item.heading for item in items[:3] if item.heading)[:200],
    )
    for number, item in enumerate(items, start=1):
        item.pk, item.briefing, item.ordering = None, digest, 10 * number
    BriefingItem.objects.bulk_create(items)
    sponsor_places.place_sponsors(digest)
    return digest
