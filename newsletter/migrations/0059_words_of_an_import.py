from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0058_first_names_in_forms"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscriberimport",
            name="words",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="What was said by hand of words of a status that are not known.",
            ),
        ),
    ]
