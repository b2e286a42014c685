"""The names and values behind the name of a shortcode, a Liquid tag or a component."""

import re

_PAIR = re.compile(
    r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|(\S+))|"([^"]*)"|'([^']*)'|`([^`]*)`|([^\s"'=`]+)"""
)


def values_of(text: str) -> dict[str, str]:
    """Named values by their names in lower case, others by their numbers, from 0."""
    found: dict[str, str] = {}
    number = 0
    for match in _PAIR.finditer(text):
        if match[1]:
            found[match[1].lower()] = next((value for value in match.group(2, 3, 4, 5) if value is not None), "")
        elif match[0] != ",":
            found[str(number)] = next((value for value in match.group(6, 7, 8, 9) if value is not None), "")
            number += 1
    return found


def named(values: dict[str, str]) -> dict[str, str]:
    """The values that have names."""
    return {name: value for name, value in values.items() if not name.isdigit()}


def block(html: str) -> str:
    """HTML as a block of its own among Markdown."""
    return f"\n\n{html.strip()}\n\n" if html.strip() else ""
