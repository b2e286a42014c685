"""Templates can be read without scrolling sideways, and no address of ours is written out where it can be asked for."""

import ast
import re
from functools import cache
from pathlib import Path

from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
APPS = ("articles", "cms", "core", "newsletter", "sponsors", "surveys")
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if path.parent.name != "migrations"
)
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "static" / "js").rglob("*.js"))
ALLOWED = {
    "articles/robots.txt",  # names folders, which have no page of their own
    "articles/models/publication.py",  # shows in a help text what an address looks like
    "core/models/site.py",  # likewise
    "core/api/middleware.py",  # says which requests are the API’s, before any address is looked up
    "cms/ops/serving.py",  # asks its own server for /healthz, and has no Django
    "cms/settings.py",  # says where static and media files are
    "newsletter/mail/mime.py",  # writes the header of one-click unsubscription, and has no Django
}


def first_parts():
    """How the paths of the site begin, as patterns: "blog/", "sitemap.xml" … A whole one ends where its name does."""
    for pattern in get_resolver().url_patterns:
        for entry in getattr(pattern, "url_patterns", []) if str(pattern.pattern) == "" else [pattern]:
            part = re.split(r"(?<=/)|<", str(entry.pattern))[0]
            yield re.escape(part) + (r"(?![\w-])" if part and part == str(entry.pattern) and part[-1] != "/" else "")


@cache
def own_path():
    beginnings = "|".join(sorted({part for part in first_parts() if part}))
    return re.compile(rf"(?:^|(?<=[\s\"'`(=}}]))/(?:{beginnings})[^\s\"'`<,)]*")


def own_paths(text):
    return own_path().findall(text)


def own_paths_in(names, texts_of):
    """The paths of ours that files write out, by file; but for those that may."""
    found = {
        name: [path for text in texts_of(name) for path in own_paths(text)] for name in names if name not in ALLOWED
    }
    return {name: paths for name, paths in found.items() if paths}


def strings_in(module):
    """The strings of a module that are not docstrings, which speak of addresses."""
    tree = ast.parse((ROOT / module).read_text())
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.value


def test_no_line_of_a_template_is_longer_than_160_characters():
    lines = [(name, *line) for name in TEMPLATES for line in enumerate((FOLDER / name).read_text().splitlines(), 1)]
    assert [f"{name}:{number}" for name, number, line in lines if len(line) > 160] == []


def test_an_own_path_is_told_from_another():
    text = """<a href="/blog/a/">, '/feed.xml', {{ site_url }}/awards/, <a href="/">, "/blogger/", https://a.example/blog/"""
    assert own_paths(text) == ["/blog/a/", "/feed.xml", "/awards/"]


def test_a_template_asks_for_addresses_by_name():
    assert own_paths_in(TEMPLATES, lambda name: [(FOLDER / name).read_text()]) == {}


def test_a_module_asks_for_addresses_by_name():
    assert own_paths_in(MODULES, strings_in) == {}


def test_a_script_is_told_its_addresses_by_the_page():
    assert own_paths_in(SCRIPTS, lambda name: [(ROOT / name).read_text()]) == {}
