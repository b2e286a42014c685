"""Many ballots from few places are shown to the steward, without a word about any choice."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from core import retention
from core.models import User
from surveys import ballot_requests, ballots, keys, request_signals
from surveys.addresses import canonical, mailbox
from surveys.models import MailboxName, PendingBallot, RequestCount, Season
from tests.html import one_line
from tests.surveys.factories import cast, open_season

pytestmark = pytest.mark.django_db


def ask(season, email, *, choice="ada", ip=""):
    ballot_requests.request_ballot(season=season, choices={"wallet": [[choice]]}, email=email, ip=ip)


def page_for(client, season, role="awards steward"):
    user = User.objects.create_user(f"{role.split()[0]}@example.com")
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client.get(reverse("admin:surveys_season_requests", args=[season.pk]))


def test_many_requests_from_a_throw_away_domain_stand_out(client):
    season = open_season()
    for number in range(30):
        ask(season, f"voter{number}@throwaway.example")
        ask(season, f"voter{number}@gmail.com")
    report = request_signals.report(season)
    assert [(line.name, line.number, line.stands_out) for line in report.domains] == [
        ("gmail.com", 30, False),
        ("throwaway.example", 30, True),
    ]
    page = page_for(client, season)
    assert "<code>" not in page.content.decode()
    assert one_line(page.content).count("stands out") == 2  # what it means, and the domain
    assert "Requests in Moon Awards 2026" in client.get("/admin/").content.decode()


def test_few_requests_stand_out_where_addresses_are_thrown_away(client):
    season = open_season()
    for number in range(5):
        ask(season, f"voter{number}@mailinator.com")
    (line,) = request_signals.report(season).domains
    assert (line.number, line.stands_out, line.is_disposable) == (5, True, True)
    text = one_line(page_for(client, season).content)
    assert "5 of them came from domains that are listed" in text
    assert "throw-away addresses" in text


def test_a_domain_of_ones_own_is_not_named(client):
    season = open_season()
    ask(season, "ann@annsmith.example")
    page = page_for(client, season)
    assert "annsmith" not in page.content.decode()
    assert "1 domain with fewer than 5 each" in one_line(page.content)


def test_a_network_is_known_for_a_day_and_by_nobody_who_has_the_table(client):
    season = open_season()
    for number in range(50):
        ask(season, f"voter{number}@example.com", ip="8.8.8.8")
    (line,) = request_signals.report(season).networks
    assert (line.number, line.stands_out) == (50, True)
    assert re.fullmatch("[0-9a-f]{12}", line.name)
    assert line.name in page_for(client, season).content.decode()
    assert line.name != keys.pepper(season).network_name(line.day + timedelta(days=1), "8.8.8.0/24")
    ask(season, "ann@example.com", ip="10.0.0.1")
    assert request_signals.report(season).networks == [line]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@proton.me", "a.n-n@pm.me"),
        ("ann@icloud.com", "ANN+x@mac.com"),
        ("ann.lee@yandex.ru", "ann-lee@ya.ru"),
        ("ann@fastmail.com", "votes@ann.fastmail.com"),
    ],
)
def test_a_mailbox_under_several_domains_is_a_signal_and_two_voters(client, one, other):
    season = open_season()
    for address in (one, other, one):
        ask(season, address)
    assert PendingBallot.objects.values("voter_key").distinct().count() == 2
    assert request_signals.report(season).mailboxes == [(mailbox(one)[0], 1)]
    assert f"{mailbox(one)[0]}: 1" in page_for(client, season).content.decode()


@pytest.mark.parametrize(
    "address", ["ann@example.com", "ann@fastmail.com.example", "ann@notproton.me", "ann@gmail.com"]
)
def test_most_mailboxes_have_one_domain(address):
    assert mailbox(address) is None
    assert canonical(address) == address


def test_two_people_at_one_provider_are_no_signal():
    season = open_season()
    ask(season, "ann@proton.me")
    ask(season, "bob@pm.me")
    assert request_signals.report(season).mailboxes == []


def test_the_page_is_the_same_whatever_was_chosen(client):
    first, second = open_season("one"), open_season("two")
    for season, choice in ((first, "ada"), (second, "coin")):
        for number in range(8):
            ask(season, f"voter{number}@example.com", choice=choice)
        cast(season.categories.get(), [[choice]], 4)
    pages = [
        page_for(client, season, role).content
        for season, role in ((first, "awards steward"), (second, "administrator"))
    ]
    tables = [re.search(r"<h2>By domain.*</ul>", one_line(page))[0] for page in pages]
    tables = [re.sub(r'/season/\d+/judge/(\?kind=domain&amp;of=[0-9a-f]{24})?"', '"', table) for table in tables]
    assert tables[0] == tables[1]
    assert "Ada" not in tables[0]


@pytest.mark.parametrize("role", ["editor", "writer", "newsletter manager"])
def test_others_do_not_see_it(client, role):
    assert page_for(client, open_season(), role).status_code == 403


def test_the_counts_go_after_thirty_days_and_mailboxes_with_the_pepper():
    season = open_season()
    ask(season, "ann@proton.me", ip="8.8.8.8")
    assert RequestCount.objects.count() == 3
    RequestCount.objects.update(day=RequestCount.objects.first().day - timedelta(days=31))
    assert retention.purge_expired()["counts of requests"] == 3
    assert MailboxName.objects.count() == 1
    Season.objects.update(released_at=timezone.now() - ballots.APPEAL_WINDOW - timedelta(days=1))
    retention.purge_expired()
    assert not MailboxName.objects.exists()
