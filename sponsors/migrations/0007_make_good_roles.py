"""The sponsorship manager settles the days that are to be made good."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["sponsors.view_makegood"]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0006_rotation_and_make_goods")]
    operations = [grant({"sponsorship manager": SEEN, "administrator": SEEN})]
