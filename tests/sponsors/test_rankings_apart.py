"""Code that counts votes knows nothing of sponsors: it neither imports them nor reads their tables."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNTING = ("tallying", "results", "ledger", "voting", "methods", "sealing", "ranking")


def counting_modules():
    """Everything in surveys that counts, wherever it is: modules of these names and packages of them."""
    found = sorted((ROOT / "surveys").rglob("*.py"))
    return [path for path in found if set(path.relative_to(ROOT).with_suffix("").parts) & set(COUNTING)]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # apps.get_model("sponsors", …), import_module("sponsors…"), raw SQL


def speaks_of_sponsors(path):
    return [text for text in imported(path) if text.split(".")[0] == "sponsors" or "sponsors_" in text]


@pytest.mark.parametrize("path", counting_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_counting_code_speaks_of_sponsors(path):
    assert speaks_of_sponsors(path) == []


def test_there_is_counting_code_to_look_at():
    assert list(counting_modules())


@pytest.mark.parametrize(
    "source",
    ["import sponsors.models", "from sponsors import booking", "SQL = 'SELECT 1 FROM sponsors_claim'", "get('sponsors', 'x')"],
)  # fmt: skip
def test_the_check_finds_what_it_looks_for(tmp_path, source):
    path = tmp_path / "tallying.py"
    path.write_text(source)
    assert speaks_of_sponsors(path)
