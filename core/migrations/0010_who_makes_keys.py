"""Administrators make keys of the API."""

from django.db import migrations

from core.lib.roles import grant


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_keys_of_the_api"),
    ]

    operations = [
        grant({"administrator": ["core.view_apikey", "core.add_apikey", "core.change_apikey"]}),
    ]
