"""The roles of a newsroom, and what they may do with the ground all parts share."""

from django.db import migrations

from cms.lib.roles import ROLES, everything, grant


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        grant({role: [] for role in ROLES}),
        grant(
            {
                "editor": ["cms.view_siteprofile", "cms.change_siteprofile"],
                "newsletter manager": ["cms.view_outgoingmail"],
                "administrator": [
                    *everything("cms.user", "cms.siteprofile", "auth.group"),
                    "cms.view_outgoingmail",
                ],
            }
        ),
    ]
