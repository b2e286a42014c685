"""Whoever writes sees what was done to many articles; what each may do, the permission of the act itself says."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["articles.view_articleact"]


class Migration(migrations.Migration):
    dependencies = [("articles", "0015_lists")]
    operations = [grant(dict.fromkeys(("writer", "editor", "administrator"), SEEN))]
