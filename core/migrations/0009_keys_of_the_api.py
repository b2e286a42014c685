"""Keys of the API, and what it answered to writes that may come again."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0008_footer"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="A digest of who asked, of what, and the key.",
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("asked", models.CharField(help_text="A digest of what was sent.", max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField(default=bytes)),
                ("made_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="is_service",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Acts by keys of the API, and cannot sign in.",
                verbose_name="is a program",
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="What uses it, such as “release script”.", max_length=80)),
                ("prefix", models.CharField(editable=False, max_length=8, unique=True, verbose_name="begins with")),
                ("digest", models.CharField(editable=False, max_length=150)),
                ("scopes", models.JSONField(default=list, verbose_name="may")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "ordering": ["-made_at", "-pk"],
            },
        ),
    ]
