"""Whoever writes begins articles from templates; editors make and keep these."""

from django.db import migrations

from core.lib.roles import everything, grant

SEEN = ["articles.view_articletemplate"]
KEPT = everything("articles.articletemplate")


class Migration(migrations.Migration):
    dependencies = [("articles", "0024_templates_and_passages")]
    operations = [grant({"writer": SEEN, "editor": KEPT, "administrator": KEPT})]
