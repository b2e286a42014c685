"""Advertising as a conflict of interest: what stands between a juror and a nominee who pays us.

It plugs itself into the recusals, so that no code that counts votes leads to sponsors.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sponsors.models import Sponsor
from surveys import payers, recusals
from surveys.addresses import domain_of
from surveys.models import Juror, Nominee


def register_all() -> None:
    """Registers with surveys.recusals."""
    recusals.register(of_advertising)


def of_advertising(juror: Juror, nominee: Nominee) -> Iterator[str]:
    """A sentence for each sponsor whom a nominee names, if the juror belongs to that sponsor or sells ads."""
    domain = recusals.domain_of_employer(juror)
    for found in payers.standings_of([nominee]).get(nominee.pk, ()):
        if not found.is_named:
            continue
        sponsor = Sponsor.objects.get(pk=found.mention.sponsor)
        belongs = domain and domain in (
            domain_of(sponsor.contact_email),
            domain_of(f"x@{urlsplit(sponsor.website).hostname}"),
        )
        if belongs or recusals.is_affiliated(juror, sponsor.name):
            yield f"“{nominee}” advertises with us, and the juror belongs to {sponsor}."
        elif juror.user.has_perm("sponsors.change_booking"):
            yield f"“{nominee}” advertises with us, and the juror sells ads."
