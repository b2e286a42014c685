"""Indexes for the lists of the admin: ballots and ledger entries that are not the rule."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0003_kept_for_good"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ballot",
            index=models.Index(
                condition=models.Q(("state", "cast"), _negated=True),
                fields=["state", "leaf_hash"],
                name="ballot_not_counted",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(condition=models.Q(("kind", "void")), fields=["season", "index"], name="ledger_voids"),
        ),
    ]
