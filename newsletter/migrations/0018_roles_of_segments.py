"""Segments are kept by those who keep the lists; whoever composes briefings sees them, to choose one."""

from django.db import migrations

from core.lib.roles import everything, grant

KEPT = everything("newsletter.segment", "newsletter.segmentcondition")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0017_segments")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT})]
