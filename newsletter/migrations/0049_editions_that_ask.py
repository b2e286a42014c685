"""Editions say whether they ask to stay: those of before ask where their step does."""

from django.db import migrations


def ask(apps, schema_editor):
    editions = apps.get_model("newsletter", "Briefing").objects.exclude(state="draft")
    editions.filter(step__kind="letter", step__asks_to_stay=True).update(asks_to_stay=True)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0048_questions_to_stay")]
    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
