"""Who says when a proof of work is wanted of voters."""

from django.db import migrations

from core.lib.roles import everything, grant

RULES = everything("surveys.ballotrules")


class Migration(migrations.Migration):
    dependencies = [("surveys", "0023_ballot_rules")]
    operations = [grant({"awards steward": RULES, "administrator": RULES})]
