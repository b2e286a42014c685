"""Accounts are the administrators'; how fast letters go is the newsletter manager's, who also sees the accounts and tests them."""

from django.db import migrations

from core.lib.roles import everything, grant

PACE = ["newsletter.view_recipientdomain", "newsletter.add_recipientdomain", "newsletter.change_recipientdomain"]
PACE += ["newsletter.delete_recipientdomain"]
RULES = ["newsletter.view_sendingrules", "newsletter.add_sendingrules", "newsletter.change_sendingrules"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0040_routes_of_letters")]
    operations = [
        grant(
            {
                "newsletter manager": [*PACE, *RULES, "newsletter.view_mailaccount"],
                "administrator": [*PACE, *RULES, *everything("newsletter.mailaccount")],
            }
        )
    ]
