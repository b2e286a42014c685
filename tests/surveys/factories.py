"""Seasons and votes for tests, made by the functions that the site uses."""

import email
import re
from datetime import timedelta
from email.policy import default

from django.utils import timezone

from core import outbox
from core.models import OutgoingMail
from surveys import keys, ledger, papers, release, seasons
from surveys.models import Ballot, Season, UnsealedBallot


def draft_season(slug="moon-2026", *, categories=("wallet",), nominees=("ada", "bit", "coin"), **fields):
    now = timezone.now()
    times = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=5)}
    season = Season.objects.create(slug=slug, title="Moon Awards 2026", **times | fields)
    for place, category in enumerate(categories):
        made = season.categories.create(slug=category, title=category.title(), ordering=place)
        for name in nominees:
            made.nominees.create(slug=name, name=name.title())
    return season


def open_season(slug="moon-2026", **fields):
    season = draft_season(slug, **fields)
    seasons.open_voting(season)
    return season


def seal_and_open(season):
    """Open the voting also where no ballot form is offered for a category's method."""
    Season.objects.filter(pk=season.pk).update(state=Season.State.VOTING)
    season.refresh_from_db()
    keys.make_pepper(season)
    papers.seal(season)
    return season


def cast(category, choice, number=1, *, sealed=False):
    """Confirmed ballots of as many voters, in or not yet in the ledger."""
    start = Ballot.objects.count()
    made = []
    for serial in range(start, start + number):
        nonce = serial.to_bytes(16, "big")
        made.append(
            Ballot(
                category=category,
                voter_key=serial.to_bytes(32, "big"),
                choice=choice,
                nonce=nonce,
                leaf_hash=ledger.ballot_leaf(category, choice, nonce),
            )
        )
    Ballot.objects.bulk_create(made)
    UnsealedBallot.objects.bulk_create(UnsealedBallot(ballot=ballot) for ballot in made)
    if sealed:
        ledger.seal(category.season, everything=True)
    return made


def released_season(slug="moon-2025", counts=None, **fields):
    """A season that was held here and is over, with its plurality counts."""
    season = open_season(slug, **fields)
    category = season.categories.get()
    for nominee, number in (counts or {"ada": 30, "bit": 12, "write-in": 3}).items():
        cast(category, [[nominee]], number)
    close_and_release(season)
    return season


def close_and_release(season):
    seasons.close(season)
    for category in season.categories.all():
        release.tally(category)
    release.release_season(season)


_mailbox = {}  # what was read of mail that is composed as it is sent: it stays there when the ballot is gone


def body_of(mail):
    key = mail.pk, mail.about
    _, message = _mailbox[key] if key in _mailbox else _mailbox.setdefault(key, outbox.composed(mail))
    message = email.message_from_bytes(message, policy=default)
    return message.get_body(("plain",)).get_content()


def last_mail():
    return OutgoingMail.objects.order_by("id").last()


def link_in(text):
    """The path of the ballot link in a mail."""
    return re.search(r"https?://[^/\s]+(/awards/ballot/[\w-]+/)", text)[1]
