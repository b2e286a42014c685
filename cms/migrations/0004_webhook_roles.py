"""Editors say who is told of what; both they and administrators see what became of it."""

from django.db import migrations

from cms.lib.roles import everything, grant

HANDLE = [*everything("cms.webhook"), "cms.view_outgoingcall"]


class Migration(migrations.Migration):
    dependencies = [("cms", "0003_webhooks_and_calls")]
    operations = [grant({"editor": HANDLE, "administrator": HANDLE})]
