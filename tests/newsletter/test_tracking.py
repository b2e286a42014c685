"""Opens and clicks: every hit is kept, few count, and each that does not says why."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.lib.signing import make_token
from newsletter import stats
from newsletter.models import Briefing, Delivery, Hit, Subscriber, TrackedLink
from newsletter.sending import sender, tracking
from sponsors import audience, verdicts
from sponsors.models import AdEvent, Sponsor
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

pytestmark = pytest.mark.django_db

GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ITEMS = [{"heading": f"Item {n}", "url": f"https://example.com/{n}?a=&b=1&b=2"} for n in range(1, 5)]
READ = timedelta(hours=1)


@pytest.fixture
def sent(smtp_server):
    """A briefing that went out an hour ago to one reader."""
    weekly = factories.newsletter()
    factories.subscription(weekly)
    briefing = factories.frozen(weekly, items=ITEMS)
    sender.pump(briefing.pk)
    Delivery.objects.update(sent_at=timezone.now() - READ)
    return Briefing.objects.get(pk=briefing.pk)


@pytest.fixture
def reader(client, sent):
    return Reader(client, Delivery.objects.get())


class Reader:
    """Someone who reads one delivery."""

    def __init__(self, client, delivery):
        self.client, self.token = client, make_token("delivery", delivery.pk)

    def click(self, number=1, method="get", agent=BROWSER, **headers):
        ask = getattr(self.client, method)
        return ask(f"/l/{number}.{self.token}", headers={"User-Agent": agent, **headers})

    def open(self, agent=BROWSER):
        return self.client.get(f"/o/{self.token}.gif", headers={"User-Agent": agent})


def judged():
    """(kind, verdict, reason) of every hit, once all are judged."""
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        tracking.judge()
    return [tuple(row) for row in Hit.objects.order_by("id").values_list("kind", "verdict", "reason")]


def test_a_click_leads_to_the_stored_address_unchanged(reader):
    response = reader.click(2)
    assert (response.status_code, response.url) == (302, "https://example.com/2?a=&b=1&b=2")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert judged() == [("click", "valid", "")]


def test_nothing_in_the_address_decides_where_it_leads(reader, client):
    response = client.get(f"/l/1.{reader.token}?url=https://evil.example/&next=//evil.example")
    assert response.url.startswith("https://example.com/1")


@pytest.mark.parametrize("token", ["x", "1", "1.", "1.AAAA", ".", "999999.AAAA", "-1.AAAA", "٣.AAAA"])
def test_a_malformed_link_is_not_found(client, db, token):
    assert client.get(f"/l/{token}").status_code == 404


def test_a_link_of_ours_that_is_kept_no_longer_leads_to_a_safe_page(client, reader):
    assert client.get(f"/l/99.{reader.token}").url == "/newsletter/archive/"
    assert client.get(f"/l/1.{make_token('delivery', 10**9)}").url == "/newsletter/archive/"
    assert client.get(f"/o/{make_token('delivery', 10**9)}.gif").status_code == 200
    assert not Hit.objects.exists()


def test_opens_count_once(reader):
    responses = [reader.open(), reader.open()]
    assert responses[0]["Content-Type"] == "image/gif"
    assert responses[0].content[:6] == b"GIF89a"
    assert judged() == [("open", "valid", ""), ("open", "rejected", "repeat")]


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0",
        GMAIL_PREFETCH,
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    ],
)
def test_what_fetches_images_before_anyone_opens_the_mail_is_a_machine(reader, agent):
    reader.open(agent)
    reader.open()
    assert judged() == [("open", "machine", "image proxy"), ("open", "valid", "")]


def test_a_second_click_on_a_link_is_kept_and_not_counted(reader):
    reader.click(1)
    reader.click(1)
    reader.click(2)
    assert judged() == [("click", "valid", ""), ("click", "rejected", "repeat"), ("click", "valid", "")]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"method": "head"}, "head"),
        ({"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        ({"Purpose": "prefetch"}, "prefetch"),
        ({"agent": ""}, "no agent"),
        ({"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "scanner"),
    ],
)
def test_what_is_no_person_still_arrives_and_never_counts(reader, how, reason):
    assert reader.click(1, **how).status_code == 302
    assert judged() == [("click", "rejected", reason)]


def test_staff_do_not_count(reader, client):
    client.force_login(factories.user())
    reader.click(1)
    assert judged() == [("click", "rejected", "staff")]


def test_a_click_within_seconds_of_delivery_is_suspect(reader):
    Delivery.objects.update(sent_at=timezone.now())
    reader.click(1)
    assert judged() == [("click", "rejected", "too soon")]


def test_a_click_before_delivery_is_suspect(reader):
    Delivery.objects.update(sent_at=None, state="retry")
    reader.click(1)
    assert judged() == [("click", "rejected", "too soon")]


def test_who_follows_the_hidden_link_counts_for_nothing_around_it(reader):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        reader.click(1)
        clock.shift(30)
        reader.click(0)
        clock.shift(30)
        reader.click(2)
        clock.shift(40)
        reader.click(3)
    verdicts = judged()
    assert [row[2] for row in verdicts] == ["canary", "canary", "canary", ""]


def test_gmails_proxy_fetches_images_when_a_person_opens_the_mail(reader):
    reader.open("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")
    assert judged() == [("open", "valid", "")]


@pytest.mark.parametrize(("links", "seconds"), [((1, 2, 3), 0.5), ((1, 2, 3, 4, 5, 6), 1.9)])
def test_links_that_are_followed_faster_than_anyone_reads_are_a_scanners(reader, links, seconds):
    briefing = Delivery.objects.get().briefing
    for number in (5, 6):
        TrackedLink.objects.get_or_create(briefing=briefing, number=number, defaults={"url": "https://example.com/"})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in links:
            reader.click(number)
            clock.shift(seconds)
    assert {row[2] for row in judged()} == {"burst"}


def test_three_tabs_opened_within_three_seconds_are_a_readers(reader):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in (1, 2, 3):
            reader.click(number)
            clock.shift(1.2)
    assert [row[1] for row in judged()] == ["valid", "valid", "valid"]


def test_two_links_within_three_seconds_are_a_quick_reader(reader):
    reader.click(1)
    reader.click(2)
    assert [row[1] for row in judged()] == ["valid", "valid"]


def test_nothing_is_judged_before_what_follows_is_known(reader):
    reader.click(1)
    assert tracking.judge() == 0
    assert Hit.objects.get().verdict == ""


def test_judging_again_changes_nothing(reader):
    reader.click(1)
    reader.open()
    assert judged() == judged()


def test_the_database_lets_one_click_count(reader, sent):
    reader.click(1)
    judged()
    hit = Hit.objects.get()
    with pytest.raises(IntegrityError, match="hit_one_click_counts"), transaction.atomic():
        Hit.objects.create(delivery=hit.delivery, link=hit.link, kind="click", verdict="valid")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_count_once(client, smtp_server):
    weekly = factories.newsletter()
    factories.subscription(weekly)
    sender.pump(factories.frozen(weekly, items=ITEMS).pk)
    Delivery.objects.update(sent_at=timezone.now() - READ)
    delivery = Delivery.objects.get()

    def click():
        Reader(type(client)(), delivery).click(1)
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = [verdict for _, verdict, _ in judged()]
    assert (verdicts.count("valid"), verdicts.count("rejected")) == (1, 19)


def test_only_networks_are_kept(reader):
    reader.click(1)
    assert Hit.objects.get().network == "127.0.0.0/24"


# What is made of it


def test_the_figures_have_denominators_and_intervals(reader, sent):
    reader.open()
    reader.click(1)
    reader.click(2)
    reader.click(2, method="head")
    judged()
    reading = stats.readings([sent])[sent.pk]
    assert (reading.delivered, reading.opened, reading.clicked, reading.rejected) == (1, 1, 1, 1)
    assert (reading.open_rate.count, reading.open_rate.total) == (1, 1)
    assert reading.click_rate.interval[0] < 1


def test_an_unread_briefing_has_figures_too(sent):
    reading = stats.readings([sent])[sent.pk]
    assert (reading.opened, reading.clicked, reading.open_rate.value) == (0, 0, 0)


def test_the_media_kit_hears_of_what_was_sent(reader, sent):
    reader.open()
    judged()
    figures = audience.figures()
    (send,) = figures.sends
    assert figures.subscribers == 1
    assert (send.channel, send.delivered, send.opened, send.clicked) == ("mail:weekly", 1, 1, 0)


def test_figures_of_many_sends_take_few_queries(sent, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        stats.Audience().sends(since=timezone.now().date() - timedelta(days=30))


@pytest.fixture
def with_ad(smtp_server):
    """A briefing with a booked ad, sent to one reader."""
    weekly = factories.newsletter()
    factories.subscription(weekly)
    sponsors.running("mail:weekly", day=timezone.now().date() + timedelta(days=3))
    briefing = factories.briefing(weekly, issue_date=timezone.now().date() + timedelta(days=3))
    from newsletter.sending import approval, freeze

    approval.approve(briefing, by=factories.user())
    assert freeze.freeze(briefing.pk), Briefing.objects.get(pk=briefing.pk).trouble
    sender.pump(briefing.pk)
    Delivery.objects.update(sent_at=timezone.now() - READ)
    return briefing


def test_clicks_on_the_ad_are_told_to_the_sponsors_desk_with_their_reasons(with_ad, client, smtp_server):
    ad = with_ad.links.get(claim__isnull=False)
    assert b"Paid advertisement" in smtp_server.messages[0].message
    reader = Reader(client, Delivery.objects.get())
    for how in ({}, {}, {"method": "head"}):
        reader.click(ad.number, **how)
    judged()
    events = AdEvent.objects.filter(claim=ad.claim).order_by("id")
    assert [event.reason for event in events] == ["", "repeat", "head"]
    assert Hit.objects.count() == events.count()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"REMOTE_ADDR": "52.95.110.1"}, "hosted"),
        ({"Purpose": "prefetch"}, "prefetch"),
        ({"X-Purpose": "preview; prefetch"}, "prefetch"),
        ({"X-Moz": "prefetch"}, "prefetch"),
        ({"reader": "ads@northwind.example"}, "sponsor"),
        ({"reader": "lee@mail.northwind.example"}, "sponsor"),
        ({"reader": "second@example.com"}, "staff"),
        ({"reader": "somebody@notnorthwind.example"}, ""),
    ],
)
def test_whose_clicks_on_an_ad_in_a_mail_are_no_reader_s(with_ad, client, how, expected):
    ad = with_ad.links.get(claim__isnull=False)
    Sponsor.objects.update(website="https://www.northwind.example/")
    if address := how.pop("reader", ""):
        Subscriber.objects.update(email=address, canonical=address)
    if ip := how.pop("REMOTE_ADDR", ""):
        client.defaults["REMOTE_ADDR"] = ip
    assert Reader(client, Delivery.objects.get()).click(ad.number, **how)["Location"] == ad.url
    judged()
    assert AdEvent.objects.get().reason == expected
    assert verdicts.judge_all() == 0


def test_a_click_on_an_ad_whose_sponsor_has_an_address_that_cannot_be_read_stops_no_other(with_ad, client):
    Sponsor.objects.update(website="https://[")
    ad = with_ad.links.get(claim__isnull=False)
    other = with_ad.links.exclude(number=0).exclude(pk=ad.pk).first()
    reader = Reader(client, Delivery.objects.get())
    with time_machine.travel(timezone.now() - timedelta(minutes=10)):
        reader.click(ad.number)
    reader.click(other.number)
    assert judged() == [("click", "rejected", "error"), ("click", "valid", "")]


def test_a_click_that_the_sponsors_desk_cannot_take_does_not_count_and_stops_no_other(with_ad, client):
    ad = with_ad.links.get(claim__isnull=False)
    other = with_ad.links.exclude(number=0).exclude(pk=ad.pk).first()
    reader = Reader(client, Delivery.objects.get())
    with time_machine.travel(timezone.now() - timedelta(minutes=10)):
        reader.click(ad.number)
    reader.click(other.number)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sponsors_adevent ADD CONSTRAINT refuses_all CHECK (false) NOT VALID")
    assert judged() == [("click", "rejected", "error"), ("click", "valid", "")]
    assert not AdEvent.objects.exists()
