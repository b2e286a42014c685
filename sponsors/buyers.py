"""Who buys: how much one buyer may hold at one time, and which sponsor a booking is of."""

from itertools import count

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower

from sponsors.models import Booking, Sponsor

MOST_HELD = 3  # undecided at one time, of one address or of one company at its domain
MOST_RUNS, MOST_RUNS_KNOWN = 3, 12  # of those together, for buyers who are new and for those who bought before
_SHARED = (  # whose addresses say nothing of a company
    "aol.com fastmail.com gmail.com gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.com icloud.com live.com"
    " mac.com mail.com mail.ru me.com msn.com naver.com outlook.com pm.me proton.me protonmail.com qq.com"
    " t-online.de tutanota.com tuta.com web.de yahoo.com yandex.com yandex.ru ymail.com zoho.com 163.com"
)
SHARED_DOMAINS = frozenset(f"@{domain}" for domain in _SHARED.split())


def held_enough(company: str, contact_email: str, runs: int = 1) -> str:
    """Why one address, or one company at its domain, cannot hold so many runs more until we have answered; or empty.

    A company's name alone counts for nothing: whoever typed it would shut that company out.
    """
    mine = Q(contact_email__iexact=contact_email)
    most = MOST_RUNS_KNOWN if Booking.objects.filter(mine, state=Booking.State.CONFIRMED).exists() else MOST_RUNS
    if runs > most:
        return f"We hold {most} runs at most for somebody at one time. For more, ask us for an offer on the page of our packages."
    waiting = Booking.objects.filter(state=Booking.State.HELD).live().exclude(address_confirmed_at=None)
    at_domain = Q(company__iexact=company, contact_email__iendswith=_domain(contact_email))
    for held in (list(waiting.filter(one).values_list("runs", flat=True)) for one in (mine, at_domain)):
        if len(held) >= MOST_HELD or sum(held) + runs > most:
            many = f"{len(held)} booking{'' if len(held) == 1 else 's'} of yours wait{'s' if len(held) == 1 else ''}"
            return f"{many} for our answer already. Please book more once we have answered, or write to us."
    return ""


def company_at(company: str, contact_email: str) -> str:
    """A company with the domain of an address."""
    return company.lower() + _domain(contact_email)


def _domain(address: str) -> str:
    """With its @, so that no longer domain ends with it."""
    return "@" + address.rpartition("@")[2].lower()


def namesake(booking: Booking) -> Sponsor | None:
    """The sponsor of a booking's name that we know by other addresses, so that staff say whether both are one."""
    found = None if booking.sponsor_id else _named(booking.company).first()
    return found if found and not _is_known_at(found, booking.contact_email) else None


def sponsor_of(booking: Booking, *, is_of_namesake: bool = False) -> Sponsor:
    """The sponsor with the company's name, created if there is none, also where several bookings do so at once.

    Anybody can type a name: one that is known by other addresses is another sponsor, and the new one has a number.
    """
    for number in count(1):
        name = booking.company if number == 1 else f"{booking.company[:112]} ({number})"
        made = Sponsor(name=name, contact_email=booking.contact_email, category=booking.category)
        Sponsor.objects.bulk_create([made], ignore_conflicts=True)
        found = _named(name).get()
        if is_of_namesake or _is_known_at(found, booking.contact_email):
            return found
    raise AssertionError("There is a number for everybody.")


def _named(name: str) -> QuerySet[Sponsor]:
    return Sponsor.objects.alias(folded=Lower("name")).filter(folded=Lower(Value(name)))


def _is_known_at(sponsor: Sponsor, address: str) -> bool:
    """Whether an address is one that we know a sponsor by, or at its own domain. One that staff made may have none yet."""
    if not sponsor.contact_email and not sponsor.bookings.exists():
        return True
    domain = _domain(address)
    is_colleague = domain not in SHARED_DOMAINS and domain == _domain(sponsor.contact_email)
    is_same = sponsor.contact_email.lower() == address.lower()
    return bool(address) and (
        is_same or is_colleague or sponsor.bookings.filter(contact_email__iexact=address).exists()
    )
