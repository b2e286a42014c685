"""The rules of sign-ups are kept by those who keep the lists."""

from django.db import migrations

from core.lib.roles import everything, grant

KEPT = everything("newsletter.signuprules")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0027_sign_ups")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT})]
