"""The commands in bin/: from any folder, from awkward paths, and with clear words where something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.processes import manage_command

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "MOONPRESS_VAR", "PYTHONPATH"}


@pytest.fixture
def bare(tmp_path):
    """A clone with nothing but the commands and a requirements file that asks for nothing."""
    clone = tmp_path / "a clone"
    shutil.copytree(ROOT / "bin", clone / "bin")
    (clone / "requirements.txt").write_text("# nothing\n")
    (clone / "show").write_text(
        '#!/usr/bin/env bash\nsource "$(dirname "${BASH_SOURCE[0]}")/bin/_env"\necho "$python"\n'
    )
    (clone / "show").chmod(0o755)
    return clone


def environment(**more):
    return {name: value for name, value in os.environ.items() if name not in NOT_OURS} | more


def run(*command, **more):
    return subprocess.run(command, env=environment(**more), capture_output=True, text=True, check=False, cwd="/")


@pytest.fixture
def programs(tmp_path):
    """A PATH with what the commands use and no Python."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "dirname", "env"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def pretend(program, script):
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_no_python_is_said_in_one_line(bare, programs):
    done = run(bare / "show", PATH=str(programs))
    assert done.returncode == 1
    assert done.stderr.startswith("moonpress: Python 3.11 or newer is needed")
    assert len(done.stderr.splitlines()) == 1


def test_a_python_too_old_is_no_python(bare, programs):
    pretend(programs / "python3", "exit 1")
    assert run(bare / "show", PATH=str(programs)).stderr.startswith("moonpress: Python 3.11 or newer is needed")


def test_a_missing_venv_module_is_named_with_its_package(bare, programs):
    pretend(programs / "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = run(bare / "show", PATH=str(programs))
    assert "apt-get install python3-venv" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def installed(bare, tmp_path):
    """That clone after two commands were started at once, its .venv being a link to elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (bare / ".venv").symlink_to(tmp_path / "elsewhere" / "environment")
    both = [
        subprocess.Popen([bare / "show"], env=environment(PYTHON=sys.executable), stdout=-1, stderr=-1)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(b"installed in" in error for _, error in said) == 1, "one installed while the other one waited"
    assert {output.decode().strip() for output, _ in said} == {str(bare / ".venv/bin/python")}
    return bare


def test_installing_is_done_once_and_again_where_it_was_cut_off_or_failed(installed):
    assert run(installed / "show").stderr == "", "nothing is left to do"
    (installed / ".venv" / "unfinished").touch()
    (installed / ".venv" / "lib").rename(installed / ".venv" / "torn")
    again = run(installed / "show")
    assert again.returncode == 0
    assert "making .venv" in again.stderr
    (installed / "requirements.txt").write_text("# something else\n")
    assert "installed in" in run(installed / "show").stderr, "requirements that changed are installed"
    (installed / "requirements.txt").write_text("moonpress-needs-this==no-version\n")
    failed = run(installed / "show")
    assert failed.returncode != 0
    assert "the installation failed" in failed.stderr
    assert "moonpress-needs-this" in failed.stderr


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "some where"
    folder.mkdir()
    return folder


def test_manage_takes_paths_from_where_it_is_called(elsewhere):
    (elsewhere / "sql.py").write_text(
        "from django.db import connection; connection.ensure_connection(); print('there')"
    )
    command = [ROOT / "bin" / "manage", "shell", "--no-imports", "--command", "exec(open('sql.py').read())"]
    done = subprocess.run(
        command,
        env=environment(MOONPRESS_VAR=str(elsewhere / "var")),
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "there\n", done.stderr


def test_manage_hands_on_how_it_ended(elsewhere):
    assert run(ROOT / "bin" / "manage", "no_such_command", MOONPRESS_VAR=str(elsewhere / "var")).returncode == 1


def test_an_unknown_benchmark_is_answered_with_those_there_are(elsewhere):
    done = run(ROOT / "bin" / "bench", "nothing", MOONPRESS_VAR=str(elsewhere / "var"))
    assert done.returncode == 2
    assert done.stderr.startswith("usage: bin/bench NAME")


@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_is_said_in_words():
    empty = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {empty}")
        cursor.execute(f"CREATE DATABASE {empty}")
    done = manage_command("tally", "a-season", database=empty)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {empty} WITH (FORCE)")
    assert done.returncode == 1
    assert done.stderr.startswith("moonpress: The database lacks a table; run `")
    assert len(done.stderr.splitlines()) == 1
