"""The sponsorship manager says on which days nothing is sold, reads inquiries, and makes offers."""

from django.db import migrations

from core.lib.roles import everything, grant

SELLING = [
    *everything("sponsors.blackout"),
    *(f"sponsors.view_{name}" for name in ("inquiry", "offer")),
]


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0021_booking_pages_moves_offers_members")]
    operations = [grant({"sponsorship manager": SELLING, "administrator": SELLING})]
