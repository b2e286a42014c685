"""Who may import whom: import-linter's contracts list every module, and refuse one that nobody put into a storey."""

import ast
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["cms", "core", "sponsors", "articles", "newsletter", "surveys"]
PACKAGES = ["core.lib", "articles.desk", "articles.importing"]


def lint(folder):
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied(tmp_path):
    """Our modules and the contracts, to spoil."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=lambda _, names: [n for n in names if "." in n[:-3]])
    return tmp_path


def test_every_folder_of_ours_with_modules_is_under_contract():
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    listed = contracts["importlinter:contract:layers"]["layers"].split()
    assert (
        sorted(listed)
        == sorted(PARTS)
        == sorted(config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir())
    )
    assert all(contracts[f"importlinter:contract:{part}"].getboolean("exhaustive") for part in [*PARTS, *PACKAGES])


def test_the_map_of_the_architecture_has_the_same_storeys():
    drawn = re.findall(r"^ ([\w/]+) +│", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert drawn == [*contracts["importlinter:contract:layers"]["layers"].split(), "core/lib"]


def test_the_map_of_the_architecture_shows_what_plugs_itself_in_where():
    drawn = re.findall(r"^ (\w+) +│.+─▶ (.+)$", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert [part for part, _ in drawn] == ["surveys", "newsletter", "articles"]
    for part, registers in drawn:
        calls = {
            ast.unparse(node.func)
            for file in (ROOT / part).glob("*.py")
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call)
        }
        assert {f"{register.rpartition('.')[2]}.register" for register in registers.split(", ")} <= calls, part


def test_a_module_that_no_storey_lists_is_refused(copied):
    assert lint(copied).returncode == 0
    packages = [*PARTS, *PACKAGES]
    for package in packages:
        (copied / package.replace(".", "/") / "unlisted.py").touch()
    refused = lint(copied)
    assert refused.returncode == 1
    assert set(re.findall(r"- ([\w.]+)\.unlisted", refused.stdout)) == set(packages)


def test_an_arrow_that_runs_up_is_refused_inside_a_function_too(copied):
    with (copied / "core" / "outbox.py").open("a") as module:
        module.write("\n\ndef glance_up():\n    import articles.models\n")
    refused = lint(copied)
    assert refused.returncode == 1
    assert "core.outbox -> articles.models" in refused.stdout


def test_the_library_names_no_table_of_ours():
    tables = {model._meta.db_table for model in apps.get_models() if model.__module__.split(".")[0] in PARTS}
    for module in (ROOT / "core" / "lib").glob("*.py"):
        assert not tables.intersection(re.findall(r"\w+", module.read_text())), module.name
