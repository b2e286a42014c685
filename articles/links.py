"""The links in a text to pages of this site: which there are, and the text with those that moved."""

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings


@cache
def _pattern(site: str) -> re.Pattern[str]:
    """Matches an address of this site that is a whole text, or the target of a link in some HTML."""
    return re.compile(rf'(?P<start>^|\shref=")(?P<site>{re.escape(site)})?(?P<path>/(?!/)[^\s"?#]*)(?=$|["?#])')


def _slashed(path: str) -> str:
    return path if path.endswith("/") or "." in path else f"{path}/"


def own_links(text: str) -> set[str]:
    """The paths on this site that an address or the links of some HTML lead to."""
    return {_slashed(link["path"]) for link in _pattern(settings.SITE_URL).finditer(text)}


def with_moved(text: str, moved: Mapping[str, str], *, absolute: bool = False) -> str:
    """An address or some HTML, with links to where pages are now. Links of this site become paths unless `absolute`."""

    def now(link: re.Match[str]) -> str:
        path = moved.get(_slashed(link["path"]), link["path"])
        return link["start"] + ((link["site"] or "") if absolute else "") + path

    return _pattern(settings.SITE_URL).sub(now, text)


def is_move(path: str, target: str) -> bool:
    """Whether a redirect leads to the same page under another slug: not to the list that it was taken down to."""
    return target.startswith("/") and path.rstrip("/").rpartition("/")[0] == target.rstrip("/").rpartition("/")[0] != ""
