"""Networks of data centres, from which programs come and hardly a reader: the ranges that large clouds publish themselves.

data_centres.txt beside this module says of each cloud where it publishes them and as of which day they were taken. What is
finer than the networks that we store (/24, /48) is left out, so that a stored network is judged like the address it is of.
A newer list that `refresh_data_centres` made of newer files takes its place.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from textwrap import wrap
from typing import Any

from django.conf import settings

from core.lib.networks import network_of

SHIPPED = Path(__file__).with_suffix(".txt")
FINEST = {4: 24, 6: 48}
HEAD = re.compile(r"^# (\d{4}-\d\d-\d\d)$", re.MULTILINE)
WIDTH = 120  # of a line
CIDR = re.compile(r"[0-9a-fA-F:.]{3,45}/\d{1,3}")

Network = IPv4Network | IPv6Network
Spans = dict[int, tuple[list[int], list[int]]]  # by version: first addresses in order, and the last of each


def is_hosted(address: str) -> bool:
    """Whether an address, or the network that is stored of it, lies in a data centre that we know of."""
    network = network_of(address)
    if not network:
        return False
    return _is_within(network, _known())


@lru_cache(8192)
def _is_within(network: str, kept: "Kept") -> bool:
    first = ip_network(network)
    starts, ends = kept.spans.get(first.version, ([], []))
    at = bisect_right(starts, int(first.network_address)) - 1
    return at >= 0 and int(first.network_address) <= ends[at]


class Kept:
    """A list as it is looked up, and the day it is as of."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = HEAD.search(text)
        self.as_of = date.fromisoformat(found[1]) if found else date.min
        self.spans: Spans = {}
        lines = (line for line in text.splitlines() if not line.startswith("#"))
        for network in collapsed(cidr for line in lines for cidr in CIDR.findall(line)):
            starts, ends = self.spans.setdefault(network.version, ([], []))
            starts.append(int(network.network_address))
            ends.append(int(network.broadcast_address))


def as_of() -> date:
    """The day of the list in force."""
    return _known().as_of


def text_in_force() -> str:
    """The list in force, as it is written."""
    return _known().text


def _known() -> Kept:
    return _newest(_changed(Path(settings.DATA_CENTRES)), _changed(SHIPPED))


def _changed(path: Path) -> tuple[Path, int]:
    try:
        return path, path.stat().st_mtime_ns
    except OSError:
        return path, 0


@lru_cache(2)
def _newest(*files: tuple[Path, int]) -> Kept:
    return max(
        (Kept(path.read_text()) for path, changed in files if changed), key=lambda kept: kept.as_of
    )  # the first of equals


# Making a list


def collapsed(cidrs: Iterable[str]) -> Iterator[Network]:
    """Networks without those within others, and without those finer than what we store; IPv4 first, each in order."""
    kept: dict[int, list[Any]] = {4: [], 6: []}
    for cidr in cidrs:
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:
            continue
        if network.is_global:  # published files name some that are for documentation only
            kept[network.version].append(network)
    for networks in kept.values():
        yield from (each for each in collapse_addresses(networks) if each.prefixlen <= FINEST[each.version])


def networks_in(text: str) -> list[str]:
    """The networks that a published file names: JSON of any shape, CSV, or one a line."""
    try:
        found = [value for value in _texts(json.loads(text)) if CIDR.fullmatch(value)]
    except ValueError:
        found = CIDR.findall(text)
    return [str(network) for network in collapsed(found)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def list_of(clouds: Mapping[str, tuple[str, Iterable[str]]], *, day: date) -> str:
    """The text of a list: of each cloud a line on where its networks are from, then those."""
    parts = [f"# {day}"]
    for name, (source, networks) in sorted(clouds.items()):
        parts += [f"# {name}: {source}", *wrap(" ".join(map(str, collapsed(networks))), WIDTH)]
    return "\n".join(parts) + "\n"


def clouds_in(text: str) -> dict[str, tuple[str, list[str]]]:
    """What a list says of each cloud: source and networks."""
    found: dict[str, tuple[str, list[str]]] = {}
    networks: list[str] = []
    for line in text.splitlines()[1:]:
        if line.startswith("# "):
            name, _, source = line.removeprefix("# ").partition(": ")
            _, networks = found[name] = (source, [])
        else:
            networks += line.split()
    return found
