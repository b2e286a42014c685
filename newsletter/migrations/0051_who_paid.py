from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0050_notices_of_ads"),
    ]

    operations = [
        migrations.AddField(
            model_name="briefing",
            name="paid",
            field=models.JSONField(
                editable=False,
                help_text="Who paid us and is named (articles.paid), since it was frozen; empty: nobody has looked yet.",
                null=True,
            ),
        ),
    ]
