"""Plans of briefings are the newsletter manager's and the administrator's; editors see what comes."""

from django.db import migrations

from core.lib.roles import everything, grant

PLANS = everything("newsletter.briefingplan")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0036_briefing_plans")]
    operations = [
        grant({"editor": ["newsletter.view_briefingplan"], "newsletter manager": PLANS, "administrator": PLANS})
    ]
