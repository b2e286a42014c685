"""Where ads lead: looked at in the background as long as they may run, and both sides are told what is broken."""

import pytest

from core.models import OutgoingMail
from sponsors import booking, link_checks
from sponsors.models import AdLinkCheck, CreativeVersion
from tests.newsletter.factories import profile
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ad(http_server, settings):
    """A version that leads to the test's server, to which no form would let it lead."""
    settings.LINK_CHECKS_OF_PRIVATE_HOSTS = True
    profile(sponsor_email="boss@example.com")
    creative = factories.confirmed().creatives.get()
    version = CreativeVersion.objects.create(
        creative=creative, number=1, headline="Keys", link_url=f"{http_server.url}/start", sha256="0" * 64
    )
    link_checks.start(version)
    return version


def look(time_machine, **later):
    factories.wait(time_machine, **later)
    link_checks.run_due()
    return AdLinkCheck.objects.get().state


def mails():
    broken = OutgoingMail.objects.filter(kind__startswith="sponsors.link_broken")
    return sorted(broken.values_list("kind", "recipient"))


def test_what_is_handed_in_waits_to_be_looked_at():
    factories.submitted(factories.confirmed().creatives.get())
    assert AdLinkCheck.objects.get().state == "waiting"


def test_what_fails_twice_in_a_row_is_broken_and_both_sides_are_told_once(ad, http_server, time_machine, client):
    http_server.answers = [404] * 6
    assert look(time_machine) == "waiting"
    assert mails() == []
    assert look(time_machine, minutes=31) == "wrong"
    look(time_machine, days=1)
    addresses = ["ads@northwind.example", "boss@example.com"]
    assert mails() == list(zip(["sponsors.link_broken", "sponsors.link_broken_to_us"], addresses, strict=True))
    page = client.get(ad.creative.booking.portal_path).content.decode()
    assert "Its link could not be reached: there is no such page (404)." in page


def test_a_moments_trouble_alarms_nobody(ad, http_server, time_machine):
    http_server.answers = [500]
    look(time_machine)
    assert look(time_machine, minutes=31) == "fine"
    assert mails() == []


def test_it_is_looked_at_every_day_until_its_own(ad, http_server, time_machine):
    look(time_machine)
    look(time_machine, hours=23)
    assert len(http_server.requests) == 1
    look(time_machine, hours=2)
    assert len(http_server.requests) == 2
    booking.cancel(ad.creative.booking, by=None)
    look(time_machine, days=2)
    assert len(http_server.requests) == 2


def test_where_redirects_lead_is_looked_at_and_never_inside_our_own_network(ad, http_server, settings, time_machine):
    settings.LINK_CHECKS_OF_PRIVATE_HOSTS = False
    look(time_machine)
    look(time_machine, minutes=31)
    assert AdLinkCheck.objects.get().note == "its host is not on the public internet."
    assert not http_server.requests


def test_our_own_pages_are_not_asked(settings):
    creative = factories.confirmed().creatives.get()
    factories.submitted(creative, link_url=f"{settings.SITE_URL}/about/")
    link_checks.run_due()
    assert not AdLinkCheck.objects.exists()
