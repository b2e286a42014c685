"""Views of ads: said by browsers by the way of the readers' figures, kept raw, counted by day, with a reason for each that is not."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import pagecache, retention
from core.lib.journal import Journal
from sponsors import booking, view_counts, view_partitions, viewability
from sponsors.models import AdDay, Adjustment, AdView, Booking, Claim
from tests.articles.factories import publication
from tests.smtp import wait_until
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

HOME, HOSTED = "81.2.69.7", "52.95.110.1"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    from articles.readership import beacons

    settings.AD_JOURNALS = tmp_path
    beacons.forget_bursts()
    yield tmp_path
    viewability.flush()
    beacons.forget_bursts()


@pytest.fixture
def ad():
    factories.running()
    return factories.shown_on("web:article", factories.today())


def view(client, ad, nonce="0.5", *, agent=140, ip=HOME, token=None, **headers):
    told = {"host": "testserver", "origin": "http://testserver", "user-agent": BROWSER.format(agent, agent), **headers}
    body = f"ad\n{nonce}\n{token or ad.view_token}"
    answer = client.post("/b", body, content_type="text/plain", headers=told, REMOTE_ADDR=ip)
    assert answer.status_code == 204


def counted():
    viewability.flush()
    view_counts.roll_up(factories.today())
    return dict(AdDay.objects.values_list("reason", "number"))


CASES = {
    "one view": ([{}], {"": 1}),
    "the same again": ([{}, {}, {"ip": "81.2.70.1"}], {"": 1}),
    "one reader, many views": ([{"nonce": n} for n in range(25)], {"": 20, "repeat": 5}),
    "one address, many browsers' names": (
        [{"nonce": n, "agent": n // 10} for n in range(80)],
        {"": 60, "address": 20},
    ),
    "from where nobody reads": (
        [{"ip": HOSTED}, {"nonce": 2, "user-agent": "curl/8.5.0"}, {"nonce": 3, "sec-purpose": "prefetch"}],
        {"hosted": 1, "scanner": 2},
    ),
    "by staff, and from another site": (
        [{"cookie": "sessionid=x"}, {"nonce": 2, "origin": "https://evil.example"}],
        {"staff": 1, "foreign": 1},
    ),
    "who asks not to be counted": ([{"dnt": "1"}, {"sec-gpc": "1"}], {}),
    "a token that is none of ours": ([{"token": "AAAA"}, {"token": "x\ny"}], {}),
}  # fmt: skip


@pytest.mark.parametrize(("came", "expected"), CASES.values(), ids=CASES)
def test_what_becomes_of_views(client, ad, came, expected):
    for how in came:
        view(client, ad, **how)
    assert counted() == expected
    assert sum(expected.values()) == AdView.objects.count(), "raw is counted plus rejected"
    assert counted() == expected, "counting again gives the same"


def test_an_ad_that_is_not_to_be_shown_has_no_views(client, ad):
    view(client, ad)
    booking.cancel(Booking.objects.get(), by=None)
    assert counted() == {"withdrawn": 1}


def test_a_day_before_and_after_do_not_count(client, time_machine):
    factories.running(day=factories.soon(3))
    ad = factories.shown_on("web:article", factories.soon(3))
    view(client, ad, nonce=1)
    factories.wait(time_machine, days=5)
    view(client, ad, nonce=2)
    viewability.flush()
    assert list(AdView.objects.order_by("at").values_list("reason", flat=True)) == ["test", "expired"]


def test_the_sponsor_s_own_views_do_not_count(client, ad):
    client.get(Booking.objects.get().portal_path, REMOTE_ADDR=HOME)
    view(client, ad)
    assert counted() == {"sponsor": 1}


def test_nothing_that_tells_an_address_is_kept(client, ad, folder):
    view(client, ad)
    (file,) = folder.iterdir()
    assert HOME not in file.read_text()
    assert "Firefox" not in file.read_text()
    viewability.flush()
    assert list(folder.iterdir()) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM sponsors_adview t")
        assert HOME not in cursor.fetchone()[0]


def test_adjustments_survive_counting_and_are_never_changed(client, ad):
    claim = Claim.objects.get()
    Adjustment.objects.create(
        claim=claim, kind="view", number=-3, words="Shown under a wrong name.", by=factories.user()
    )
    view(client, ad)
    counted()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Adjustment.objects.update(number=1)
    assert Adjustment.objects.get().number == -3


def test_old_views_go_with_their_day_and_their_counts_stay(client, ad, time_machine):
    view(client, ad)
    viewability.flush()
    factories.wait(time_machine, days=9)
    assert retention.purge_expired()["views of ads"] == 1
    assert dict(AdDay.objects.values_list("reason", "number")) == {"": 1}
    assert timezone.now().date() - timedelta(days=9) not in view_partitions.days()


KILLED = """
import os, signal, sys
from pathlib import Path
from core.lib.journal import Journal
journal = Journal(lambda: Path(sys.argv[1]))
for number in range(500):
    journal.add(b"%d" % number)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_noted_is_taken_once_by_another(tmp_path):
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path.cwd(), check=False)
    assert died.returncode == -signal.SIGKILL
    taken = []
    journal = Journal(lambda: tmp_path)
    journal.add(b"500")
    assert journal.settle(taken.extend) == 501
    assert sorted(map(int, taken)) == list(range(501))
    assert journal.settle(taken.extend) == 0


def test_lines_that_cannot_be_settled_wait_for_the_next_time(tmp_path):
    journal, taken = Journal(lambda: tmp_path), []
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: journal.add(b"%d" % n), range(200)))

    def fail(lines):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        journal.settle(fail)
    assert journal.settle(taken.extend) == len(set(taken)) == 200


def test_twenty_replays_count_once(client, ad):
    for _ in range(20):
        view(client, ad)
        viewability.flush()
    assert counted() == {"": 1}


def test_a_browser_tells_once_half_of_an_ad_was_in_view_for_a_second(page, live_site):
    publication(slug="bridges")
    factories.running()
    pagecache.bump()
    with page.expect_request(lambda request: (request.post_data or "").startswith("ad\n"), timeout=60_000) as told:
        page.goto("/blog/bridges/")
        page.locator("[data-ad]").scroll_into_view_if_needed()
    assert told.value.url == f"{live_site.url}/b"
    wait_until(AdView.objects.exists, what="the view")
