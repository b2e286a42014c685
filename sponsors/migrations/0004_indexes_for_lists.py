"""Indexes for the lists of the admin: clicks by their verdict."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0003_what_never_changes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="adevent",
            index=models.Index(fields=["reason", "-id"], name="ad_event_by_reason"),
        ),
    ]
