"""Advertising as a conflict of interest: what stands between a juror and a nominee who pays us.

It plugs itself into the recusals, so that no code that counts votes leads to sponsors.
"""

from collections.abc import Iterator

from sponsors.models import Sponsor
from surveys import payers, recusals
from surveys.addresses import domain_of
from surveys.models import Juror, Nominee


def register_all() -> None:
    """Registers with surveys.recusals."""
    recusals.register(of_advertising)


def of_advertising(juror: Juror, nominees: list[Nominee]) -> Iterator[str]:
    """A sentence for each sponsor whom a nominee names, if the juror belongs to that sponsor or sells ads; in three queries."""
    standings = payers.standings_of(nominees)
    named = [(each, found) for each in nominees for found in standings.get(each.pk, ()) if found.is_named]
    sponsors = Sponsor.objects.in_bulk({found.mention.sponsor for _, found in named})
    for nominee, found in named:
        sponsor = sponsors[found.mention.sponsor]
        if _belongs(juror, sponsor):
            yield f"“{nominee}” advertises with us, and the juror belongs to {sponsor}."
        elif juror.user.has_perm("sponsors.change_booking"):
            yield f"“{nominee}” advertises with us, and the juror sells ads."


def _belongs(juror: Juror, sponsor: Sponsor) -> bool:
    domain = recusals.domain_of_employer(juror)
    sites = (sponsor.website, f"https://{domain_of(sponsor.contact_email)}")
    return any(recusals.is_at(site, domain) for site in sites) or recusals.is_affiliated(juror, sponsor.name)
