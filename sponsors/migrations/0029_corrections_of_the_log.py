from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0028_roles_of_newsletter_managers"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="disclosureentry",
            options={
                "ordering": ["-number"],
                "permissions": [("correct_disclosureentry", "Can correct an entry of the public log, by another one")],
                "verbose_name_plural": "disclosure log",
            },
        ),
    ]
