"""Tags and fields of subscribers are kept by those who keep the lists."""

from django.db import migrations

from core.lib.roles import everything, grant

KEPT = everything("newsletter.subscribertag", "newsletter.subscriberfield")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0014_subscriber_tags_and_fields")]
    operations = [grant({"newsletter manager": KEPT, "administrator": KEPT})]
