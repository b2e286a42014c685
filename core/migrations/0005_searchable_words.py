"""The index of the audit log's words, made anew: 0001 takes its expression from the code, which has changed."""

from django.db import migrations

from core.lib.prefix_search import words_index


class Migration(migrations.Migration):
    dependencies = [("core", "0004_kept_work")]

    operations = [
        migrations.RemoveIndex("auditentry", "audit_entry_words"),
        migrations.AddIndex("auditentry", words_index("subject", "by_name", name="audit_entry_words")),
    ]
