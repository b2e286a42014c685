"""The table of unsaved work in articles, which is kept elsewhere now, goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0007_drafts_into_kept_work")]
    operations = [migrations.DeleteModel(name="Draft")]
