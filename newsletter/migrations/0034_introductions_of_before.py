"""Introductions were plain text; now they are rich, and look as they did."""

from html import unescape

from django.db import migrations
from django.utils.html import linebreaks, strip_tags


def made_rich(apps, schema_editor):
    for briefing in apps.get_model("newsletter", "Briefing").objects.exclude(introduction="").iterator():
        briefing.introduction = linebreaks(briefing.introduction, autoescape=True)
        briefing.save(update_fields=["introduction"])


def made_plain(apps, schema_editor):
    for briefing in apps.get_model("newsletter", "Briefing").objects.exclude(introduction="").iterator():
        lines = briefing.introduction.replace("</p>", "\n\n").replace("<br>", "\n")
        briefing.introduction = unescape(strip_tags(lines)).strip()
        briefing.save(update_fields=["introduction"])


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0033_rich_briefings")]
    operations = [migrations.RunPython(made_rich, made_plain)]
