"""Editors and the awards steward decide what a sponsor's name in an article or among nominees is; nobody who sells does."""

from django.db import migrations

from core.lib.roles import grant

DECIDING = ["sponsors.view_flag", "sponsors.decide_flag", "sponsors.view_flagsearch"]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0017_flags")]
    operations = [grant({"editor": DECIDING, "awards steward": DECIDING, "administrator": DECIDING})]
