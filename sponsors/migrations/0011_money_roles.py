"""The sponsorship manager bills, and records what is paid."""

from django.db import migrations

from core.lib.roles import grant

MONEY = [
    *(f"sponsors.{action}_seller" for action in ("view", "add", "change")),
    *(f"sponsors.{action}_invoice" for action in ("view", "change")),
    *(f"sponsors.{action}_payment" for action in ("view", "add")),
    "sponsors.view_ledgerentry",
]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0010_money")]
    operations = [grant({"sponsorship manager": MONEY, "administrator": MONEY})]
