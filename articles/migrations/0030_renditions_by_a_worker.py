from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0029_roles_of_imports")]

    operations = [
        migrations.AddField(
            model_name="imageasset",
            name="renditions_due",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, help_text="A worker is still to make them."
            ),
        ),
        migrations.AddIndex(
            model_name="imageasset",
            index=models.Index(
                condition=models.Q(("renditions_due", True)), fields=["id"], name="image_renditions_due"
            ),
        ),
    ]
