"""Addresses are kept as networks only, and belong to the reader, not to the proxy in between."""

import pytest

from core.lib.forms import client_address
from core.lib.networks import network_of


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
