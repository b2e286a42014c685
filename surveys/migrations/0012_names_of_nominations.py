"""Give nominations of before the key by which the same names are found."""

from anyascii import anyascii
from django.db import migrations


def fill(apps, schema_editor):
    nominations = apps.get_model("surveys", "Nomination").objects.filter(name_key="")
    for nomination in nominations.iterator():
        plain = "".join(each for each in anyascii(nomination.name).casefold() if each.isalnum())
        nomination.name_key = (plain or nomination.name.casefold())[:120]
        nomination.save(update_fields=["name_key"])


class Migration(migrations.Migration):
    dependencies = [("surveys", "0011_merged_nominations")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
