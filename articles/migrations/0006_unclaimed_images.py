"""When an image was uploaded at the desk, until something saved uses it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0005_drafts_that_were_sent_back")]
    operations = [
        migrations.AddField(
            model_name="imageasset",
            name="unclaimed_since",
            field=models.DateTimeField(
                editable=False,
                help_text="When it was uploaded at the desk; empty once something saved uses it.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="imageasset",
            index=models.Index(
                condition=models.Q(("unclaimed_since__isnull", False)),
                fields=["unclaimed_since"],
                name="image_unclaimed",
            ),
        ),
    ]
