"""Introductions were plain text; now they are rich, and look as they did."""

from html import unescape

from django.db import migrations
from django.utils.html import linebreaks, strip_tags


def made_rich(apps, schema_editor):
    briefings = apps.get_model("newsletter", "Briefing").objects.exclude(introduction="")
    for key, text in list(briefings.values_list("pk", "introduction")):
        briefings.filter(pk=key).update(introduction=linebreaks(text, autoescape=True))


def made_plain(apps, schema_editor):
    briefings = apps.get_model("newsletter", "Briefing").objects.exclude(introduction="")
    for key, html in list(briefings.values_list("pk", "introduction")):
        lines = html.replace("</p>\n\n<p>", "\n\n").replace("<br>", "\n")
        briefings.filter(pk=key).update(introduction=unescape(strip_tags(lines)).strip())


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0033_rich_briefings")]
    operations = [migrations.RunPython(made_rich, made_plain)]
