"""Automations are the newsletter manager's and the administrator's; editors see them."""

from django.db import migrations

from core.lib.roles import everything, grant

SEEN = ["newsletter.view_automation", "newsletter.view_automationstep"]
KEPT = [*everything("newsletter.automation", "newsletter.automationstep"), "newsletter.view_enrolment"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0044_automations")]
    operations = [grant({"editor": SEEN, "newsletter manager": KEPT, "administrator": KEPT})]
