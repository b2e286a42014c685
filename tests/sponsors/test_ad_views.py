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

from articles.readership import salts
from core import pagecache, retention
from core.lib.journal import MOST_IN_ALL, Full, Journal
from sponsors import booking, view_counts, view_partitions, viewability
from sponsors.models import AdDay, Adjustment, AdReader, AdRollUp, AdView, Booking, BuyerDay, Claim
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


def test_views_before_a_buyer_or_one_of_ours_is_known_are_judged_again(client, ad):
    """Of the same day: what is kept of readers cannot be told apart on another."""
    sold = Booking.objects.get()
    view(client, ad)
    view(client, ad, nonce=2, ip="81.2.70.1", agent=120)
    view(client, ad, nonce=3, ip="81.2.71.1")
    assert counted() == {"": 3}
    client.get(sold.portal_path, REMOTE_ADDR=HOME)
    view(client, ad, nonce=4, ip="81.2.70.1", agent=120, cookie="sessionid=x")
    expected = {"": 1, "sponsor": 1, "staff": 2}
    assert counted() == expected
    assert counted() == expected, "judging again gives the same"
    assert set(AdView.objects.values_list("reason", flat=True)) == {"", "staff"}, "what came stays as it came"
    client.get(sold.portal_path, REMOTE_ADDR=HOME)
    assert BuyerDay.objects.count() == 1


def test_where_one_sponsor_reads_another_s_ad_it_counts(client, ad):
    client.get(Booking.objects.get().portal_path, REMOTE_ADDR=HOME)
    factories.running("web:home", company="Second Ltd")
    view(client, factories.shown_on("web:home", factories.today()))
    assert counted() == {"": 1}


def test_counts_made_of_every_single_view_are_the_same(client, ad):
    for number in range(90):
        view(client, ad, nonce=number, agent=100 + number // 60, ip=f"81.2.{69 + number % 2}.7")
    made = counted()
    assert sum(made.values()) == 90
    assert len(made) > 1
    assert AdReader.objects.count() < 90
    with connection.cursor() as cursor:  # as a restored backup might lack it
        cursor.execute("DELETE FROM sponsors_adreader")
    view_counts.roll_up(factories.today(), anew=True)
    assert dict(AdDay.objects.values_list("reason", "number")) == made
    view(client, ad, nonce=1000, agent=100)
    assert sum(counted().values()) == 91


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


def test_what_tells_readers_apart_cannot_be_made_again_once_the_salt_of_their_day_is_gone(client, ad):
    for nonce in (1, 2, 3):
        view(client, ad, nonce=nonce)
        viewability.flush()
        if nonce == 2:
            salts.forget_old(timezone.now() + timedelta(days=2))
    told = AdView.objects.order_by("at").values_list("visitor", "place", "network")
    assert told[0] == told[1]
    assert not set(told[1]) & set(told[2])


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

    with pytest.raises(ExceptionGroup):
        journal.settle(fail)
    assert journal.settle(taken.extend) == len(set(taken)) == 200


def test_lines_that_cannot_be_read_and_files_that_cannot_be_settled_stop_no_others(client, ad, folder, caplog):
    for number, line in enumerate(["[1]", "[", "null", "[1, 1, 1e400, 1, 1, 1, 0, 0]", '["x", 1, 2, 3, 4, 5, "", ""]']):
        (folder / f"0.{number}.lines").write_text(f"{line}\n")
    view(client, ad)
    assert counted() == {"": 1}
    assert caplog.text.count("cannot be read") == 5
    assert not list(folder.iterdir())

    def refuse_one(lines):
        if b"bad" in lines:
            raise ValueError

    (folder / "0.1.lines").write_text("bad\n")
    (folder / "0.2.lines").write_text("good\n")
    with pytest.raises(ExceptionGroup):
        Journal(lambda: folder).settle(refuse_one)
    (left,) = folder.iterdir()
    left.unlink()


def test_a_folder_that_is_full_takes_no_more(tmp_path):
    with (tmp_path / "0.lines").open("wb") as file:
        file.truncate(MOST_IN_ALL + 1)
    with pytest.raises(Full):
        Journal(lambda: tmp_path).add(b"1")


ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from core.lib.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (15, 15))
journal, refused, taken = Journal(lambda: Path(sys.argv[1])), 0, []
for _ in range(4):
    try:
        journal.add(b"123456")
    except OSError:
        refused += 1
journal.settle(taken.extend)
sys.exit(taken != [b"123456"] * 3 or refused != 1)
"""


def test_a_line_that_was_written_in_part_takes_no_other_with_it(tmp_path):
    assert (
        subprocess.run([sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)], cwd=Path.cwd(), check=False).returncode
        == 0
    )


def test_views_written_after_the_last_count_of_their_day_are_counted_until_it_is_dropped(client, ad, time_machine):
    view(client, ad)
    factories.wait(time_machine, days=1)
    view_counts.roll_up_due()
    assert not AdDay.objects.exists()
    viewability.flush()
    view_counts.roll_up_due()
    assert dict(AdDay.objects.values_list("reason", "number")) == {"": 1}
    rolled_up_at = AdRollUp.objects.earliest("day").rolled_up_at
    view_counts.roll_up_due()
    assert AdRollUp.objects.earliest("day").rolled_up_at == rolled_up_at, "once is enough"


def test_views_that_come_when_those_of_their_day_are_dropped_change_no_count(client, ad, time_machine):
    assert counted() == {}
    view(client, ad)
    factories.wait(time_machine, days=9)
    viewability.flush()
    assert not AdView.objects.exists()


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
