"""What a plan makes when it is due: a draft of the newest articles by its rule, or nothing where nothing is new."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from articles.models import Publication
from core.lib import clock
from core.lib.slugs import free_slug
from newsletter.models import Briefing, BriefingItem, BriefingPlan
from newsletter.sending import approval, by_the_clock, drafts, sponsor_places

State = Briefing.State


def make_due() -> None:
    """Make the draft of every plan that is due."""
    due = BriefingPlan.objects.filter(due_at__lte=timezone.now())
    by_the_clock.make_due(due, make, "The briefing of plan")


@transaction.atomic
def make(plan_id: int) -> Briefing | None:
    """Make the draft that is due, once: the plan's row is locked, and is due again at its next time.

    Where several times were missed, one draft is made for all of them.
    """
    now = timezone.now()
    plan = BriefingPlan.objects.select_for_update(of=("self",)).select_related("newsletter").get(pk=plan_id)
    due = plan.due_at
    if due is None or due > now:
        return None
    briefing, said = _made(plan, due)
    local = clock.in_words(due, "j M Y, H:i", plan.newsletter.zone)
    BriefingPlan.objects.filter(pk=plan.pk).update(due_at=plan.after(now), said=f"{local}: {said}"[:300])
    return briefing


def _made(plan: BriefingPlan, due: datetime) -> tuple[Briefing | None, str]:
    """The draft, and what there is to say of it."""
    if Briefing.objects.filter(plan=plan, planned_for=due).exists():
        return None, "it had been made before."
    articles = chosen(plan)
    if len(articles) < plan.fewest:
        new = {0: "no article was", 1: "one article was"}.get(len(articles), f"{len(articles)} articles were")
        return None, f"nothing was made, since {new} new; it takes {plan.fewest} or more."
    briefing = _draft(plan, articles)
    if approval.audience_size(briefing) == 0:
        briefing.delete()
        return None, "nothing was made, since nobody would get it."
    if plan.by_itself and plan.due_at:
        by_the_clock.let_go(briefing, due=plan.due_at, notice=timedelta(minutes=plan.notice))
        briefing.refresh_from_db()
    number = f"{len(articles)} article{'s' if len(articles) > 1 else ''}"
    waits = "waits to be approved" if briefing.state == State.DRAFT else "goes out"
    return briefing, f"a briefing of {number} was made and {waits}."


def chosen(plan: BriefingPlan) -> list[Publication]:
    """The articles that its next draft would hold, as of now: the lead first, then newest first, none that was sent before."""
    since = timezone.now() - timedelta(days=plan.newest_days)
    earlier = plan.newsletter.briefings.issues().promised()
    if plan.segment_id:  # what others got says nothing of these
        earlier = earlier.filter(Q(segment=None) | Q(segment=plan.segment_id))
    carried = BriefingItem.objects.filter(briefing__in=earlier, article__isnull=False).values("article")
    found = Publication.objects.live().filter(published_at__gt=since).exclude(article__in=carried)
    if categories := list(plan.categories.values_list("pk", flat=True)):
        found = found.filter(category__in=categories)
    if tags := list(plan.tags.values_list("pk", flat=True)):
        found = found.filter(pk__in=Publication.objects.filter(tags__in=tags).values("pk"))
    newest = found.order_by("-published_at", "-pk")
    if plan.lead_tag_id is None:
        return list(newest[: plan.most])
    leading = list(newest.filter(tags=plan.lead_tag_id)[: plan.most])
    rest = newest.exclude(pk__in=[publication.pk for publication in leading])
    return [*leading, *rest[: plan.most - len(leading)]]


def _draft(plan: BriefingPlan, articles: list[Publication]) -> Briefing:
    due, newsletter = plan.due_at or timezone.now(), plan.newsletter
    local = due.astimezone(newsletter.zone)
    leaves = timezone.now() + timedelta(minutes=plan.notice if plan.by_itself else 0)
    briefing = Briefing.objects.create(
        newsletter=newsletter,
        plan=plan,
        planned_for=due,
        issue_date=newsletter.day_of_send(leaves),
        slug=free_slug(f"{newsletter.slug}-{local:%Y-%m-%d}", drafts.is_briefing, limit=80),
        segment=plan.segment,
        template=plan.template,
        subject=plan.subject_of(articles[0].title, due),
        preheader=("; ".join(article.title for article in articles[1:4]) or articles[0].standfirst)[:200],
    )
    for number, article in enumerate(articles, start=1):
        drafts.add_article(briefing, article, ordering=10 * number)
    sponsor_places.place_sponsors(briefing)
    return briefing
