"""The archive shows the subject that won its test: so do briefings whose test was decided before."""

from django.db import migrations


def shown(apps, schema_editor):
    variants = apps.get_model("newsletter", "SubjectVariant").objects.exclude(test__winner=None)
    entries = apps.get_model("newsletter", "ArchiveEntry").objects
    for variant in variants.select_related("test__briefing"):
        briefing = variant.test.briefing
        if variant.number == variant.test.winner:
            briefing.won_subject = variant.subject or briefing.subject
            briefing.won_preheader = variant.preheader or briefing.preheader
            briefing.save(update_fields=["won_subject", "won_preheader"])
            entries.filter(briefing=briefing).delete()  # the worker makes it anew


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0046_won_subjects")]
    operations = [migrations.RunPython(shown, migrations.RunPython.noop)]
