"""Who approves briefings decides, too, what a sponsor's name in one is."""

from django.db import migrations

from core.lib.roles import grant

DECIDING = ["sponsors.view_flag", "sponsors.decide_flag"]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0027_names_of_columns")]
    operations = [grant({"newsletter manager": DECIDING})]
