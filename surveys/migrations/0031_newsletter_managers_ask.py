"""Newsletter managers put questions into briefings: they make and change surveys, and read no single answer."""

from django.db import migrations

from core.lib.roles import grant


class Migration(migrations.Migration):
    dependencies = [("surveys", "0030_one_waits_a_person")]
    operations = [
        grant({"newsletter manager": ["surveys.view_survey", "surveys.add_survey", "surveys.change_survey"]}),
    ]
