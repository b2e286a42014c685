"""An index of the pages of the site, which are few among publications."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0025_roles_of_templates"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(condition=models.Q(("kind", "page")), fields=["id"], name="publication_pages"),
        ),
    ]
