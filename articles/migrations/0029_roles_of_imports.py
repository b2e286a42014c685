"""Editors bring posts in, and undo that."""

from django.db import migrations

from core.lib.roles import grant

BROUGHT_IN = ["articles.view_postimport", "articles.add_postimport"]


class Migration(migrations.Migration):
    dependencies = [("articles", "0028_imports_at_the_desk")]
    operations = [grant({"editor": BROUGHT_IN, "administrator": BROUGHT_IN})]
