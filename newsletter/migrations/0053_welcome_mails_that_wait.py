from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0052_looks_of_what_was_frozen"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="welcome_due_at",
            field=models.DateTimeField(editable=False, help_text="Since when it waits for a decision.", null=True),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("welcome_due_at__isnull", False)),
                fields=["newsletter"],
                name="subscription_welcome_due",
            ),
        ),
    ]
