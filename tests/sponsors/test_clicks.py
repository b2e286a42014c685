"""A click counts only when a reader made it; every reader arrives where the ad said."""

import pytest
from django.http import QueryDict

from core.lib.signing import make_token
from sponsors import approval, booking, clicks
from sponsors.models import AdEvent
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def ad():
    factories.running()
    return factories.shown_on("web:article", factories.today())


def reasons():
    return list(AdEvent.objects.order_by("id").values_list("reason", flat=True))


def follow(client, ad, method="get", agent=BROWSER, **headers):
    return getattr(client, method)(ad.click_url, headers={"user-agent": agent} | headers)


def test_a_readers_click_counts_and_leads_to_the_sponsor(client, ad):
    response = follow(client, ad)
    assert (response.status_code, response["Location"]) == (302, ad.link_url)
    assert reasons() == [""]


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        ("head", {"method": "head"}),
        ("prefetch", {"purpose": "prefetch"}),
        ("prefetch", {"sec-purpose": "prefetch;prerender"}),
        ("prefetch", {"x-moz": "prefetch"}),
        ("no agent", {"agent": ""}),
        ("scanner", {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}),
        ("scanner", {"agent": "curl/8.5.0"}),
        ("scanner", {"agent": "python-requests/2.32"}),
    ],
)
def test_what_is_no_reader_is_not_counted_but_still_redirected(client, ad, reason, how):
    response = follow(client, ad, **how)
    assert response["Location"] == ad.link_url
    assert reasons() == [reason]


def test_a_click_before_the_day_is_a_test(client):
    factories.running(day=factories.soon(3))
    follow(client, factories.shown_on("web:article", factories.soon(3)))
    assert reasons() == ["test"]


def test_a_click_long_after_the_day_leads_home_uncounted(client, ad, time_machine):
    factories.wait(time_machine, days=31)
    assert follow(client, ad)["Location"] == "/"
    assert reasons() == ["expired"]


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_a_withdrawn_ad_leads_home_uncounted(client, ad, how):
    event_of = AdEvent._meta.get_field("version").related_model.objects.get(pk=ad.version_id)
    if how == "rejected":
        approval.reject(event_of, by=factories.user(), reason="No.")
    else:
        booking.cancel(event_of.creative.booking, by=None)
    assert follow(client, ad)["Location"] == "/"
    assert reasons() == ["withdrawn"]


@pytest.mark.parametrize("token", ["", "x", "AAAA", "https:", make_token.__name__])
def test_a_made_up_token_leads_to_a_safe_page_and_is_no_click(client, token):
    response = client.get(f"/advertise/go/{token or '-'}", headers={"user-agent": BROWSER})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert reasons() == []


def test_a_token_for_another_purpose_or_an_unknown_ad_leads_to_a_safe_page(client, ad):
    for token in (make_token("sponsors.report", 1, 2), make_token("sponsors.click", 10**9, 10**9)):
        assert client.get(f"/advertise/go/{token}")["Location"] == "/"
    assert reasons() == []


def test_the_destination_cannot_be_exchanged(client, ad):
    response = client.get(
        f"{ad.click_url}?next=https://evil.example&url=//evil.example", headers={"user-agent": BROWSER}
    )
    assert response["Location"] == ad.link_url


@pytest.mark.parametrize(
    "url",
    [
        "https://northwind.example/?a=&a=2&b&c=%20x&d=%2F&utm_source=",
        "https://northwind.example/p;v=1?q=a+b#part",
        "https://münchen.example/ü?q=ü",
    ],
)
def test_the_destination_is_unchanged(client, url):
    creative = factories.running().creatives.get()
    version = factories.approved(creative, link_url=url)
    location = follow(client, factories.shown_on("web:article", factories.today()))["Location"]
    assert location == version.link_url
    assert QueryDict(location.partition("?")[2]).lists.__self__ == QueryDict(version.link_url.partition("?")[2])
    if url.isascii():
        assert location == url


def test_an_answer_is_neither_kept_nor_indexed(client, ad):
    response = follow(client, ad)
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies


def test_only_the_network_is_stored(client, ad):
    client.get(ad.click_url, headers={"user-agent": BROWSER}, REMOTE_ADDR="198.51.100.77")
    assert AdEvent.objects.get().ip_prefix == "198.51.100.0/24"


def test_a_briefing_passes_its_own_verdict():
    claim = factories.running("mail:orbit").claims.get()
    clicks.record_click(claim_id=claim.pk, nonce="d1.2")
    clicks.record_click(claim_id=claim.pk, nonce="d1.2")
    clicks.record_click(claim_id=claim.pk, nonce="d2.2", reason="too soon")
    assert reasons() == ["", "repeat", "too soon"]


def test_an_unknown_reason_is_refused():
    claim = factories.running().claims.get()
    with pytest.raises(ValueError, match="bad mood"):
        clicks.record_click(claim_id=claim.pk, nonce="x", reason="bad mood")
