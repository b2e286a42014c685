"""Clicks of before had a verdict and no facts of their own: what their requests told is what the verdict says."""

from django.db import migrations
from django.db.models import F

DERIVED = ["", "repeat"]


def take_verdicts_as_facts(apps, schema_editor):
    apps.get_model("sponsors", "AdEvent").objects.exclude(reason__in=DERIVED).update(found=F("reason"))


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0012_verdicts_made_anew")]
    operations = [migrations.RunPython(take_verdicts_as_facts, migrations.RunPython.noop)]
