"""The rules by which clicks count, over HTTP: each row of a table is who clicked when, and what becomes of it."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from core.lib import data_centres
from sponsors import clicks, reports, verdicts
from sponsors.models import AdEvent, Booking, VerdictChange
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

HOME, OFFICE, HOSTED = "81.2.69.7", "81.2.69.{}", "52.95.110.1"
AGENTS = [f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0" for number in range(60)]


@pytest.fixture
def ads():
    """Four ads that run today, each of a sponsor of its own."""
    days = [factories.running(f"web:place-{number}", company=f"Sponsor {number}") for number in range(4)]
    return [factories.shown_on(f"web:place-{number}", factories.today()) for number in range(len(days))]


def click(client, ad, *, ip=HOME, agent=AGENTS[0], canary=False, **headers):
    address = ad.canary_url if canary else ad.click_url
    return client.get(address, headers={"user-agent": agent, **headers}, REMOTE_ADDR=ip)


def reasons():
    return list(AdEvent.objects.order_by("id").values_list("reason", flat=True))


def times(number, **fields):
    return [
        (0, {name: value(n) if callable(value) else value for name, value in fields.items()}) for n in range(number)
    ]


CASES = {
    "one reader again, and again weeks later": (
        [(0, {}), (3600, {}), (86_400 * 20, {})],
        ["", "repeat", "repeat"],
    ),
    "one address under many browsers' names": (times(50, agent=AGENTS.__getitem__), [""] * 3 + ["address"] * 47),
    "one network of many addresses": (times(20, ip=lambda n: OFFICE.format(n)), [""] * 10 + ["network"] * 10),
    "an IPv6 network of many": (
        times(12, ip=lambda n: f"2a00:1450:4001:{n:x}::1"), [""] * 10 + ["network"] * 2
    ),
    "one IPv6 household": (
        times(5, ip=lambda n: f"2a00:1450:4001:1::{n:x}", agent=AGENTS.__getitem__), [""] * 3 + ["address"] * 2
    ),
    "networks that are not public have anybody behind them": (times(12, ip="10.0.0.1", agent=AGENTS.__getitem__), [""] * 12),
    "a data centre": ([(0, {"ip": HOSTED}), (1, {"ip": "2600:1f18::1"})], ["hosted", "hosted"]),
    "fetched ahead": (
        [(0, {"purpose": "prefetch"}), (1, {"sec-purpose": "prefetch;prerender"}), (2, {"x-moz": "prefetch"})],
        ["prefetch"] * 3,
    ),
    "no name, and a scanner's": ([(0, {"agent": ""}), (1, {"agent": "curl/8.5.0"})], ["no agent", "scanner"]),
    "a link nobody sees, and what its finder did around it": (
        [(0, {}), (30, {"canary": True}), (70, {"ad": 1}), (200, {"ad": 2})],
        ["canary", "canary", "canary", ""],
    ),
    "three ads within a second": ([(0, {}), (0.5, {"ad": 1}), (1, {"ad": 2}), (60, {"ad": 3})], ["burst"] * 3 + [""]),
    "a few in tabs": ([(0, {}), (2, {"ad": 1}), (4, {"ad": 2})], ["", "", ""]),
    "what does not count takes nobody's place": (
        [(0, {"purpose": "prefetch"}), (0, {}), *times(2, agent="curl/8.5.0")],
        ["prefetch", "", "scanner", "scanner"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("came", "expected"), CASES.values(), ids=CASES)
def test_each_rule(client, ads, time_machine, came, expected):
    begin = timezone.now().replace(hour=1)
    for after, how in came:
        time_machine.move_to(begin + timedelta(seconds=after), tick=False)
        how = dict(how)
        response = click(client, ads[how.pop("ad", 0)], **how)
        assert response.status_code == 302
    verdicts.judge_all()
    assert reasons() == expected
    assert verdicts.judge_all() == 0, "the same facts give the same verdicts"
    for booking in Booking.objects.all():
        report = reports.report_on(booking)
        assert report.raw == report.valid + sum(n for _, n in report.reasons)
    assert sum(reports.report_on(booking).raw for booking in Booking.objects.all()) == len(came)


def test_a_canary_leads_to_a_safe_page(client, ads):
    assert click(client, ads[0], canary=True)["Location"] == "/"


def test_a_reader_of_two_pages_is_told_a_link_that_only_programs_follow(client):
    from django.template.loader import render_to_string

    factories.running()
    ad = factories.shown_on("web:article", factories.today())
    page = render_to_string("components/sponsor_slot.html", {"placement": ad})
    assert f'<a href="{ad.canary_url}" rel="nofollow" tabindex="-1" hidden></a>' in page


def test_the_sponsor_s_own_people_do_not_count_also_if_they_come_to_their_pages_later(client, ads):
    booking = Booking.objects.order_by("pk").first()
    click(client, ads[0])
    click(client, ads[1])
    assert reasons() == ["", ""]
    client.get(booking.portal_path, REMOTE_ADDR=HOME)
    assert verdicts.judge_lately() == 1
    assert reasons() == ["sponsor", ""]
    change = VerdictChange.objects.get()
    assert (change.event.reason, change.was, change.became) == ("sponsor", "", "sponsor")
    click(client, ads[0], agent=AGENTS[1])
    assert reasons()[-1] == "sponsor", "at once, since it is known by then"


def test_staff_who_sign_in_later_do_not_count(client, ads):
    click(client, ads[0])
    client.force_login(factories.user())
    click(client, ads[0])
    verdicts.judge_lately()
    assert reasons() == ["staff", "staff"]


def test_a_mail_that_was_clicked_before_nonces_were_of_deliveries_counts_once(ads):
    claim = Booking.objects.order_by("pk").first().claims.get()
    for nonce in ("mail:7:3", "mail:7:3", "mail:7", "mail:70"):
        clicks.record_click(claim_id=claim.pk, nonce=nonce)
    assert reasons() == ["", "repeat", "repeat", ""]
    assert verdicts.judge_all() == 0


def test_a_place_that_one_click_loses_goes_to_the_next(client, ads):
    for number in range(4):
        click(client, ads[0], agent=AGENTS[number])
    assert reasons() == ["", "", "", "address"]
    client.force_login(factories.user())
    click(client, ads[0], agent=AGENTS[0])
    verdicts.judge_lately()
    assert reasons() == ["staff", "", "", "", "staff"]


def test_a_newer_list_of_data_centres_judges_what_came_before(client, ads, settings, tmp_path):
    settings.DATA_CENTRES = tmp_path / "data-centres.txt"
    click(client, ads[0])
    published = tmp_path / "published.json"
    published.write_text('{"prefixes": [{"ip_prefix": "81.2.64.0/20"}, {"ipv6": "2a05:d000::/25"}, {"name": "x"}]}')
    call_command("refresh_data_centres", f"Ours={published}", stdout=(told := StringIO()))
    assert "Ours: 2 networks, published.json" in told.getvalue()
    assert "Amazon Web Services" in told.getvalue(), "other clouds stay"
    assert data_centres.as_of() == timezone.now().date()
    assert verdicts.judge_all() == 1
    assert reasons() == ["hosted"]


def test_the_shipped_list_says_of_each_cloud_where_it_is_from():
    clouds = data_centres.clouds_in(Path(data_centres.SHIPPED).read_text())
    assert len(clouds) >= 7
    assert all("https://" in source and networks for source, networks in clouds.values())
    for address, hosted in {
        "52.95.110.1": True,
        "34.64.0.9": True,
        "66.249.66.1": False,
        "203.0.113.7": False,
        "81.2.69.7": False,
        "": False,
    }.items():
        assert data_centres.is_hosted(address) is hosted
