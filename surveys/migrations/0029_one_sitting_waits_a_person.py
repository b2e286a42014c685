from django.db import migrations

# Of several that one key finished at the same moment, the last stays: it would have taken the place of the others.
_ONE = """
    DELETE FROM surveys_sitting AS sitting USING surveys_sitting AS other
    WHERE sitting.finished_on IS NOT NULL AND other.finished_on IS NOT NULL
    AND (other.survey_id, other.key) = (sitting.survey_id, sitting.key)
    AND (other.touched_at, other.id) > (sitting.touched_at, sitting.id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0028_what_surveys_hide"),
    ]

    operations = [migrations.RunSQL(_ONE, migrations.RunSQL.noop)]
