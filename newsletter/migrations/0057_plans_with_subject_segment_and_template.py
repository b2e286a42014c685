import django.db.models.deletion
from django.db import migrations, models

import newsletter.models.plans


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0056_answers_to_a_newsletter"),
    ]

    operations = [
        migrations.AddField(
            model_name="briefingplan",
            name="segment",
            field=models.ForeignKey(
                blank=True,
                help_text="Only its subscribers who are in this segment get it; empty: all.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="newsletter.segment",
            ),
        ),
        migrations.AddField(
            model_name="briefingplan",
            name="subject",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="{title} is the first article’s title, {weekday} and {day} are those on which it is drafted; empty: the title. Personal words stand here as in a briefing.",
                max_length=150,
                validators=[newsletter.models.plans.check_subject],
            ),
        ),
        migrations.AddField(
            model_name="briefingplan",
            name="template",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the newsletter’s default.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="newsletter.mailtemplate",
            ),
        ),
    ]
