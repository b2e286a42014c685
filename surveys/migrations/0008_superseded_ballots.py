"""Ballots that a later vote of the same voter supersedes, and the ledger's statements of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0007_papers_and_rules"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ballot",
            name="ballot_one_per_voter_and_category",
        ),
        migrations.RemoveConstraint(
            model_name="ballot",
            name="ballot_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="ledger_all_but_ballots_is_stated",
        ),
        migrations.AlterField(
            model_name="ballot",
            name="state",
            field=models.CharField(
                choices=[
                    ("cast", "Cast"),
                    ("quarantined", "Held for review"),
                    ("void", "Void"),
                    ("superseded", "Superseded"),
                ],
                default="cast",
                max_length=12,
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
                    ("superseded", "Superseded"),
                    ("withdrawal", "Withdrawal"),
                    ("result", "Result"),
                ],
                default="cast",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "superseded"), _negated=True),
                fields=("category", "voter_key"),
                name="ballot_one_per_voter_and_category",
                violation_error_message="This voter has voted in this category.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["cast", "quarantined", "void", "superseded"])),
                name="ballot_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cast"), ("statement__isnull", True)),
                    models.Q(
                        ("kind__in", ["paper", "void", "superseded", "withdrawal", "result"]),
                        ("statement__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ledger_all_but_ballots_is_stated",
            ),
        ),
    ]
