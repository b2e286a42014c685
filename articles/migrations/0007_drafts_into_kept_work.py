"""Unsaved work moves to where every edit page of the newsroom keeps it."""

import uuid

from django.db import migrations

PAGE = "articles.article"


def into_kept_work(apps, schema_editor):
    kept = apps.get_model("core", "KeptWork")
    for draft in apps.get_model("articles", "Draft").objects.iterator():
        blocks = len(draft.document["blocks"])
        kept.objects.create(
            by_id=draft.by_id,
            page=PAGE,
            row=draft.article_id,
            sitting=uuid.uuid4(),
            title=draft.document["title"][:200],
            extent=f"{blocks} block{'' if blocks == 1 else 's'}",
            words=len(str(draft.document["blocks"]).split()),
            content=draft.document,
            base_version=draft.base_version,
            saved_at=draft.saved_at,
        )


def into_drafts(apps, schema_editor):
    """There is one draft for each article and person: the oldest work is overwritten by the newest."""
    drafts = apps.get_model("articles", "Draft")
    for piece in apps.get_model("core", "KeptWork").objects.filter(page=PAGE).order_by("saved_at"):
        values = {"document": piece.content, "base_version": piece.base_version, "saved_at": piece.saved_at}
        if piece.row is None or apps.get_model("articles", "Article").objects.filter(pk=piece.row).exists():
            drafts.objects.update_or_create(article_id=piece.row, by_id=piece.by_id, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_unclaimed_images"), ("core", "0004_kept_work")]
    operations = [migrations.RunPython(into_kept_work, into_drafts)]
