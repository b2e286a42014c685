"""The addresses of a Jekyll or Hugo site, as its configuration defines them."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from articles.importing.markdown.frontmatter import load_yaml
from articles.importing.posts import PostRefused

_NAMES = (
    "_config.yml", "_config.yaml", "hugo.toml", "hugo.yaml", "hugo.yml", "config.toml", "config.yaml", "config.yml",
    "config/_default/hugo.toml", "config/_default/config.toml", "config/_default/hugo.yaml", "config/_default/config.yaml",
)  # fmt: skip
_FOLDER_OF_SITE = re.compile(r"((?:.+?/)?)(?:src/|source/)?(?:_posts|_drafts|content)/")
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The old site's address, its base path, and the patterns of its posts' addresses."""

    url: str = ""
    base: str = ""
    permalink: str = _STYLES["date"]
    by_section: dict[str, str] = field(default_factory=dict)
    found: bool = False


def read_config(read: Callable[[str], bytes | None], names: set[str], posts: list[str]) -> SiteConfig:
    """The configuration in the files of an export, in the folder of the site; the defaults if it cannot be read."""
    folders = dict.fromkeys(["", *(match[1] for name in posts if (match := _FOLDER_OF_SITE.match(name)))])
    name = next((f"{folder}{name}" for folder in folders for name in _NAMES if f"{folder}{name}" in names), "")
    text = (read(name) or b"").decode("utf-8", "replace") if name else ""
    try:
        values = tomllib.loads(text) if name.endswith(".toml") else load_yaml(text)
    except (PostRefused, tomllib.TOMLDecodeError, RecursionError):
        return SiteConfig()
    values = {str(key).lower(): value for key, value in values.items()} if isinstance(values, dict) else {}
    url = str(values.get("url") or values.get("baseurl") or "")
    jekyll = name.rsplit("/", 1)[-1].startswith("_config")
    base = str(values.get("baseurl") or values.get("root") or "") if jekyll else ""
    permalink = values.get("permalink")
    if isinstance(permalink, str) and permalink.startswith(":"):  # Hexo, which counts from its root
        permalink = f"/{permalink}"
    return SiteConfig(
        url if url.startswith("http") else "",
        "/" + base.strip("/") if base.strip("/") and not base.startswith("http") else "",
        _STYLES.get(permalink, permalink) if isinstance(permalink, str) else _STYLES["date"],
        _sections(values.get("permalinks")),
        found=bool(values),
    )


def _sections(value: Any) -> dict[str, str]:
    """Hugo's patterns by section; newer versions have them below `page`."""
    found = value.get("page", value) if isinstance(value, dict) else {}
    return (
        {str(key): pattern for key, pattern in found.items() if isinstance(pattern, str)}
        if isinstance(found, dict)
        else {}
    )


def address_of(
    pattern: str, *, slug: str, stem: str, categories: list[str], when: datetime | None, section: str = ""
) -> str:
    """An address made from a pattern; empty if the pattern has a variable that is not known."""
    values = {
        "categories": "/".join(categories), "title": stem, "slug": slug, "filename": stem, "contentbasename": stem,
        "slugorfilename": slug, "slugorcontentbasename": slug, "section": section, "sections": section, "output_ext": ".html",
    }  # fmt: skip
    if when:
        values |= {
            "year": f"{when:%Y}", "short_year": f"{when:%y}", "month": f"{when:%m}", "i_month": str(when.month), "day": f"{when:%d}",
            "i_day": str(when.day), "y_day": f"{when:%j}", "hour": f"{when:%H}", "minute": f"{when:%M}", "second": f"{when:%S}",
        }  # fmt: skip
    wanted = re.findall(r":([a-z_]+)", pattern)
    if any(name not in values for name in wanted):
        return ""
    made = re.sub(r":([a-z_]+)", lambda match: values[match[1]], pattern)
    return re.sub(r"/{2,}", "/", f"/{made}")
