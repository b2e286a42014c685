"""IP addresses as we keep them: cut down to a network that many share."""

import re
from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """The /24 of an IPv4 address or the /48 of an IPv6 one, such as "203.0.113.0/24"; empty for what is no address.

    A network is taken as well, and comes back no narrower.
    """
    try:
        ip = ip_address(re.split("[%/]", address.strip(), maxsplit=1)[0])
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
