"""Unsaved work of the staff on any edit page."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_staff_time_zone"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptWork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=80)),
                ("row", models.BigIntegerField(null=True)),
                ("sitting", models.UUIDField()),
                ("title", models.CharField(max_length=200)),
                ("extent", models.CharField(max_length=100)),
                ("words", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("base_version", models.PositiveIntegerField()),
                ("saved_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="core.keptwork"
                    ),
                ),
            ],
            options={
                "ordering": ["-saved_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("by", "page", "row", "sitting"), name="kept_work_once_a_sitting", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
