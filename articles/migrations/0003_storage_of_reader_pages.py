"""How PostgreSQL stores what readers' pages are made from."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0002_roles")]
    operations = [
        # A cache needs no write-ahead log: after a crash of the database it is empty, and filled again.
        migrations.RunSQL(
            "ALTER TABLE articles_articleframe SET UNLOGGED", "ALTER TABLE articles_articleframe SET LOGGED"
        ),
        # Long texts lie apart from the rows of publications, so that lists and searches read few pages of the table.
        migrations.RunSQL(
            "ALTER TABLE articles_publication SET (toast_tuple_target = 512)",
            "ALTER TABLE articles_publication RESET (toast_tuple_target)",
        ),
    ]
