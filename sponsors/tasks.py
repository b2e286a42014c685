"""Tasks that beat starts."""

from celery import shared_task

from sponsors import (
    air_time,
    availability,
    claims,
    final_reports,
    flag_searches,
    link_checks,
    make_goods,
    notices,
    rotation,
    statements,
    under_delivery,
    verdicts,
    view_counts,
    waiting_list,
)
from sponsors.money import invoices, reminders


@shared_task
def turn_day() -> None:
    """Have pages rendered again when an ad's day comes or goes, and when the turn of the next one comes."""
    availability.turn_day()
    rotation.take_turns()


@shared_task
def expire_stale_holds() -> None:
    """Release holds that have run out, for what calendars show: a booking does it by itself for the units it needs."""
    claims.expire_stale()


@shared_task
def check_links() -> None:
    """Look at where ads lead that may run."""
    link_checks.run_due()


@shared_task
def find_make_goods() -> None:
    """Write down the days that did not carry their ads, and the places that stayed below their guarantee."""
    make_goods.find()
    under_delivery.find()


@shared_task
def note_air_time() -> None:
    """Write down which ads are on our pages now."""
    air_time.note()


@shared_task
def tell_waiting() -> None:
    """Tell buyers on the waiting list of days that are free by now."""
    waiting_list.tell()


@shared_task
def count_views() -> None:
    """Count the views of ads of the days whose counts are old."""
    view_counts.roll_up_due()


@shared_task
def freeze_reports() -> None:
    """Freeze the reports whose counting is over, and those that were corrected since."""
    final_reports.freeze_due()


@shared_task
def judge_clicks() -> None:
    """Judge the ads again that were clicked lately."""
    verdicts.judge_lately()


@shared_task
def judge_all_clicks() -> None:
    """Judge all ads again whose clicks can still be judged."""
    verdicts.judge_all()


@shared_task
def search_for_names() -> None:
    """Look through articles, briefings and nominees for sponsors who are named."""
    flag_searches.run()


@shared_task
def bill_what_waits() -> None:
    """Issue the invoices that waited for who sells, or to whom."""
    invoices.issue_waiting()


@shared_task
def remind_of_payments() -> None:
    """Remind sponsors of what is due."""
    reminders.remind()


@shared_task
def match_bank_lines() -> None:
    """Match new lines of bank statements with the invoices that they name."""
    statements.match_new()


@shared_task
def write_reminders() -> None:
    """Tell sponsors what is due, what runs tomorrow, what ran, and that their report is ready."""
    notices.run_due()
