"""A briefing while it is sent: how its deliveries stand, and the rest of its pumps."""

import time
from collections import Counter

from newsletter.models import Briefing
from newsletter.sending import sender


def states(briefing):
    return dict(Counter(briefing.deliveries.values_list("state", flat=True)))


def reload(briefing):
    return Briefing.objects.get(pk=briefing.pk)


def send_what_is_left(briefing):
    while again := sender.pump(briefing.pk):
        time.sleep(again.after)
    return reload(briefing)
