"""Loading the demo newsroom, once.

Every piece (an account, an article, a booking) is made in a transaction of its own together with a mark. A marked piece is
never made again, so what editors change or delete stays so, and a load that was interrupted goes on where it stopped.
"""

from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cms.demo import accounts, advertising, awards, content, newsletters, newsroom, questionnaires, readership
from cms.demo.pieces import Piece
from cms.models import DemoMark
from core import advisory_locks
from core.advisory_locks import AdvisoryLock

COMPLETE = "complete"

PARTS: dict[str, Callable[[], Iterator[Piece]]] = {
    "site": newsroom.site_pieces,
    "articles": newsroom.article_pieces,
    "awards": awards.pieces,
    "surveys": questionnaires.pieces,
    "advertising": advertising.pieces,
    "newsletters": newsletters.pieces,
    "readership": readership.pieces,
}


class DemoRefused(Exception):
    """This installation takes no demo newsroom; the text says why."""


def load(report: Callable[[str], None] = print) -> bool:
    """Load what is not there yet and report it in a few lines; False if there was nothing to do."""
    if settings.PRODUCTION:
        raise DemoRefused("The demo newsroom is not loaded in production: PRODUCTION is set.")
    with advisory_locks.held(AdvisoryLock.DEMO):  # a second load waits for the first
        complete = DemoMark.objects.filter(key=COMPLETE).exists()
        if complete and (
            accounts.has_wanted_password() or not DemoMark.objects.filter(key__startswith="account ").exists()
        ):
            return False  # loaded already, or a site that was restored here
        _load_staff()
        if complete:
            report("demo: the password of the demo accounts was changed")
            return True
        for title, pieces in PARTS.items():
            began = timezone.now()
            made = _load(pieces())
            report(f"demo: {title} – {made} made in {(timezone.now() - began).total_seconds():.1f} s")
        DemoMark.objects.create(key=COMPLETE)
    return True


def _load_staff() -> None:
    staff = content.read("newsroom")["staff"]
    encoded = accounts.set_password([entry["email"] for entry in staff])
    _load((f"account {entry['email']}", partial(accounts.make_account, entry, encoded)) for entry in staff)


def _load(pieces: Iterator[Piece]) -> int:
    """Make the pieces that have no mark yet; return how many."""
    marked = set(DemoMark.objects.values_list("key", flat=True))
    made = 0
    for key, make in pieces:
        if key in marked:
            continue
        with transaction.atomic():
            make()
            DemoMark.objects.create(key=key)
        made += 1
    return made
