"""JSON-LD held against schema.org's own vocabulary, and against what Google asks of the kinds of page it shows."""

import json
import re
from datetime import date, datetime
from functools import cache
from urllib.parse import urlsplit

from schema_org import registry

# What Google requires or recommends, as far as a newsroom has it:
# https://developers.google.com/search/docs/appearance/structured-data/search-gallery
WANTED = {
    "Article": {"headline", "image", "datePublished", "dateModified", "author"},
    "FAQPage": {"mainEntity"},
    "Question": {"name", "acceptedAnswer"},
    "Answer": {"text"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"position", "name", "item"},
    "Organization": {"name", "url", "logo"},
    "Person": {"name", "url"},
    "ProfilePage": {"mainEntity"},
    "WebSite": {"name", "url"},
}


def nodes_of(html):
    """The nodes in a page's script element."""
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[0])
    assert data["@context"] == "https://schema.org"
    return list(data["@graph"])


def problems(nodes):
    """What a validator would complain about."""
    known = {node["@id"] for node in nodes if "@id" in node}
    return [problem for node in nodes for problem in _of_node(node, str(node.get("@type")), known)]


def _of_node(node, path, known):
    kind = node.get("@type")
    if kind not in registry.CLASS_METADATA:
        return [f"{path}: there is no type {kind}"]
    found = [f"{path}: lacks {name}" for name in sorted(WANTED.get(kind, set()) - node.keys())]
    for name, value in node.items():
        if name in ("@type", "@id"):
            continue
        if name not in _properties(kind):
            found.append(f"{path}.{name}: {kind} has no such property")
            continue
        for one in value if isinstance(value, list) else [value]:
            found += _of_value(one, registry.PROPERTY_BY_SCHEMA[name].ranges, f"{path}.{name}", known)
    return found


def _of_value(value, ranges, path, known):
    if not isinstance(value, dict):
        fits = any(_fits(value, kind) for kind in ranges)
        return [] if fits else [f"{path}: {value!r} is none of {', '.join(ranges)}"]
    if value.keys() == {"@id"}:
        return [] if value["@id"] in known else [f"{path}: nothing has the @id {value['@id']}"]
    if not set(ranges) & {value.get("@type"), *_parents(str(value.get("@type")))}:
        return [f"{path}: {value.get('@type')} is none of {', '.join(ranges)}"]
    return _of_node(value, path, known)


def _fits(value, kind):
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind in ("Integer", "Number", "Float"):
        return isinstance(value, int if kind == "Integer" else (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str) or not value.strip():
        return False
    if kind in ("Date", "DateTime"):
        return _is_moment(value, date if kind == "Date" else datetime)
    # A plain address may stand for a thing, except where only words are meant.
    return kind == "Text" or ((kind not in registry.DATATYPES or kind == "URL") and _is_address(value))


def _is_moment(value, kind):
    try:
        moment = kind.fromisoformat(value)
    except ValueError:
        return False
    return not isinstance(moment, datetime) or moment.tzinfo is not None


def _is_address(value):
    return urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc) and " " not in value


@cache
def _properties(kind):
    own = {name for each in (kind, *_parents(kind)) for name in registry.CLASS_METADATA[each].properties}
    return frozenset(own)


@cache
def _parents(kind):
    direct = registry.CLASS_METADATA[kind].parents if kind in registry.CLASS_METADATA else ()
    return tuple(dict.fromkeys(name for parent in direct for name in (parent, *_parents(parent))))
