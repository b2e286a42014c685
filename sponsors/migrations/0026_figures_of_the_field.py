"""What media kits of the field say, and who writes ours."""

from decimal import Decimal

from django.db import migrations

from core.lib.roles import everything, grant

WRITING = everything("sponsors.kittext", "sponsors.fieldfigure")
SOURCE = "What media kits of newsletters on crypto and AI usually say"
FIGURES = (("opens", "25", "30"), ("ctr", "0.5", "1"), ("clicks", "0.13", "0.3"))


def write(apps, schema_editor):
    for measure, low, high in FIGURES:
        source = SOURCE if measure != "clicks" else "Follows from the two others: clicks of opened, times opens"
        values = {"low": Decimal(low), "high": Decimal(high), "source": source}
        apps.get_model("sponsors", "FieldFigure").objects.get_or_create(measure=measure, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0025_media_kit")]
    operations = [
        migrations.RunPython(write, migrations.RunPython.noop),
        grant({"sponsorship manager": WRITING, "administrator": WRITING}),
    ]
