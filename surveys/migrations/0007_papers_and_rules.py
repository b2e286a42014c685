"""Ballot papers and withdrawals in the ledger, rules that official counts need, weighted ballots, withheld imports."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import surveys.models.tallies


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0006_no_open_choices"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name="tally", name="frozen"),  # it holds columns whose type changes
        pgtrigger.migrations.RemoveTrigger(
            model_name="ballot",
            name="frozen",
        ),
        migrations.RemoveConstraint(
            model_name="awardcategory",
            name="category_rules_known",
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="ledger_void_is_stated",
        ),
        migrations.RemoveIndex(
            model_name="ledgerentry",
            name="ledger_voids",
        ),
        migrations.AddField(
            model_name="awardcategory",
            name="duplicate",
            field=models.CharField(
                choices=[("skip", "is passed over"), ("exhaust", "ends the ballot")],
                default="skip",
                help_text="Instant runoff: the same name at a second rank.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="awardcategory",
            name="ties",
            field=models.CharField(
                choices=[
                    ("shared", "are shared"),
                    ("lot", "are decided by lot, drawn and published when voting opens"),
                ],
                default="shared",
                help_text="Equal counts that no rule of the method decides.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="awardcategory",
            name="write_ins",
            field=models.CharField(
                choices=[("count", "are counted like a nominee"), ("first", "are eliminated in the first round")],
                default="count",
                help_text="Instant runoff.",
                max_length=10,
                verbose_name="write-ins",
            ),
        ),
        migrations.AddField(
            model_name="ballot",
            name="weight",
            field=models.DecimalField(
                decimal_places=6,
                help_text="Of an imported ballot that counts other than once.",
                max_digits=13,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="nominee",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Why is said in the ledger; the name is struck from all ballots.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="season",
            name="is_withheld",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Imported, and not yet shown to readers.",
                verbose_name="withheld",
            ),
        ),
        migrations.AddField(
            model_name="treehead",
            name="number",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="treehead",
            name="statements",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="awardcategory",
            name="overvote",
            field=models.CharField(
                choices=[
                    ("exhaust", "ends the ballot"),
                    ("continuing", "ends the ballot where two or more of them are still in"),
                    ("skip", "is passed over"),
                ],
                default="exhaust",
                help_text="Instant runoff: two choices at one rank.",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("cast", "Cast"),
                    ("paper", "Paper"),
                    ("void", "Void"),
                    ("withdrawal", "Withdrawal"),
                    ("result", "Result"),
                ],
                default="cast",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="tally",
            name="ballots",
            field=surveys.models.tallies.CountField(decimal_places=6, help_text="Ballots counted.", max_digits=18),
        ),
        migrations.AlterField(
            model_name="tally",
            name="base",
            field=surveys.models.tallies.CountField(
                decimal_places=6, help_text="What shares are shares of: the ballots that name a choice.", max_digits=18
            ),
        ),
        migrations.AlterField(
            model_name="tally",
            name="detail",
            field=models.JSONField(default=dict, help_text="Rounds, pairwise counts and ties, where there are any."),
        ),
        migrations.AlterField(
            model_name="tallyrow",
            name="count",
            field=surveys.models.tallies.CountField(decimal_places=6, max_digits=18),
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
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind", "cast"), _negated=True),
                fields=["season", "index"],
                name="ledger_statements",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="awardcategory",
            trigger=pgtrigger.compiler.Trigger(
                name="on_paper",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."method" IS DISTINCT FROM (NEW."method") OR OLD."takes_write_in" IS DISTINCT FROM (NEW."takes_write_in") OR OLD."overvote" IS DISTINCT FROM (NEW."overvote") OR OLD."max_skips" IS DISTINCT FROM (NEW."max_skips") OR OLD."max_ranks" IS DISTINCT FROM (NEW."max_ranks") OR OLD."unranked" IS DISTINCT FROM (NEW."unranked") OR OLD."duplicate" IS DISTINCT FROM (NEW."duplicate") OR OLD."write_ins" IS DISTINCT FROM (NEW."write_ins") OR OLD."ties" IS DISTINCT FROM (NEW."ties"))',
                    func="IF EXISTS (SELECT FROM surveys_season season WHERE season.state NOT IN ('draft', 'nominating') AND season.id = OLD.season_id) THEN RAISE EXCEPTION 'Voting has opened: what stands on the ballot paper is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="11811783f83b18296b6a8d6bd34a043625411800",
                    operation="UPDATE",
                    pgid="pgtrigger_on_paper_69129",
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
                    condition='WHEN (OLD."category_id" IS DISTINCT FROM (NEW."category_id") OR OLD."choice" IS DISTINCT FROM (NEW."choice") OR OLD."nonce" IS DISTINCT FROM (NEW."nonce") OR OLD."leaf_hash" IS DISTINCT FROM (NEW."leaf_hash") OR OLD."weight" IS DISTINCT FROM (NEW."weight"))',
                    func="RAISE EXCEPTION 'What a ballot says is kept for good.' USING ERRCODE = 'restrict_violation';",
                    hash="5bad44deb5bb4f467aed2c8d4e41a7d0237dcb70",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_9dfcd",
                    table="surveys_ballot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nominee",
            trigger=pgtrigger.compiler.Trigger(
                name="on_paper",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."url" IS DISTINCT FROM (NEW."url"))',
                    func="IF EXISTS (SELECT FROM surveys_season season WHERE season.state NOT IN ('draft', 'nominating') AND season.id = (SELECT season_id FROM surveys_awardcategory WHERE id = OLD.category_id)) THEN RAISE EXCEPTION 'Voting has opened: what stands on the ballot paper is kept for good.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="373c21f17da38b1df6416d0c769b1db2210678b5",
                    operation="UPDATE",
                    pgid="pgtrigger_on_paper_b67e9",
                    table="surveys_nominee",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="season",
            trigger=pgtrigger.compiler.Trigger(
                name="on_paper",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" IN (\'draft\', \'nominating\')) AND (OLD."slug" IS DISTINCT FROM (NEW."slug") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."rules_version" IS DISTINCT FROM (NEW."rules_version") OR OLD."rules_html" IS DISTINCT FROM (NEW."rules_html")))',
                    func="RAISE EXCEPTION 'Voting has opened: what stands on the ballot paper is kept for good.' USING ERRCODE = 'restrict_violation';",
                    hash="667a787b824118859f0328a736d5e59037e2fec5",
                    operation="UPDATE",
                    pgid="pgtrigger_on_paper_c05a3",
                    table="surveys_season",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="awardcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("overvote__in", ["exhaust", "continuing", "skip"]),
                    ("unranked__in", ["last", "no-opinion"]),
                    ("duplicate__in", ["skip", "exhaust"]),
                    ("write_ins__in", ["count", "first"]),
                    ("ties__in", ["shared", "lot"]),
                ),
                name="category_rules_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight", None), ("weight__gt", 0), _connector="OR"),
                name="ballot_weight_is_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cast"), ("statement__isnull", True)),
                    models.Q(("kind__in", ["paper", "void", "withdrawal", "result"]), ("statement__isnull", False)),
                    _connector="OR",
                ),
                name="ledger_all_but_ballots_is_stated",
            ),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gte", 0)), name="tally_row_count_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="treehead",
            constraint=models.UniqueConstraint(fields=("season", "number"), name="tree_head_number_unique_in_season"),
        ),
    ]
