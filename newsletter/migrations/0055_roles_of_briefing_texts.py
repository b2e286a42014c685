"""Newsletter managers write texts for briefings; editors have all snippets."""

from django.db import migrations

from core.lib.roles import everything, grant

KEPT = everything("newsletter.briefingtext")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0054_texts_for_briefings")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT})]
