"""Parsing of front matter: YAML between `---`, TOML between `+++`, or a JSON object."""

import json
import re
import tomllib
from typing import Any

import yaml

from articles.importing.posts import PostRefused

MAX_HEAD = 1024 * 1024
_FENCED = {
    "---": re.compile(r"---[ \t]*\n(?P<head>.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL),
    "+++": re.compile(r"\+\+\+[ \t]*\n(?P<head>.*?)(?:^|\n)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL),
}
_KEY_OR_ENTRY = re.compile(r"^[^\s:#][^:\n]*:(?:\s|$)|^-\s", re.MULTILINE)
# `title: Ether: a primer`, which people write although YAML forbids it.
_UNQUOTED = re.compile(r"^(?P<key>[A-Za-z_][\w-]*):[ \t]+(?P<value>[^\s\"'\[{|>&*!#].*:\s.*)$", re.MULTILINE)

Head = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """A YAML loader without anchors: a few lines of them can expand to more than fits in memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors (& and *) are not allowed")
        return super().compose_node(parent, index)


def split(text: str) -> tuple[Head, str]:
    """The head of a file as a mapping, its keys in lower case, and the text below. Raises PostRefused."""
    text = text.lstrip("\ufeff\n\r \t") if text[:50].lstrip("\ufeff\n\r \t").startswith(("---", "+++", "{")) else text
    if text.startswith("{"):
        return _json(text)
    fence = _FENCED.get(text[:3])
    match = fence.match(text) if fence else None
    if not match:
        if text.startswith(("---\n", "+++\n")) and re.match(r"...\n[\w-]+\s*[:=]", text):
            raise PostRefused("Its front matter is never closed.")
        return {}, text
    head = match["head"]
    if len(head) > MAX_HEAD:
        raise PostRefused("Its front matter is larger than 1 MB.")
    if text.startswith("---") and head.strip() and not _KEY_OR_ENTRY.search(head):
        # The text begins with a horizontal rule, and there is another one below.
        return {}, text
    read = _toml if text.startswith("+++") else load_yaml
    return _lowered(read(head)), text[match.end() :]


def load_yaml(text: str) -> Any:
    """Parse YAML. Raises PostRefused with the line of the error."""
    errors: list[Exception] = []
    for candidate in (text, _mended(text, tab="  "), _mended(text, tab="")):
        try:
            return yaml.load(candidate, Loader=_Loader)  # noqa: S506 - a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            errors.append(error)
    mark = getattr(errors[1], "problem_mark", None)
    line = f" at line {mark.line + 2}" if mark else ""
    problem = getattr(errors[1], "problem", None) or errors[1]
    raise PostRefused(f"Its front matter is not valid YAML{line}: {problem}.")


def _mended(text: str, *, tab: str) -> str:
    """YAML with its common errors corrected: tabs, which it forbids, and a colon in a value without quotation marks."""
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = re.sub(r"^\t+", lambda tabs: tab * len(tabs[0]), text, flags=re.MULTILINE)
    return _UNQUOTED.sub(
        lambda match: f"{match['key']}: {json.dumps(match['value'], ensure_ascii=False)}",
        re.sub(r"(?<=[:-])\t+", " ", text),
    )


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise PostRefused(f"Its front matter is not valid TOML: {error}.") from None


def _json(text: str) -> tuple[Head, str]:
    try:
        head, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}, text
    return (_lowered(head), text[end:]) if isinstance(head, dict) else ({}, text)


def _lowered(head: Any) -> Head:
    if head is None:
        return {}
    if not isinstance(head, dict):
        raise PostRefused("Its front matter does not consist of names and values.")
    return {str(key).strip().lower(): value for key, value in head.items()}
