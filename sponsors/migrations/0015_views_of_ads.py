"""Views of ads as they come, a table for each day, their counts, corrections by hand, and final reports."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0014_facts_frozen"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AdRollUp",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("rolled_up_at", models.DateTimeField()),
                ("seconds", models.FloatField(help_text="How long it took.")),
            ],
            options={
                "default_permissions": (),
            },
        ),
        # Django knows nothing of partitions. The table of each day is made ahead of it (sponsors.view_partitions).
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="AdView",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day",
                                "claim_id",
                                "nonce",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("day", models.DateField()),
                        ("claim_id", models.BigIntegerField()),
                        (
                            "nonce",
                            models.BigIntegerField(
                                help_text="Tells views apart, so that a repeated beacon counts once."
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("visitor", models.BigIntegerField(help_text="Tells readers apart within the day.")),
                        (
                            "place",
                            models.BigIntegerField(
                                help_text="Tells addresses apart within the day; 0 for one that is not public."
                            ),
                        ),
                        (
                            "network",
                            models.BigIntegerField(
                                help_text="Tells networks apart within the day; 0 for one that is not public."
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "counted"),
                                    ("repeat", "Same reader again"),
                                    ("address", "Too many readers at one address"),
                                    ("network", "Too many readers in one network"),
                                    ("hosted", "From a data centre"),
                                    ("sponsor", "The sponsor’s own people"),
                                    ("head", "Asked for headers only"),
                                    ("prefetch", "Fetched ahead by a browser"),
                                    ("no agent", "No user agent"),
                                    ("scanner", "Crawler or link scanner"),
                                    ("staff", "Our own staff"),
                                    ("foreign", "Sent from another site"),
                                    ("test", "Test or preview"),
                                    ("too soon", "Before or within seconds of delivery"),
                                    ("burst", "Many links within seconds"),
                                    ("canary", "Followed a link nobody can see"),
                                    ("withdrawn", "Ad no longer approved or booked"),
                                    ("expired", "Long after its day"),
                                ],
                                max_length=10,
                            ),
                        ),
                    ],
                    options={
                        "db_table": "sponsors_adview",
                        "default_permissions": (),
                    },
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    """
                    CREATE TABLE sponsors_adview (
                        day date NOT NULL,
                        claim_id bigint NOT NULL,
                        nonce bigint NOT NULL,
                        at timestamptz NOT NULL,
                        visitor bigint NOT NULL,
                        place bigint NOT NULL,
                        network bigint NOT NULL,
                        reason varchar(10) NOT NULL,
                        PRIMARY KEY (day, claim_id, nonce)
                    ) PARTITION BY RANGE (day)
                    """,
                    "DROP TABLE sponsors_adview",
                )
            ],
        ),
        migrations.AlterField(
            model_name="adevent",
            name="found",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "counted"),
                    ("repeat", "Same reader again"),
                    ("address", "Too many readers at one address"),
                    ("network", "Too many readers in one network"),
                    ("hosted", "From a data centre"),
                    ("sponsor", "The sponsor’s own people"),
                    ("head", "Asked for headers only"),
                    ("prefetch", "Fetched ahead by a browser"),
                    ("no agent", "No user agent"),
                    ("scanner", "Crawler or link scanner"),
                    ("staff", "Our own staff"),
                    ("foreign", "Sent from another site"),
                    ("test", "Test or preview"),
                    ("too soon", "Before or within seconds of delivery"),
                    ("burst", "Many links within seconds"),
                    ("canary", "Followed a link nobody can see"),
                    ("withdrawn", "Ad no longer approved or booked"),
                    ("expired", "Long after its day"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="adevent",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "counted"),
                    ("repeat", "Same reader again"),
                    ("address", "Too many readers at one address"),
                    ("network", "Too many readers in one network"),
                    ("hosted", "From a data centre"),
                    ("sponsor", "The sponsor’s own people"),
                    ("head", "Asked for headers only"),
                    ("prefetch", "Fetched ahead by a browser"),
                    ("no agent", "No user agent"),
                    ("scanner", "Crawler or link scanner"),
                    ("staff", "Our own staff"),
                    ("foreign", "Sent from another site"),
                    ("test", "Test or preview"),
                    ("too soon", "Before or within seconds of delivery"),
                    ("burst", "Many links within seconds"),
                    ("canary", "Followed a link nobody can see"),
                    ("withdrawn", "Ad no longer approved or booked"),
                    ("expired", "Long after its day"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="verdictchange",
            name="became",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "counted"),
                    ("repeat", "Same reader again"),
                    ("address", "Too many readers at one address"),
                    ("network", "Too many readers in one network"),
                    ("hosted", "From a data centre"),
                    ("sponsor", "The sponsor’s own people"),
                    ("head", "Asked for headers only"),
                    ("prefetch", "Fetched ahead by a browser"),
                    ("no agent", "No user agent"),
                    ("scanner", "Crawler or link scanner"),
                    ("staff", "Our own staff"),
                    ("foreign", "Sent from another site"),
                    ("test", "Test or preview"),
                    ("too soon", "Before or within seconds of delivery"),
                    ("burst", "Many links within seconds"),
                    ("canary", "Followed a link nobody can see"),
                    ("withdrawn", "Ad no longer approved or booked"),
                    ("expired", "Long after its day"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="verdictchange",
            name="was",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "counted"),
                    ("repeat", "Same reader again"),
                    ("address", "Too many readers at one address"),
                    ("network", "Too many readers in one network"),
                    ("hosted", "From a data centre"),
                    ("sponsor", "The sponsor’s own people"),
                    ("head", "Asked for headers only"),
                    ("prefetch", "Fetched ahead by a browser"),
                    ("no agent", "No user agent"),
                    ("scanner", "Crawler or link scanner"),
                    ("staff", "Our own staff"),
                    ("foreign", "Sent from another site"),
                    ("test", "Test or preview"),
                    ("too soon", "Before or within seconds of delivery"),
                    ("burst", "Many links within seconds"),
                    ("canary", "Followed a link nobody can see"),
                    ("withdrawn", "Ad no longer approved or booked"),
                    ("expired", "Long after its day"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="SponsorReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                (
                    "document",
                    models.TextField(
                        help_text="JSON with sorted keys and no spaces: what the hash is over, byte for byte."
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("why", models.CharField(blank=True, help_text="What a correction corrects.", max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="sponsors.booking"
                    ),
                ),
            ],
            options={
                "ordering": ["booking", "-version"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="AdDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "counted"),
                            ("repeat", "Same reader again"),
                            ("address", "Too many readers at one address"),
                            ("network", "Too many readers in one network"),
                            ("hosted", "From a data centre"),
                            ("sponsor", "The sponsor’s own people"),
                            ("head", "Asked for headers only"),
                            ("prefetch", "Fetched ahead by a browser"),
                            ("no agent", "No user agent"),
                            ("scanner", "Crawler or link scanner"),
                            ("staff", "Our own staff"),
                            ("foreign", "Sent from another site"),
                            ("test", "Test or preview"),
                            ("too soon", "Before or within seconds of delivery"),
                            ("burst", "Many links within seconds"),
                            ("canary", "Followed a link nobody can see"),
                            ("withdrawn", "Ad no longer approved or booked"),
                            ("expired", "Long after its day"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="view_days", to="sponsors.claim"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("day", "claim", "reason"), name="ad_day_once")],
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("view", "View"), ("click", "Click")], max_length=5)),
                ("number", models.IntegerField(help_text="How many more; below zero, how many less.")),
                (
                    "words",
                    models.CharField(
                        help_text="The sponsor reads it in the report.", max_length=200, verbose_name="why"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="sponsors.claim"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": ("add", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["view", "click"])), name="adjustment_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number", 0), _negated=True), name="adjustment_not_nothing"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="adjustment_says_why"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="adjustment",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Adjustments are never changed or deleted: make another one.' USING ERRCODE = 'restrict_violation';",
                    hash="c491fcaf13a3d4fca1981feb8891fb24ea13636d",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_55a50",
                    table="sponsors_adjustment",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsorreport",
            constraint=models.UniqueConstraint(fields=("booking", "version"), name="sponsor_report_version_once"),
        ),
        migrations.AddConstraint(
            model_name="sponsorreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("version", 1), models.Q(("why", ""), _negated=True), _connector="OR"),
                name="sponsor_report_correction_says_why",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sponsorreport",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Final reports are never changed or deleted: a correction is a new version.' USING ERRCODE = 'restrict_violation';",
                    hash="e44f86981616897da4375b1755215b523310c329",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_a6b59",
                    table="sponsors_sponsorreport",
                    when="BEFORE",
                ),
            ),
        ),
    ]
