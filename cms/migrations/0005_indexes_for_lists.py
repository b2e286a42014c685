"""Indexes for the lists of the admin: who was written to, what for, and what failed."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0004_webhook_roles"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["-created_at"], name="mail_failed"),
        ),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(fields=["kind", "-created_at"], name="mail_kind"),
        ),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("recipient"), "text_pattern_ops"
                ),
                name="mail_recipient",
            ),
        ),
    ]
