import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0059_words_of_an_import"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="automation",
            name="automation_begins_known",
        ),
        migrations.AddField(
            model_name="automation",
            name="tag",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="automations",
                to="newsletter.subscribertag",
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="takes_present",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whoever has the tag, or is in the segment, when it looks for the first time; else only who comes later.",
                verbose_name="also who has it already",
            ),
        ),
        migrations.AlterField(
            model_name="automation",
            name="begins",
            field=models.CharField(
                choices=[
                    ("confirmed", "when a subscription is confirmed"),
                    ("quiet", "when a subscriber has been quiet for a while"),
                    ("tagged", "when a subscriber is given a tag"),
                    ("segment", "when a subscriber comes into the segment"),
                ],
                default="confirmed",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="automation",
            name="looks_at",
            field=models.DateTimeField(editable=False, help_text="When it looks next for those who enter.", null=True),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("unsubscribed", "Unsubscribed"),
                    ("suppressed", "no mail may be sent to the address"),
                    ("erased", "Erased"),
                    ("reading", "reads again"),
                    ("stayed", "asked to stay"),
                    ("segment", "came into the segment that leaves"),
                    ("fork", "left at a fork or an end"),
                    ("not_asked", "got no letter that asked whether to stay"),
                    ("ended", "the automation was ended"),
                    ("staff", "taken out by staff"),
                    ("before", "was there before it began"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("begins__in", ["confirmed", "quiet", "tagged", "segment"])),
                name="automation_begins_known",
            ),
        ),
    ]
