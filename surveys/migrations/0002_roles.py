"""What the roles may do with the awards: the steward runs them, editors look on. Nobody edits a ballot or the ledger."""

from django.db import migrations

from core.lib.roles import everything, grant

RUNNING = [
    *everything("surveys.season", "surveys.awardcategory", "surveys.nominee", "surveys.nomination"),
    "surveys.release_season",
    "surveys.view_ballot",
    "surveys.view_ledgerentry",
    "surveys.view_treehead",
    "surveys.view_tally",
    "surveys.view_tallyrow",
]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial"), ("core", "0002_roles")]
    operations = [
        grant(
            {
                "editor": ["surveys.view_season", "surveys.view_awardcategory", "surveys.view_nominee"],
                "awards steward": RUNNING,
                "administrator": RUNNING,
            }
        )
    ]
