"""Bookings of before were held without a look at their addresses; the sponsorship manager blocks domains."""

from django.db import migrations
from django.db.models import F

from core.lib.roles import everything, grant

BLOCKING = everything("sponsors.blockeddomain")


def take_as_known(apps, schema_editor):
    bookings = apps.get_model("sponsors", "Booking").objects
    bookings.filter(address_confirmed_at=None).update(address_confirmed_at=F("requested_at"))


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0008_known_buyers")]
    operations = [
        migrations.RunPython(take_as_known, migrations.RunPython.noop),
        grant({"sponsorship manager": BLOCKING, "administrator": BLOCKING}),
    ]
