"""Counts of requests for ballots by domain and network, and mailboxes that have several addresses."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0002_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailboxName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                ("mailbox_key", models.BinaryField(help_text="An HMAC under the season's pepper.")),
                ("voter_key", models.BinaryField()),
                (
                    "season",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mailbox_names",
                        to="surveys.season",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("season", "mailbox_key", "voter_key"), name="mailbox_name_once"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("mailbox_key"), 32
                        ),
                        name="mailbox_key_is_32_bytes",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("voter_key"), 32
                        ),
                        name="mailbox_voter_key_is_32_bytes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("kind", models.CharField(choices=[("domain", "Domain"), ("network", "Network")], max_length=10)),
                ("value", models.CharField(max_length=255)),
                ("slot", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField()),
                (
                    "season",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="request_counts",
                        to="surveys.season",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("season", "day", "kind", "value", "slot"), name="request_count_once_a_slot"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["domain", "network"])), name="request_count_kind_known"
                    ),
                ],
            },
        ),
    ]
