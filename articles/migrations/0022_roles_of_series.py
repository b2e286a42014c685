"""Whoever writes puts articles into series; who looks after categories looks after these."""

from django.db import migrations

from core.lib.roles import everything, grant

SEEN = ["articles.view_series"]
KEPT = everything("articles.series")


class Migration(migrations.Migration):
    dependencies = [("articles", "0021_series")]
    operations = [grant({"writer": SEEN, "editor": KEPT, "administrator": KEPT})]
