"""Modules, folders and files that documents, docstrings and comments name are there."""

import ast
import io
import pkgutil
import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
FILES = [name for name in FILES if (ROOT / name).is_file()]
PYTHON = [name for name in FILES if name.endswith(".py") and "/migrations/" not in name]
TEXTS = [name for name in FILES if name.endswith(".md") and name != "CHANGELOG.md"]
TEXTS += [
    ".env.example",
    "Dockerfile",
    "Procfile",
    "compose.yaml",
    *(name for name in FILES if name.startswith("bin/")),
]
PARTS = "articles|benchmarks|cms|core|newsletter|sponsors|surveys|tests"
MODULE = re.compile(rf"(?<![\w/.@-])(?:{PARTS})(?:\.[a-zA-Z_]\w*)+(?![\w/@-])")
PLACE = re.compile(rf"(?<![\w/.:-])(?:{PARTS}|bin|docs|static|templates)/[\w./-]*\w/?|\b\w+\.py\b")


def remarks(name):
    """The comments and docstrings of a Python file."""
    source = (ROOT / name).read_text()
    yield from (
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""


@cache
def is_importable(name):
    """Whether a dotted name leads to a module or something in one."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@cache
def files_of(part):
    return {name.rpartition("/")[2] for name in FILES if name.startswith(part)}


def missing(text, *, part=""):
    """What is named and not there; a bare name of a file means one of the same part."""
    known = files_of(part)
    places = {place for place in PLACE.findall(text) if not re.search("[A-Z]{3}", place)}  # such as articles/SLUG.md
    return [name for name in MODULE.findall(text) if not is_importable(name)] + [
        place for place in places if not (ROOT / place).exists() and place not in known
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_names_what_is_there(name):
    assert missing((ROOT / name).read_text()) == []


def test_docstrings_and_comments_name_what_is_there():
    found = {name: missing("\n".join(remarks(name)), part=name.split("/")[0]) for name in PYTHON}
    assert {name: names for name, names in found.items() if names} == {}


def test_comments_in_templates_name_what_is_there():
    templates = [name for name in FILES if name.startswith("templates/")]
    found = {name: missing("\n".join(re.findall(r"\{#.*?#\}", (ROOT / name).read_text()))) for name in templates}
    assert {name: names for name, names in found.items() if names} == {}
