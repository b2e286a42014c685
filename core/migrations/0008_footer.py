"""The links at the foot of every page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_calendar_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="siteprofile",
            name="footer",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text='The footer\'s links: [{"heading": "Read", "label": "Research", "url": "/blog/category/research/"}]',
            ),
        ),
    ]
