"""Editors answer for what the public log says; who sells, and answers to sponsors, corrects figures, with a reason they read."""

from django.db import migrations

from core.lib.roles import grant

LOG = ["sponsors.view_disclosureentry", "sponsors.correct_disclosureentry"]
FIGURES = ["sponsors.view_adjustment", "sponsors.add_adjustment"]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0029_corrections_of_the_log")]
    operations = [grant({"editor": LOG, "sponsorship manager": FIGURES, "administrator": [*LOG, *FIGURES]})]
