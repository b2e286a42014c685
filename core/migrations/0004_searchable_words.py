"""The index of the audit log's words, made anew: 0001 takes its expression from the code, which has changed."""

from django.db import migrations

from core.lib.prefix_search import words_index


class Migration(migrations.Migration):
    dependencies = [("core", "0003_staff_time_zone")]

    operations = [
        migrations.RemoveIndex("auditentry", "audit_entry_words"),
        migrations.AddIndex("auditentry", words_index("subject", "by_name", name="audit_entry_words")),
    ]
