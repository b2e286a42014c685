import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0003_audit_log_is_append_only")]

    operations = [
        migrations.CreateModel(
            name="ArticleFrame",
            fields=[
                (
                    "publication",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="frame",
                        serialize=False,
                        to="articles.publication",
                    ),
                ),
                ("key", models.BinaryField(help_text="A digest of all that it was rendered from.")),
                ("html", models.TextField()),
            ],
        ),
        # A cache needs no write-ahead log: after a crash of the database it is empty, and filled again.
        migrations.RunSQL(
            "ALTER TABLE articles_articleframe SET UNLOGGED", "ALTER TABLE articles_articleframe SET LOGGED"
        ),
    ]
