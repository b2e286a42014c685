"""Whoever decides what is published, sold or sent sees readers' figures; writers, if an administrator lets them."""

from django.db import migrations

from core.lib.roles import grant

SEEN = ["articles.view_dayfigures"]
ROLES = ("editor", "newsletter manager", "sponsorship manager", "administrator")


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_readership")]
    operations = [grant(dict.fromkeys(ROLES, SEEN))]
