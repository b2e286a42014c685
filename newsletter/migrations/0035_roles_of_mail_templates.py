"""Templates are kept by those who keep the lists; whoever composes briefings sees them, to choose one."""

from django.db import migrations

from core.lib.roles import everything, grant

KEPT = everything("newsletter.mailtemplate")
SEEN = ["newsletter.view_mailtemplate"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0034_introductions_of_before")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT, "editor": SEEN})]
