"""Views of pages as they come, a table for each day, and the counts that are made of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0011_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="DayFigures",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("views", models.PositiveBigIntegerField()),
                ("visitors", models.PositiveBigIntegerField()),
                ("hours", models.JSONField(help_text="Views in each of the 24 hours.")),
                ("rolled_up_at", models.DateTimeField()),
                ("seconds", models.FloatField(help_text="How long making the counts took.")),
            ],
            options={
                "verbose_name": "day of readers’ figures",
                "verbose_name_plural": "readers’ figures",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="DaySalt",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField(max_length=32)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        # Django knows nothing of partitions. The table of each day is made ahead of it (articles.readership.raw).
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PageView",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day", "visitor", "nonce", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("day", models.DateField()),
                        ("visitor", models.BigIntegerField(help_text="Tells visitors apart within the day.")),
                        (
                            "nonce",
                            models.BigIntegerField(
                                help_text="Tells the views of a visitor apart, so that a repeated beacon counts once."
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("path", models.CharField(max_length=200)),
                        ("article_id", models.BigIntegerField(null=True)),
                        (
                            "source",
                            models.CharField(
                                blank=True, help_text="The host of the page that led here.", max_length=100
                            ),
                        ),
                        (
                            "campaign",
                            models.CharField(blank=True, help_text="What the link said in utm_….", max_length=200),
                        ),
                        (
                            "depth",
                            models.PositiveSmallIntegerField(
                                default=0, help_text="How many quarters of the page were in view."
                            ),
                        ),
                    ],
                    options={
                        "db_table": "articles_pageview",
                        "default_permissions": (),
                    },
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    """
                    CREATE TABLE articles_pageview (
                        day date NOT NULL,
                        visitor bigint NOT NULL,
                        nonce bigint NOT NULL,
                        at timestamptz NOT NULL,
                        path varchar(200) NOT NULL,
                        article_id bigint,
                        source varchar(100) NOT NULL,
                        campaign varchar(200) NOT NULL,
                        depth smallint NOT NULL CHECK (depth BETWEEN 0 AND 4),
                        PRIMARY KEY (day, visitor, nonce)
                    ) PARTITION BY RANGE (day)
                    """,
                    "DROP TABLE articles_pageview",
                ),
            ],
        ),
        # No backup has an unlogged table's rows, and a salt is to be forgotten.
        migrations.RunSQL("ALTER TABLE articles_daysalt SET UNLOGGED", "ALTER TABLE articles_daysalt SET LOGGED"),
        migrations.CreateModel(
            name="LeftOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("asked", "asked not to be tracked"),
                            ("staff", "staff signed in"),
                            ("bot", "bots"),
                            ("malformed", "malformed or too large"),
                            ("foreign", "sent from other sites"),
                            ("burst", "too many from one place"),
                            ("no page", "no page of ours"),
                            ("full", "more than could be written"),
                        ],
                        max_length=20,
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("day", "reason"), name="left_out_once")],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=40)),
                ("visitor", models.BigIntegerField()),
                ("path", models.CharField(blank=True, help_text="The page on which it was done.", max_length=200)),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("day", "visitor", "kind"), name="outcome_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="CampaignFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("path", models.CharField(max_length=200)),
                ("views", models.PositiveBigIntegerField()),
                ("visitors", models.PositiveBigIntegerField()),
                ("campaign", models.CharField(max_length=200)),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "indexes": [models.Index(fields=["article", "day"], name="campaign_figures_of_article")],
                "constraints": [
                    models.UniqueConstraint(fields=("day", "path", "campaign"), name="campaign_figures_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OutcomeFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=40)),
                ("path", models.CharField(blank=True, max_length=200)),
                ("source", models.CharField(blank=True, max_length=100)),
                ("campaign", models.CharField(blank=True, max_length=200)),
                ("visitors", models.PositiveBigIntegerField()),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["article", "day"], name="outcome_figures_of_article")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "kind", "path", "source", "campaign"), name="outcome_figures_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PageFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("path", models.CharField(max_length=200)),
                ("views", models.PositiveBigIntegerField()),
                ("visitors", models.PositiveBigIntegerField()),
                ("quarter_1", models.PositiveBigIntegerField()),
                ("quarter_2", models.PositiveBigIntegerField()),
                ("quarter_3", models.PositiveBigIntegerField()),
                ("quarter_4", models.PositiveBigIntegerField()),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "indexes": [models.Index(fields=["article", "day"], name="page_figures_of_article")],
                "constraints": [models.UniqueConstraint(fields=("day", "path"), name="page_figures_once")],
            },
        ),
        migrations.CreateModel(
            name="SourceFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("path", models.CharField(max_length=200)),
                ("views", models.PositiveBigIntegerField()),
                ("visitors", models.PositiveBigIntegerField()),
                ("source", models.CharField(blank=True, max_length=100)),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "indexes": [models.Index(fields=["article", "day"], name="source_figures_of_article")],
                "constraints": [models.UniqueConstraint(fields=("day", "path", "source"), name="source_figures_once")],
            },
        ),
    ]
