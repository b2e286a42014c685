"""Columns under names as people write them: VAT id, SHA-256, e-mail address."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0026_figures_of_the_field"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="seller",
            options={"verbose_name": "seller", "verbose_name_plural": "invoicing"},
        ),
        migrations.AlterField(
            model_name="adevent",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
        ),
        migrations.AlterField(
            model_name="adevent",
            name="ip_prefix",
            field=models.CharField(
                blank=True, help_text="An IPv4 /24 or an IPv6 /48.", max_length=43, verbose_name="network"
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="contact_email",
            field=models.EmailField(max_length=254, verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="disclosureentry",
            name="at",
            field=models.DateTimeField(verbose_name="when"),
        ),
        migrations.AlterField(
            model_name="disclosureentry",
            name="sha256",
            field=models.CharField(max_length=64, unique=True, verbose_name="SHA-256"),
        ),
        migrations.AlterField(
            model_name="inquiry",
            name="contact_email",
            field=models.EmailField(max_length=254, verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_address",
            field=models.TextField(verbose_name="buyer’s address"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_country",
            field=models.CharField(max_length=2, verbose_name="buyer’s country"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="buyer’s e-mail"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_name",
            field=models.CharField(max_length=120, verbose_name="buyer"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_reference",
            field=models.CharField(blank=True, max_length=60, verbose_name="buyer’s reference"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="buyer_vat_id",
            field=models.CharField(blank=True, max_length=20, verbose_name="buyer’s VAT id"),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
        ),
        migrations.AlterField(
            model_name="offer",
            name="contact_email",
            field=models.EmailField(max_length=254, verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="sponsor",
            name="contact_email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="waitingbuyer",
            name="contact_email",
            field=models.EmailField(max_length=254, verbose_name="e-mail address"),
        ),
    ]
