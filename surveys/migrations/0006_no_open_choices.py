"""Choices that wait to be confirmed are kept encrypted only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_seal_choices_and_shuffle_ballot_keys")]

    operations = [
        migrations.RemoveField("pendingballot", "choices"),
        migrations.AlterField("pendingballot", "sealed_choices", models.BinaryField()),
    ]
