"""The letters of automations. A letter is a briefing: its draft is written at the desk, and each start makes an edition of it.

An edition is frozen as an issue is when it goes out, and then gets a delivery for one subscriber after another. Whoever comes
to the step gets the newest edition. Somebody who is in the automation for the second time gets an edition of that round, so
that a subscriber has one delivery of a briefing, here as everywhere.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.lib import clock, html
from core.lib.slugs import free_slug
from core.models import User
from newsletter.models import Automation, AutomationStep, Briefing, Delivery
from newsletter.sending import approval, drafts, freeze, payers

State = Briefing.State
Kind = AutomationStep.Kind
ANSWERED_WITHIN = timedelta(days=1)  # at least: that long a letter that asks whether to stay waits for its answer


def draft_of(step: AutomationStep) -> Briefing:
    """The letter of a step, to be written; made where there is none."""
    found = Briefing.every.select_related("newsletter", "automation").filter(step=step, state=State.DRAFT).first()
    return found or Briefing.every.create(
        newsletter=step.automation.newsletter,
        automation=step.automation,
        step=step,
        issue_date=clock.utc_day(),
        slug=_slug(step, "draft"),
        **_welcome(step),
    )


def _welcome(step: AutomationStep) -> dict[str, str]:
    """The words of the welcome mail, for the first letter of the automation that takes its place."""
    automation = step.automation
    letters = automation.steps.filter(kind=Kind.LETTER).order_by("ordering", "pk")
    if not automation.is_welcome or letters.first() != step or not automation.newsletter.welcome_text:
        return {}
    return {
        "subject": automation.newsletter.welcome_subject,
        "introduction": html.of_plain(automation.newsletter.welcome_text),
    }


def put_in_places(automation: Automation) -> None:
    """Give every letter's step its draft, and take away those of steps that are no letter any more."""
    for step in automation.steps.filter(kind=Kind.LETTER):
        step.automation = automation
        draft_of(step)
    others = Briefing.every.filter(automation=automation, state=State.DRAFT).exclude(step__kind=Kind.LETTER)
    others.delete()
    Briefing.every.filter(automation=automation, state=State.DRAFT).update(newsletter=automation.newsletter_id)


def put_into_use(step: AutomationStep, *, by: User | None) -> Briefing:
    """The edition that the step's readers get from now on: a new one where the draft says something else than the last.

    What readers are told of who pays us is a part of it.
    """
    draft = draft_of(step)
    content = approval.seen(draft)
    last = newest(step)
    is_same = last is not None and last.approved_content == content and last.state != State.CANCELLED
    if last and is_same and payers.told_of(draft) == (last.paid or payers.NOBODY):
        return last
    return _edition(draft, step, round=0, approved_by=by, approved_content=content)


def newest(step: AutomationStep, round_: int = 0) -> Briefing | None:
    """The edition of a round that is in use."""
    editions = Briefing.every.select_related("newsletter").filter(step=step, round=round_).exclude(state=State.DRAFT)
    return editions.order_by("-pk").first()


def edition_for(step: AutomationStep, round_: int) -> Briefing | None:
    """The edition for readers of a round, made from that of the first readers; None where nothing was put into use."""
    first = newest(step)
    if first is None or not round_:
        return first
    own = newest(step, round_)
    if own and (own.approved_content, own.paid) == (first.approved_content, first.paid):
        return own
    approved = {"approved_by": first.approved_by, "approved_content": first.approved_content}
    return _edition(first, step, round=round_, paid=first.paid, look=first.look, **approved)


def in_use(step: AutomationStep) -> list[Briefing]:
    """The editions that anybody still gets: the newest of each round, and those of which a letter has not left yet."""
    live = Briefing.every.filter(step=step, state__in=[State.SENDING, State.PAUSED])
    newest = live.order_by("round", "-pk").distinct("round").values("pk")
    waiting = Delivery.objects.filter(briefing=OuterRef("pk"), state__in=["pending", "sending", "retry"])
    rows = live.filter(Q(pk__in=newest) | Exists(waiting)).select_related("newsletter", "step")
    return list(rows.order_by("pk"))


@transaction.atomic
def _edition(source: Briefing, step: AutomationStep, **fields: object) -> Briefing:
    now = timezone.now()
    edition = drafts.copy_of(
        source,
        issue_date=clock.utc_day(),
        slug=_slug(step, "edition"),
        automation=step.automation,
        step=step,
        state=State.PAUSED,
        scheduled_at=now,
        approved_at=now,
        asks_to_stay=step.asks_to_stay,
        frozen_at=source.frozen_at,  # what was frozen takes nothing more from elsewhere
        **fields,
    )
    freeze.fix_message(edition)
    edition.state, edition.frozen_at = State.SENDING, now
    edition.save(update_fields=["state", "frozen_at"])
    payers.log(edition)
    return edition


def _slug(step: AutomationStep, what: str) -> str:
    """A name that no page has: letters are in no archive."""
    return free_slug(f"letter-{step.automation_id}-{step.pk}-{what}", drafts.is_briefing, limit=80)
