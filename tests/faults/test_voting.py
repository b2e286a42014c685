"""Web server and worker are killed while people vote: what was confirmed is counted, and nothing twice."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import OutgoingMail
from core.tasks import send_outgoing_mail
from surveys import release, seasons, verification
from tests.smtp import wait_until
from tests.surveys.factories import open_season
from tests.voters import Voters


def ring_as_beat_does():
    """The leases of a dead worker are over at once here, not after five minutes."""
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMail.objects.filter(state="queued", lease_expires_at__lt=timezone.now() + timedelta(minutes=4.9)).update(
        lease_expires_at=past
    )
    send_outgoing_mail.delay()


@pytest.mark.usefixtures("celery_worker")
def test_no_confirmed_vote_is_lost_or_counted_twice(live_site, celery_worker, smtp_server):
    season = open_season()
    category = season.categories.get()
    voters = Voters(live_site.url, category, ["ada", "bit", "coin"], smtp_server, number=60, rate=20)
    with voters.coming():
        wait_until(lambda: len(voters.asked) > 10, what="the first votes")
        live_site.process.kill()
        live_site.process.start()
        smtp_server.wait_for(5)
        celery_worker.kill()
        time.sleep(0.5)
        celery_worker.start()
    voters.wait(90, ring_as_beat_does)
    figures = voters.figures()
    assert figures.pop("pressed_again") > 0
    assert figures == {"asked": 60, "confirmed": 60, "lost": 0, "duplicated": 0}
    seasons.close(season)
    assert release.tally(category).ballots == 60
    assert list(verification.problems(season)) == []
