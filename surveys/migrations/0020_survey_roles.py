"""Who builds surveys and reads what came of them; nobody edits an answer. Writers choose surveys for their articles."""

from django.db import migrations

from core.lib.roles import everything, grant

RUNNING = [
    *everything("surveys.survey", "surveys.invitation"),
    "surveys.view_response",
    "surveys.view_surveyversion",
    "surveys.read_answers",
]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0019_surveys")]
    operations = [
        grant(
            {
                "writer": ["surveys.view_survey"],
                "editor": RUNNING,
                "awards steward": RUNNING,
                "sponsorship manager": ["surveys.view_survey"],
                "administrator": RUNNING,
            }
        )
    ]
