"""Addresses are kept as networks only, and belong to the reader, not to the proxy in between."""

import pytest

from core.lib.forms import client_address
from core.lib.networks import counted_as, is_public, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:aaaa:bbbb:1:2:3:4", "2001:db8:aaaa::/48"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_network_is_wide_enough_to_name_nobody(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address"),
    [
        (False, "203.0.113.9", "198.51.100.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        (True, "", "198.51.100.1"),
    ],
)
def test_only_the_proxy_of_our_own_is_believed(rf, settings, behind_proxy, forwarded, address):
    settings.BEHIND_PROXY = behind_proxy
    request = rf.get("/", REMOTE_ADDR="198.51.100.1", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ('"[2001:DB8:0::9]:4711"', "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::9%eth0", "fe80::9"),
        *(
            (text, "198.51.100.1")
            for text in ("unknown", "_hidden", "203.0.113.9.9", ",", "203.0.113.9,", "[:]:1", "x:1")
        ),
    ],
)
def test_an_address_is_read_however_a_proxy_writes_it(rf, settings, forwarded, address):
    settings.BEHIND_PROXY = True
    request = rf.get("/", REMOTE_ADDR="198.51.100.1", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("hops", "address"), [(1, "192.0.2.3"), (2, "192.0.2.2"), (3, "203.0.113.9"), (4, "1.1.1.1"), (5, "1.1.1.1")]
)
def test_the_reader_stands_before_as_many_proxies_as_there_are(rf, settings, hops, address):
    settings.BEHIND_PROXY, settings.PROXY_HOPS = True, hops
    request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9, 192.0.2.2, 192.0.2.3"})
    assert client_address(request) == address


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_an_address_on_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
        *("::1", "::", "fe80::1%eth0", "fd00::1", "fec0::1", "ff02::1"),
        *("::10.0.0.1", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "2001:0:a00:1::"),
    ],
)
def test_what_leads_into_our_own_network_is_not(address):
    assert not is_public(address)


def test_one_household_is_counted_as_one():
    assert counted_as("2001:db8:1:2:a::1") == counted_as("2001:db8:1:2:b::9") != counted_as("2001:db8:1:3:a::1")
    assert counted_as("198.51.100.7") == "198.51.100.7"
    assert counted_as("") == ""
