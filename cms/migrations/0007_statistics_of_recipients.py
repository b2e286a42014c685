"""Let the planner know what is in the index of recipients now, not after the next million letters."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cms", "0006_indexes_for_calls")]
    operations = [migrations.RunSQL("ANALYZE cms_outgoingmail", migrations.RunSQL.noop)]
