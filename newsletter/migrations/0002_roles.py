"""What the roles may do with newsletters: editors compose and approve, the manager keeps lists and subscribers too."""

from django.db import migrations

from core.lib.roles import everything, grant

COMPOSING = [
    *everything("newsletter.briefing", "newsletter.briefingitem"),
    "newsletter.approve_briefing",
    "newsletter.view_newsletter",
    "newsletter.view_delivery",
]
AUDIENCE = everything(
    "newsletter.newsletter", "newsletter.subscriber", "newsletter.subscription", "newsletter.suppression"
)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0001_initial"), ("core", "0002_roles")]
    operations = [
        grant(
            {
                "editor": COMPOSING,
                "newsletter manager": [*COMPOSING, *AUDIENCE],
                "administrator": [*COMPOSING, *AUDIENCE],
            }
        )
    ]
