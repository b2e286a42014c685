"""Mail that is composed as it is sent: its row holds what it is about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0005_searchable_words")]

    operations = [
        migrations.AddField(
            "outgoingmail",
            "about",
            models.BigIntegerField(
                help_text="Where the message is composed as it is sent: what it is about, a key that its kind knows.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "outgoingmail",
            models.CheckConstraint(
                condition=models.Q(about=None) | models.Q(state="queued", message=b""),
                name="mail_is_about_it_while_queued",
            ),
        ),
    ]
