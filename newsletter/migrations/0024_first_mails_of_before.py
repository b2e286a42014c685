"""Briefings of before get the time of their first mail from their deliveries, or else from when they were sent."""

from typing import Any

from django.db import migrations


def _note_first(apps: Any, _editor: Any) -> None:
    Briefing = apps.get_model("newsletter", "Briefing")
    Delivery = apps.get_model("newsletter", "Delivery")
    for briefing in Briefing.objects.filter(frozen_at__isnull=False):
        sent = Delivery.objects.filter(briefing=briefing, sent_at__isnull=False).order_by("sent_at")
        first = sent.values_list("sent_at", flat=True).first() or briefing.sent_at
        Briefing.objects.filter(pk=briefing.pk).update(first_sent_at=first)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0023_briefings_readable_from_their_first_mail")]

    operations = [migrations.RunPython(_note_first, migrations.RunPython.noop)]
