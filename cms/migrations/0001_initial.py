import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="DemoMark",
            fields=[
                ("key", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("loaded_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
