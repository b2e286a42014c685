"""The newsletter's tasks: briefings, the judging of hits, bounces, imports, figures. The rows say what is to be done."""

from celery import shared_task
from django.conf import settings

from core import doorbell
from newsletter import bounce_mailbox
from newsletter.automations import flow
from newsletter.models import Briefing
from newsletter.sending import (
    archive_entries,
    briefing_counts,
    deliveries,
    freeze,
    link_checks,
    plans,
    send_journal,
    sender,
    subject_tests,
    tracking,
    weekly_digests,
)
from newsletter.subscribers import bulk_acts, day_counts, import_runs, segments, sign_ups, subscriptions


@shared_task
def start_due_briefings() -> None:
    """Freeze the briefings that are due, and start their pumps."""
    for briefing_id in freeze.start_due():
        ring(briefing_id)


@shared_task
def pump_briefing(briefing_id: int) -> None:
    """Send for some seconds; then again, while there is more. However many wait for room, one bell rings for them."""
    if again := sender.pump(briefing_id):
        doorbell.ring("newsletter.tasks.pump_briefing", briefing_id, at_most_every=again.after)


@shared_task
def sweep_briefings() -> None:
    """Look for all work there is. Beat rings this, so a lost bell or a dead worker only costs time."""
    send_journal.settle_dead()
    deliveries.expire_leases()
    weekly_digests.make_due()
    plans.make_due()
    start_due_briefings()
    for briefing in Briefing.every.under_way():
        ring(briefing.pk)
    for briefing_id in subject_tests.settle_due():  # after the bells: what fails here holds up no letter
        ring(briefing_id)
    archive_entries.make_missing()


@shared_task
def run_automations() -> None:
    """Do what is due in automations, and send their letters."""
    for briefing_id in flow.run_due():
        ring(briefing_id)


@shared_task
def judge_hits() -> None:
    """Decide which of the latest opens and clicks count."""
    tracking.judge()


@shared_task
def import_subscribers() -> None:
    """Run the imports that wait, one after the other; a lost bell only costs time, since beat rings this too."""
    while import_runs.ENGINE.run_next():
        pass


@shared_task
def act_on_subscribers() -> None:
    """Do the acts on many subscribers that wait, one after the other."""
    while bulk_acts.ENGINE.run_next():
        pass


@shared_task
def count_segments() -> None:
    """Count the segments that wait for it."""
    segments.count_due()


@shared_task
def check_links() -> None:
    """Look at the links of briefings that wait for it."""
    link_checks.run_due()


@shared_task
def settle_sign_ups() -> None:
    """Look at the sign-ups that wait, and mail those who asked."""
    sign_ups.settle_due()


@shared_task
def greet_due() -> None:
    """Send the welcome mails that no longer wait for a decision about a sponsor."""
    subscriptions.greet_due()


@shared_task
def mark_disposable() -> None:
    """Mark the subscribers whose address is disposable by the lists of today."""
    sign_ups.mark_disposable()


@shared_task
def read_bounces() -> None:
    """Take the bounces and complaints that are in the mailbox."""
    bounce_mailbox.read()


@shared_task
def count_figures() -> None:
    """Count the figures of newsletters that can still change."""
    day_counts.count_days()
    day_counts.count_briefings()


@shared_task
def count_reports() -> None:
    """Count the figures of briefings that are old for their age."""
    briefing_counts.count_due()


def ring(briefing_id: int) -> None:
    for _ in range(settings.NEWSLETTER_PUMPS):
        doorbell.ring("newsletter.tasks.pump_briefing", briefing_id)
