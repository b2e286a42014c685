"""Briefings as a source of flags (sponsors.flags): as they are written, and as they go out."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.urls import reverse

from articles.payers import paid_of
from newsletter.automations import letters, lifecycle
from newsletter.models import Automation, Briefing, Newsletter
from newsletter.sending import freeze, payers
from newsletter.subscribers import welcome
from sponsors import flags
from sponsors.flags import Described, Standing
from sponsors.names import Text

State = Briefing.State


class Briefings:
    """Issues, and the letters of automations: these are looked at by their drafts, together with the editions in use."""

    noun = payers.NOUN
    seen_with, decided_with = "newsletter.view_briefing", "newsletter.approve_briefing"

    def keys(self, after: int, limit: int) -> list[int]:
        rows = _looked_at().filter(pk__gt=after).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:limit])

    def texts(self, key: int) -> list[list[Text]]:
        found = _looked_at().select_related("newsletter", "template").filter(pk=key).first()
        return [list(payers.texts_of(each)) for each in [found, *_editions(found)]] if found else []

    def described(self, keys: Iterable[int]) -> dict[int, Described]:
        rows = Briefing.every.filter(pk__in=list(keys)).select_related("newsletter")
        return {row.pk: Described(str(row), _desk(row), _public(row)) for row in rows}

    def decided(self, key: int) -> bool:
        """Tell readers what holds now; what is on its way waits where somebody has to decide.

        One that is being frozen at this moment is waited for: the freeze has read its flags as they were before.
        """
        rows = Briefing.every.select_for_update(of=("self",)).select_related("newsletter", "step__automation")
        briefing = rows.filter(pk=key).first()
        if briefing is None:
            return False
        if briefing.is_letter:
            _decided_of_letter(briefing)
        return bool(briefing.frozen_at and not briefing.is_letter and _decided_of_issue(briefing))


class WelcomeMails:
    """The one mail with which a newsletter welcomes, where no automation takes its place."""

    noun = welcome.NOUN
    seen_with, decided_with = "newsletter.view_briefing", "newsletter.approve_briefing"

    def keys(self, after: int, limit: int) -> list[int]:
        rows = welcome.in_use().filter(pk__gt=after).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:limit])

    def texts(self, key: int) -> list[list[Text]]:
        return [welcome.texts_of(row) for row in welcome.in_use().filter(pk=key)]

    def described(self, keys: Iterable[int]) -> dict[int, Described]:
        rows = Newsletter.objects.filter(pk__in=list(keys))
        page = "admin:newsletter_newsletter_change"
        return {row.pk: Described(f"The welcome mail of {row}", reverse(page, args=[row.pk])) for row in rows}

    def decided(self, key: int) -> bool:
        """Enter into the public log what every new reader is told from now on; no page says it."""
        for row in welcome.in_use().filter(pk=key):
            found = welcome.standings(row)
            if not any(each.refuses for each in found):
                flags.log_published(f"The welcome mail of {row}", f"a mail that new readers of {row} get", found)
        return False


def _looked_at() -> QuerySet[Briefing]:
    """All but what was cancelled or ended, and editions, which are looked at with the draft of their letter."""
    editions = Q(automation__isnull=False) & ~Q(state=State.DRAFT)
    ended = Q(state=State.CANCELLED, first_sent_at=None) | Q(automation__state=Automation.State.ENDED)
    rows: QuerySet[Briefing] = Briefing.every.exclude(editions).exclude(ended)
    return rows


def _editions(draft: Briefing) -> list[Briefing]:
    """The editions of a letter that its readers get now."""
    return letters.in_use(draft.step) if draft.step else []


def _decided_of_issue(briefing: Briefing) -> bool:
    """Whether readers are told something else now."""
    found = payers.standings(briefing)
    if briefing.first_sent_at:
        payers.log(briefing, found)
    waiting = _waiting(found)
    if waiting and briefing.state == State.SENDING:
        briefing.hold(waiting)
    return _tell(briefing, found)


def _decided_of_letter(draft: Briefing) -> None:
    """Its editions say it from now on, also to those whose letter has not left yet; nobody has approved anything else."""
    for edition in _editions(draft):
        found = payers.standings(edition)
        _tell(edition, found)
        if waiting := _waiting(found):
            _hold(draft.automation, waiting)
        else:
            payers.log(edition, found)


def _hold(automation: Automation | None, waiting: str) -> None:
    if automation and automation.is_running:
        lifecycle.pause(automation, by="the flags of sponsors")
        Automation.objects.filter(pk=automation.pk).update(trouble=waiting)


def _tell(briefing: Briefing, found: Iterable[Standing]) -> bool:
    """Keep what readers are told, and write what is left to be sent anew; whether it is something else than before."""
    before, paid = briefing.paid or payers.NOBODY, paid_of(found)
    if paid == briefing.paid:
        return False
    briefing.paid = paid
    Briefing.every.filter(pk=briefing.pk).update(paid=paid)
    is_left = briefing.state in (State.SENDING, State.PAUSED)
    if is_left and paid["named"] != before["named"]:
        freeze.renew_message(briefing)
    return True


def _waiting(found: Iterable[Standing]) -> str:
    return " ".join(str(each) for each in found if each.refuses)


def _desk(row: Briefing) -> str:
    page = "change" if row.state == State.DRAFT else "progress"
    return reverse(f"admin:newsletter_briefing_{page}", args=[row.pk])


def _public(row: Briefing) -> str:
    return row.get_absolute_url() if row.first_sent_at and not row.is_letter else ""


def register_all() -> None:
    """Registers with sponsors.flags."""
    flags.register(Briefings())
    flags.register(WelcomeMails())
