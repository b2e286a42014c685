"""A place for choices that are encrypted until they are confirmed; keys of ballots that do not count up."""

from django.db import migrations, models

from surveys.models.ballots import RANDOM_KEY, random_key


def _random_keys(model: str) -> migrations.AlterField:
    field = models.BigIntegerField(
        db_default=RANDOM_KEY, default=random_key, editable=False, primary_key=True, serialize=False
    )
    return migrations.AlterField(model, "id", field)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0003_request_signals")]

    operations = [
        migrations.AlterField("pendingballot", "choices", models.JSONField(null=True)),
        migrations.AddField("pendingballot", "sealed_choices", models.BinaryField(null=True)),
        migrations.AlterModelOptions("pendingballot", {"ordering": ["-created_at"]}),
        _random_keys("pendingballot"),
        _random_keys("ballot"),
    ]
