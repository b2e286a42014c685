"""IP addresses: shortened to the network, which is all that we store, and told apart as public or private."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

import idna

OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN_IPV4 = re.compile(rf"({OCTET}\.{OCTET}\.{OCTET})\.{OCTET}")
WITH_PORT = re.compile(r"\[(?P<v6>[^]]*)\](:\d+)?|(?P<v4>[\d.]+):\d+")


def address_in(text: str) -> str:
    """The address in a value such as "203.0.113.7:4711" or "[2001:db8::1]"; empty if there is none."""
    text = text.strip().strip('"')
    if PLAIN_IPV4.fullmatch(text):
        return text
    if match := WITH_PORT.fullmatch(text):
        text = match["v6"] or match["v4"] or ""
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def counted_as(address: str) -> str:
    """The part of an address that one household or office shares: an IPv4 address, or the /64 of an IPv6 one."""
    return str(ip_network((address, 64), strict=False)) if ":" in address else address


def network_of(address: str) -> str:
    """The /24 of an IPv4 address or the /48 of an IPv6 one, such as "203.0.113.0/24"; empty if it is not an address.

    A network is accepted as well, and comes back no narrower.
    """
    if plain := PLAIN_IPV4.fullmatch(address):  # by far the most frequent, and millions in an import
        return f"{plain[1]}.0/24"
    try:
        ip = ip_address(re.split("[%/]", address.strip(), maxsplit=1)[0])
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def public_network_of(address: str) -> str:
    """The network of a public address; empty for a private or local one, behind which anybody may be."""
    network = network_of(address)
    return network if network and _is_public_network(network) else ""


@lru_cache(4096)
def _is_public_network(network: str) -> bool:
    return is_public(network.partition("/")[0])


GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that is given out; what lies outside leads to IPv4, or nowhere public
TRANSLATED = IPv6Network("2002::/16")  # by a relay that may be near us


def ascii_host(host: str) -> str:
    """A host's name as DNS has it (A-labels, IDNA 2008 over the mapping of UTS 46). Raises ValueError where it has none.

    The older rules, which Python's own codec follows, turn straße.de into strasse.de, which is somebody else's.
    """
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, and no translator to IPv4 near us can lead it elsewhere."""
    ip = ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv6Address) and (ip not in GLOBAL_UNICAST or ip in TRANSLATED):
        return False
    return ip.is_global and not ip.is_multicast
