"""Drafts whose last entry in the history says why they were sent back are at that state now, with that reason."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def forwards(apps, schema_editor):
    articles = apps.get_model("articles", "Article").objects
    last = apps.get_model("articles", "AuditEntry").objects.filter(article=OuterRef("pk")).order_by("-at", "-pk")
    drafts = articles.filter(state="draft").annotate(
        action=Subquery(last.values("action")[:1]), why=Subquery(last.values("detail")[:1])
    )
    for draft in drafts.filter(action="sent back").exclude(why=""):
        articles.filter(pk=draft.pk).update(state="sent_back", sent_back_reason=draft.why)


def backwards(apps, schema_editor):
    apps.get_model("articles", "Article").objects.filter(state="sent_back").update(state="draft", sent_back_reason="")


class Migration(migrations.Migration):
    dependencies = [("articles", "0004_sent_back")]
    operations = [migrations.RunPython(forwards, backwards)]
