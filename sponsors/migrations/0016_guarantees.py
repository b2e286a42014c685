"""What is guaranteed of places, and make-goods of those that stayed below."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0015_views_of_ads"),
    ]

    operations = [
        migrations.AddField(
            model_name="makegood",
            name="is_short",
            field=models.BooleanField(
                default=False, help_text="It ran, and its place got less than was guaranteed, all its days together."
            ),
        ),
        migrations.AddField(
            model_name="packageitem",
            name="guarantee",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Views, in mails messages delivered, of all its days together. What stays below is to be made good. Empty: none.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
    ]
