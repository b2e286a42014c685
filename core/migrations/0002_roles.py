"""The roles of a newsroom, and what they may do with the ground all parts share."""

from django.db import migrations

from core.lib.roles import ROLES, everything, grant

HANDLE_WEBHOOKS = [*everything("core.webhook"), "core.view_outgoingrequest"]


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        grant({role: [] for role in ROLES}),
        grant(
            {
                "editor": ["core.view_siteprofile", "core.change_siteprofile", *HANDLE_WEBHOOKS],
                "newsletter manager": ["core.view_outgoingmail"],
                "awards steward": ["core.view_outgoingmail"],
                "sponsorship manager": ["core.view_outgoingmail"],
                "administrator": [
                    *everything("core.user", "core.siteprofile", "auth.group"),
                    "core.view_outgoingmail",
                    "core.view_auditentry",
                    *HANDLE_WEBHOOKS,
                ],
            }
        ),
    ]
