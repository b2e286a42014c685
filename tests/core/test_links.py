"""Addresses that are typed or pasted lead where their author meant, and carry nothing that follows a reader."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lib.links import direct, with_scheme

MEANT = "https://a.example/x?page=2&b#part"
REDIRECTORS = [
    "https://www.google.com/url?q={}&sa=D&source=editors&ust=17",
    "https://www.google.co.uk/url?sa=t&url={}",
    "http://google.com/url?q={}",
    "https://l.facebook.com/l.php?u={}&h=AT0",
    "https://lm.facebook.com/l.php?u={}",
    "https://l.instagram.com/?u={}&e=AT0",
    "https://eur02.safelinks.protection.outlook.com/?url={}&data=05%7C02&reserved=0",
    "https://www.youtube.com/redirect?event=video_description&q={}",
    "https://www.linkedin.com/redir/redirect?url={}",
    "https://slack-redir.net/link?url={}",
    "https://duckduckgo.com/l/?uddg={}&rut=1",
    "https://out.reddit.com/?url={}",
]


@pytest.mark.parametrize("redirector", REDIRECTORS)
def test_a_redirector_is_left_out_even_one_behind_another(redirector):
    once = redirector.format(quote(MEANT, safe=""))
    assert direct(once) == MEANT
    assert direct(REDIRECTORS[0].format(quote(once, safe=""))) == MEANT


@pytest.mark.parametrize(
    "address",
    [
        "https://t.co/abc",  # only asking would tell
        "https://www.google.com/search?q=https://a.example/",
        "https://google.com.evil.example/url?q=https://a.example/",
        "https://www.google.com/url?q=javascript:alert(1)",
        "https://www.google.com/url?q=/local",
        "https://www.google.com/url",
        "https://[half/url?q=https://a.example/",
        "/url?q=https://a.example/&utm_source=x",
        "mailto:a@b.example?subject=utm_source",
    ],
)
def test_what_is_no_redirector_stays_as_it_is(address):
    assert direct(address) == address


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("https://a.example/?utm_source=x&utm_medium=y", "https://a.example/"),
        ("https://a.example/?a=1&fbclid=x&b=%20&gclid=y#z", "https://a.example/?a=1&b=%20#z"),
        ("https://a.example/?mc_cid=1&mc_eid=2&_hsenc=3&msclkid=4", "https://a.example/"),
        ("https://youtu.be/dQw4w9WgXcQ?si=abc&t=9", "https://youtu.be/dQw4w9WgXcQ?t=9"),
        ("https://a.example/?si=1&ref=2&autumn=3", "https://a.example/?si=1&ref=2&autumn=3"),
        ("https://a.example/#?utm_source=x", "https://a.example/#?utm_source=x"),
    ],
)
def test_trackers_are_left_out_and_nothing_else(address, meant):
    assert direct(address) == meant


def test_a_campaign_is_kept_where_it_is_meant():
    assert direct("a.example/?utm_source=us&gclid=1", keep_campaign=True) == "https://a.example/?utm_source=us"


@pytest.mark.parametrize("address", ["example.org:8080/x", "example.org:8080", "sub.example.org:80?a", "docs.zip:99"])
def test_a_site_typed_with_its_port_gets_a_scheme(address):
    assert with_scheme(address) == f"https://{address}"


@given(st.lists(st.sampled_from(REDIRECTORS), max_size=3), st.text(max_size=20) | st.just(MEANT))
def test_what_is_direct_stays_so(redirectors, address):
    for redirector in redirectors:
        address = redirector.format(quote(address, safe=""))
    assert direct(direct(address)) == direct(address)
