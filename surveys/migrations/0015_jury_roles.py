"""Who votes in a jury, and who puts it together."""

from django.db import migrations

from core.lib.roles import everything, grant

JURY = [*everything("surveys.juror"), "surveys.view_recusal"]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0014_write_ins_and_jury")]
    operations = [
        grant(
            {
                "juror": ["surveys.judge_season"],
                "awards steward": JURY,
                "administrator": [*JURY, "surveys.judge_season"],
            }
        )
    ]
