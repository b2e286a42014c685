"""Those who keep the lists see what was done to many subscribers; what each may do, the permission of the act itself says."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["newsletter.view_bulkact"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0021_bulk_acts")]
    operations = [grant({"newsletter manager": SEEN, "administrator": SEEN})]
