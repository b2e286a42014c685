"""Imports and exports of subscribers are the newsletter manager's and the administrator's."""

from django.db import migrations

from core.lib.roles import everything, grant

IMPORTS = everything("newsletter.subscriberimport")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0007_subscriber_imports")]
    operations = [grant({"newsletter manager": IMPORTS, "administrator": IMPORTS})]
