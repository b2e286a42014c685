"""The page that tells administrators how the site does: what it lacks, what runs and since when, what waits, the backups."""

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cms import metrics, probes
from cms.models import Backup
from core import heartbeats
from core.lib.dashboard import Line, Widget

BACKUPS_SHOWN = 5
LATE = 120  # seconds that something may wait
OLD = timedelta(days=2)  # for a backup
QUEUES = {
    "mail": "Mail",
    "calls": "Webhooks and purges",
    "sign_ups": "Sign-ups",
    "letters": "Letters of briefings",
    "articles": "Scheduled articles",
    "ballots": "Ballots to be sealed",
}


@require_safe
@permission_required("core.view_user", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """What an administrator looks at when something seems wrong."""
    widgets = {"Needed": _needed(), "Running": _running(), "Waiting": _waiting(), "Backups": _backups()}
    context = admin.site.each_context(request) | {"title": "Status", "widgets": widgets.items()}
    return render(request, "admin/status.html", context)


def _needed() -> Widget:
    state = probes.readiness()
    lines = [Line(text=name.capitalize(), label="missing", tone="bad", note=said) for name, said in state.items()]
    wrong = [line for line in lines if line.note != probes.OK]
    return Widget(lines=wrong, empty=f"Nothing is missing: {', '.join(state)} are well.")


def _running() -> Widget:
    lines = [
        Line(
            text=f"{process.kind} {process.pid} on {process.host}",
            label=process.release[:12],
            note="since",
            at=process.started_at,
        )
        for process in heartbeats.running()
    ]
    releases = {line.label for line in lines}
    note = "Processes run different releases: a new one is being rolled out, or some were not started anew."
    return Widget(
        lines=lines, empty="No process was heard of in the last minute.", note=note if len(releases) > 1 else ""
    )


def _waiting() -> Widget:
    lines = []
    for name, seconds in metrics.waiting(timezone.now()).items():
        tone = "bad" if seconds > LATE else "soon"
        if seconds:
            lines.append(Line(text=QUEUES[name], label=f"due {_in_words(seconds)} ago", tone=tone))
    return Widget(lines=lines, empty="Nothing is overdue.")


def _backups() -> Widget:
    lines = [
        Line(
            text=str(backup),
            label="failed" if backup.trouble else "checked" if backup.checked_at else "made",
            tone="bad" if backup.trouble else "good" if backup.checked_at else "",
            note=backup.trouble or f"{backup.size / 1024 / 1024:,.1f} MB{_kept(backup)},",
            at=backup.made_at,
        )
        for backup in Backup.objects.all()[:BACKUPS_SHOWN]
    ]
    latest = Backup.latest()
    old = latest is None or timezone.now() - latest.made_at > OLD
    note = "There is no backup of the last two days." if old and lines else ""
    copied = Backup.copied_at() if settings.BACKUP_BUCKET else None
    if not note and copied and timezone.now() - copied > OLD:
        note = "No backup of the last two days was copied to BACKUP_BUCKET."
    by_clock = (
        "the first comes within ten minutes" if settings.BACKUP_FOLDER else "set BACKUP_FOLDER, or make one by hand"
    )
    return Widget(lines=lines, empty=f"No backup was made yet: {by_clock}.", note=note)


def _kept(backup: Backup) -> str:
    words = [
        word for word, holds in (("encrypted", backup.is_encrypted), ("also elsewhere", backup.is_remote)) if holds
    ]
    return "".join(f", {word}" for word in words)


def _in_words(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
