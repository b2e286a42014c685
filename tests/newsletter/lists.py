"""Who is on the lists, by address: what imports are asked about."""

from newsletter.models import Subscription, Suppression


def states():
    return dict(Subscription.objects.values_list("subscriber__canonical", "state"))


def mailable():
    found = Subscription.objects.confirmed().filter(subscriber__suppressed="")
    return sorted(email.partition("@")[0] for email in found.values_list("subscriber__canonical", flat=True))


def reasons():
    return sorted(Suppression.objects.values_list("reason", flat=True))
