"""Keep long texts out of the rows of publications, so that lists and searches read few pages of the table.

Rows written before move when they are written again.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0005_indexes_for_lists")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE articles_publication SET (toast_tuple_target = 512)",
            "ALTER TABLE articles_publication RESET (toast_tuple_target)",
        )
    ]
