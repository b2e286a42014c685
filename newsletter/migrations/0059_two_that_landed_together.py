from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0058_first_names_in_forms"),
        ("newsletter", "0058_words_of_an_import"),
    ]

    operations = []
