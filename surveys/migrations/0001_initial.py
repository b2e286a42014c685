import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AwardCategory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60)),
                ("title", models.CharField(max_length=120)),
                ("description", models.CharField(blank=True, max_length=300)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("plurality", "Plurality: one choice, most votes win"),
                            ("approval", "Approval: any number of choices, most votes win"),
                            ("irv", "Instant runoff"),
                            ("schulze", "Schulze (Condorcet)"),
                            ("score", "Score"),
                        ],
                        default="plurality",
                        max_length=10,
                    ),
                ),
                (
                    "takes_write_in",
                    models.BooleanField(
                        default=False,
                        help_text="A last choice for voters who miss their nominee.",
                        verbose_name="offers “another”",
                    ),
                ),
                (
                    "overvote",
                    models.CharField(
                        choices=[("exhaust", "ends the ballot"), ("skip", "is passed over")],
                        default="exhaust",
                        help_text="Instant runoff: two choices at one rank.",
                        max_length=10,
                    ),
                ),
                (
                    "max_skips",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Instant runoff: empty ranks in a row before a ballot ends. Empty: any number.",
                        null=True,
                    ),
                ),
                (
                    "max_ranks",
                    models.PositiveSmallIntegerField(blank=True, help_text="Ranks counted. Empty: all.", null=True),
                ),
                (
                    "unranked",
                    models.CharField(
                        choices=[("last", "count as last"), ("no-opinion", "are not compared")],
                        default="last",
                        help_text="Schulze: nominees a ballot does not rank.",
                        max_length=10,
                    ),
                ),
                ("ordering", models.PositiveSmallIntegerField(default=0)),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                ("released_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name_plural": "award categories",
                "ordering": ["ordering", "id"],
            },
        ),
        migrations.CreateModel(
            name="Ballot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("voter_key", models.BinaryField(help_text="Replaced by random bytes after the appeal window.")),
                ("choice", models.JSONField()),
                ("nonce", models.BinaryField()),
                ("leaf_hash", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[("cast", "Cast"), ("quarantined", "Held for review"), ("void", "Void")],
                        default="cast",
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="Why it is held or void; published.", max_length=200),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ballots",
                        to="surveys.awardcategory",
                    ),
                ),
            ],
            options={
                "ordering": ["leaf_hash"],
            },
        ),
        migrations.CreateModel(
            name="UnsealedBallot",
            fields=[
                (
                    "ballot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unsealed",
                        serialize=False,
                        to="surveys.ballot",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Nomination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("url", models.URLField(blank=True, verbose_name="website")),
                ("reason", models.TextField(blank=True, max_length=1000)),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "New"), ("shortlisted", "Shortlisted"), ("declined", "Declined")],
                        default="new",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nominations",
                        to="surveys.awardcategory",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Nominee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(help_text="Fixed once voting has opened: ballots hold it.", max_length=80)),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                ("url", models.URLField(blank=True, verbose_name="website")),
                ("image", models.ImageField(blank=True, upload_to="nominees/")),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="nominees", to="surveys.awardcategory"
                    ),
                ),
            ],
            options={
                "ordering": ["category", "name"],
            },
        ),
        migrations.CreateModel(
            name="Season",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(
                        help_text="Fixed once voting has opened: it is in every leaf.", max_length=60, unique=True
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "standfirst",
                    models.CharField(blank=True, help_text="What the season is about, in a sentence.", max_length=300),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("nominating", "Nominations open"),
                            ("voting", "Voting"),
                            ("closed", "Voting closed"),
                            ("released", "Results released"),
                            ("archived", "Archived"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="voting opens")),
                ("closes_at", models.DateTimeField(blank=True, null=True, verbose_name="voting closes")),
                ("opened_at", models.DateTimeField(editable=False, null=True)),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                ("released_at", models.DateTimeField(editable=False, null=True)),
                (
                    "rules_version",
                    models.CharField(default="1", help_text="Change it with every change of the rules.", max_length=20),
                ),
                ("rules_html", models.TextField(blank=True, verbose_name="rules")),
                (
                    "disclosure_html",
                    models.TextField(
                        blank=True,
                        help_text="Who pays for the season, and what the newsroom has to do with nominees.",
                        verbose_name="disclosure",
                    ),
                ),
                ("is_imported", models.BooleanField(default=False, editable=False, verbose_name="imported")),
                ("imported_from", models.CharField(blank=True, editable=False, max_length=200)),
                ("pepper_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": [models.OrderBy(models.F("opens_at"), descending=True, nulls_last=True), "-id"],
                "permissions": [("release_season", "Can release results")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slug__in", ["ballot", "receipt"]), _negated=True),
                        name="season_slug_not_reserved",
                        violation_error_message="This slug is an address of the awards pages. Choose another.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "nominating", "voting", "closed", "released", "archived"])
                        ),
                        name="season_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens_at__isnull", True),
                            ("closes_at__isnull", True),
                            ("closes_at__gt", models.F("opens_at")),
                            _connector="OR",
                        ),
                        name="season_closes_after_opening",
                        violation_error_message="Voting has to close after it opens.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "voting"), _negated=True),
                            models.Q(("closes_at__isnull", False), ("opens_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="season_voting_has_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["released", "archived"]), _negated=True),
                            models.Q(("closed_at__isnull", False), ("released_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="season_released_has_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingBallot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("voter_key", models.BinaryField()),
                ("choices", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "season",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pending_ballots", to="surveys.season"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveBigIntegerField()),
                ("kind", models.CharField(choices=[("cast", "Cast"), ("void", "Void")], default="cast", max_length=10)),
                ("leaf_hash", models.BinaryField()),
                ("statement", models.JSONField(null=True)),
                (
                    "season",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="surveys.season",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "ordering": ["season", "index"],
            },
        ),
        migrations.AddField(
            model_name="awardcategory",
            name="season",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="categories", to="surveys.season"
            ),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("plurality", "Plurality: one choice, most votes win"),
                            ("approval", "Approval: any number of choices, most votes win"),
                            ("irv", "Instant runoff"),
                            ("schulze", "Schulze (Condorcet)"),
                            ("score", "Score"),
                        ],
                        max_length=10,
                    ),
                ),
                ("rules_version", models.CharField(max_length=20)),
                ("ballots", models.PositiveIntegerField(help_text="Ballots counted.")),
                (
                    "base",
                    models.PositiveIntegerField(help_text="What shares are shares of: the ballots that name a choice."),
                ),
                (
                    "detail",
                    models.JSONField(default=dict, help_text="Rounds and pairwise counts, where the method has them."),
                ),
                (
                    "reconciliation",
                    models.JSONField(help_text="How many ballots were confirmed, held, void and counted."),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "category",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tally", to="surveys.awardcategory"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tallies",
                "ordering": ["-made_at"],
            },
        ),
        migrations.CreateModel(
            name="TallyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        help_text="Equal counts share a rank; what is written in has none.", null=True
                    ),
                ),
                ("count", models.PositiveIntegerField()),
                ("is_winner", models.BooleanField(default=False)),
                ("ordering", models.PositiveSmallIntegerField()),
                (
                    "nominee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.nominee",
                    ),
                ),
                (
                    "tally",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="surveys.tally",
                    ),
                ),
            ],
            options={
                "ordering": ["tally", "ordering"],
            },
        ),
        migrations.CreateModel(
            name="TreeHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField()),
                ("root_hash", models.BinaryField()),
                ("frontier", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
                ("signature", models.BinaryField()),
                ("public_key", models.BinaryField()),
                (
                    "season",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tree_heads",
                        to="surveys.season",
                    ),
                ),
            ],
            options={
                "ordering": ["season", "-size"],
            },
        ),
        migrations.AddField(
            model_name="tally",
            name="tree_head",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tallies", to="surveys.treehead"
            ),
        ),
        migrations.AddIndex(
            model_name="ballot",
            index=models.Index(
                condition=models.Q(("state", "cast"), _negated=True),
                fields=["state", "leaf_hash"],
                name="ballot_not_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(
                fields=("category", "voter_key"),
                name="ballot_one_per_voter_and_category",
                violation_error_message="This voter has voted in this category.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(fields=("nonce",), name="ballot_nonce_unique"),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(fields=("leaf_hash",), name="ballot_leaf_unique"),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["cast", "quarantined", "void"])), name="ballot_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "cast"), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="ballot_held_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("voter_key"), 32),
                name="ballot_voter_key_is_32_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("nonce"), 16),
                name="ballot_nonce_is_16_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("leaf_hash"), 32),
                name="ballot_leaf_is_32_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="nomination",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["new", "shortlisted", "declined"])), name="nomination_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="nominee",
            constraint=models.UniqueConstraint(fields=("category", "slug"), name="nominee_slug_unique_in_category"),
        ),
        migrations.AddConstraint(
            model_name="nominee",
            constraint=models.UniqueConstraint(
                models.F("category"),
                django.db.models.functions.text.Lower("name"),
                name="nominee_name_unique_in_category",
                violation_error_message="This category has a nominee of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="nominee",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__in", ["write-in", "overvote", "undervote"]), _negated=True),
                name="nominee_slug_not_reserved",
                violation_error_message="This slug means something else on a ballot. Choose another.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingballot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("voter_key"), 32),
                name="pending_voter_key_is_32_bytes",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(condition=models.Q(("kind", "void")), fields=["season", "index"], name="ledger_voids"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(fields=("season", "index"), name="ledger_index_unique_in_season"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(fields=("leaf_hash",), name="ledger_leaf_unique"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("leaf_hash"), 32),
                name="ledger_leaf_is_32_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cast"), ("statement__isnull", True)),
                    models.Q(("kind", "void"), ("statement__isnull", False)),
                    _connector="OR",
                ),
                name="ledger_void_is_stated",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.UniqueConstraint(fields=("season", "slug"), name="category_slug_unique_in_season"),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__in", ["ballots", "ledger", "nominate", "verify", "vote"]), _negated=True),
                name="category_slug_not_reserved",
                violation_error_message="This slug is an address of the awards pages. Choose another.",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["plurality", "approval", "irv", "schulze", "score"])),
                name="category_method_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("overvote__in", ["exhaust", "skip"]), ("unranked__in", ["last", "no-opinion"])),
                name="category_rules_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_ranks__isnull", True), ("max_ranks__gte", 1), _connector="OR"),
                name="category_counts_a_rank",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_at__isnull", True), ("closed_at__isnull", False), _connector="OR"),
                name="category_released_is_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.UniqueConstraint(fields=("tally", "ordering"), name="tally_row_ordering_unique"),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.UniqueConstraint(fields=("tally", "nominee"), name="tally_row_once_per_nominee"),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("nominee__isnull", True)), fields=("tally",), name="tally_row_one_for_write_ins"
            ),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_winner", False), ("rank", 1), _connector="OR"), name="tally_row_winner_is_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="treehead",
            constraint=models.UniqueConstraint(fields=("season", "size"), name="tree_head_unique_in_season"),
        ),
        migrations.AddConstraint(
            model_name="treehead",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("root_hash"), 32),
                name="tree_head_root_is_32_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="treehead",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("signature"), 64),
                name="tree_head_signature_is_64_bytes",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="awardcategory",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."slug" IS DISTINCT FROM (NEW."slug") OR OLD."season_id" IS DISTINCT FROM (NEW."season_id"))',
                    func="IF EXISTS (SELECT FROM surveys_ballot WHERE category_id = OLD.id) THEN RAISE EXCEPTION 'Ballots hold this slug, so it is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="51e181cb8929700eb6d372206c5d3d0cb28e68c9",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_b7321",
                    table="surveys_awardcategory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ballot",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."category_id" IS DISTINCT FROM (NEW."category_id") OR OLD."choice" IS DISTINCT FROM (NEW."choice") OR OLD."nonce" IS DISTINCT FROM (NEW."nonce") OR OLD."leaf_hash" IS DISTINCT FROM (NEW."leaf_hash"))',
                    func="RAISE EXCEPTION 'What a ballot says is kept for good.' USING ERRCODE = 'restrict_violation';",
                    hash="df3418aecae32550d4770602818acd2c5b772ebf",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_9dfcd",
                    table="surveys_ballot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ballot",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Ballots are kept for good.' USING ERRCODE = 'restrict_violation';",
                    hash="29d7ee7b29448045c20500fb84d5fd35dd62e5c2",
                    level="STATEMENT",
                    operation="DELETE OR TRUNCATE",
                    pgid="pgtrigger_never_deleted_32bdd",
                    table="surveys_ballot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'The ledger is kept for good: its entries are never changed or deleted.' USING ERRCODE = 'restrict_violation';",
                    hash="d7ef2ab0cd7c071849f13f258d5fb935f1f8168b",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_7af9f",
                    table="surveys_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nominee",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."slug" IS DISTINCT FROM (NEW."slug") OR OLD."category_id" IS DISTINCT FROM (NEW."category_id"))',
                    func="IF EXISTS (SELECT FROM surveys_ballot WHERE category_id = OLD.category_id) THEN RAISE EXCEPTION 'Ballots hold this slug, so it is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="9a73d1f5be767bd14adc6012712f050776b1656c",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_9ad0a",
                    table="surveys_nominee",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nominee",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM surveys_ballot WHERE category_id = OLD.category_id) THEN RAISE EXCEPTION 'Ballots hold this slug, so it is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="d080828de6d34ec118b1f386798ced0f515a09ae",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_9958e",
                    table="surveys_nominee",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="season",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."slug" IS DISTINCT FROM (NEW."slug"))',
                    func="IF EXISTS (SELECT FROM surveys_ballot JOIN surveys_awardcategory category ON category.id = category_id WHERE category.season_id = OLD.id) THEN RAISE EXCEPTION 'Ballots hold this slug, so it is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="32e457152d365a315c63f2c5dae3df4444a72123",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_15dfc",
                    table="surveys_season",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tally",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."category_id" IS DISTINCT FROM (NEW."category_id") OR OLD."tree_head_id" IS DISTINCT FROM (NEW."tree_head_id") OR OLD."method" IS DISTINCT FROM (NEW."method") OR OLD."rules_version" IS DISTINCT FROM (NEW."rules_version") OR OLD."ballots" IS DISTINCT FROM (NEW."ballots") OR OLD."base" IS DISTINCT FROM (NEW."base") OR OLD."detail" IS DISTINCT FROM (NEW."detail") OR OLD."reconciliation" IS DISTINCT FROM (NEW."reconciliation") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at"))',
                    func="IF EXISTS (SELECT FROM surveys_awardcategory WHERE id = OLD.category_id AND released_at IS NOT NULL) THEN RAISE EXCEPTION 'A released tally is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="91b2841c5b17d228b5622c62d7ccc1a47c400548",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_de5e6",
                    table="surveys_tally",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tally",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM surveys_awardcategory WHERE id = OLD.category_id AND released_at IS NOT NULL) THEN RAISE EXCEPTION 'A released tally is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="afc724d26ffa61db8d7098029597a1e8df2510d7",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_4d291",
                    table="surveys_tally",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tallyrow",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM surveys_tally tally JOIN surveys_awardcategory category ON category.id = tally.category_id WHERE category.released_at IS NOT NULL AND tally.id IN (OLD.tally_id, NEW.tally_id)) THEN RAISE EXCEPTION 'A released tally is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="ad1dab1431e3628a9b293638f046d555bbdebd5d",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_78078",
                    table="surveys_tallyrow",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tallyrow",
            trigger=pgtrigger.compiler.Trigger(
                name="never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'A released tally is kept for good.' USING ERRCODE = 'restrict_violation';",
                    hash="fe16cb4fdc3b539ebf32089e5556ca7b0c2471c7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_truncated_73e81",
                    table="surveys_tallyrow",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treehead",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Signed tree heads are kept for good: they are never changed or deleted.' USING ERRCODE = 'restrict_violation';",
                    hash="2dddb47ff867f81c486481e2f54fd3cd72ffcb02",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_4774a",
                    table="surveys_treehead",
                    when="BEFORE",
                ),
            ),
        ),
    ]
