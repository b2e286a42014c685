"""Bounces and complaints are seen, and the rule of temporary ones is set, by those who keep the lists."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["newsletter.view_mailreport", "newsletter.view_ignoredreports", "newsletter.view_bouncerule"]
KEPT = [*SEEN, "newsletter.add_bouncerule", "newsletter.change_bouncerule"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0010_bounces_and_complaints")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT})]
