from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0051_who_paid"),
    ]

    operations = [
        migrations.AddField(
            model_name="briefing",
            name="look",
            field=models.JSONField(
                editable=False,
                help_text="The look and the sender (sending.looks) it was frozen with; empty: as they are today.",
                null=True,
            ),
        ),
    ]
