"""What the roles may do with ads: the sponsorship manager sells, an editor may be the second pair of eyes."""

from django.db import migrations

from core.lib.roles import everything, grant

REVIEWING = ["sponsors.view_creative", "sponsors.approve_creative"]
SELLING = [
    *everything("sponsors.sponsor", "sponsors.placementkind", "sponsors.package", "sponsors.packageitem"),
    *everything("sponsors.rununit"),
    *(f"sponsors.{action}_booking" for action in ("view", "change", "decide")),
    *(f"sponsors.{action}_creative" for action in ("view", "add", "change", "approve")),
    "sponsors.view_claim",
    "sponsors.view_adevent",
    "sponsors.view_disclosureentry",
]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0001_initial"), ("core", "0002_roles")]
    operations = [grant({"editor": REVIEWING, "sponsorship manager": SELLING, "administrator": SELLING})]
