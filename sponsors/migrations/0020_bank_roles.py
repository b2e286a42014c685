"""The sponsorship manager reads statements of the bank."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["sponsors.view_bankline"]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0019_bank")]
    operations = [grant({"sponsorship manager": SEEN, "administrator": SEEN})]
