"""A page of documentation with a section for each benchmark: what was measured last, when, where and with which options."""

import ast
import json
import os
import platform
import re
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEAD = """# Figures

Each section was written by the command that it names, when it was last run; `bin/bench all` runs every benchmark as it is without
options. Each compares, in one run, with a ceiling or a rival beside it: go by the ratios, in bold, since milliseconds and rates are
those of one machine. The load comes from the same machine."""


def page(before: str, name: str, options: list[str], figures: dict[str, Any]) -> str:
    """The page with a new section for one benchmark, in place of an earlier one."""
    sections = {said.partition("\n")[0]: said.strip() for said in re.split(r"^## ", before, flags=re.MULTILINE)[1:]}
    sections[name] = section(name, options, figures)
    return "\n\n".join([HEAD, *(f"## {sections[each]}" for each in sorted(sections))]) + "\n"


def section(name: str, options: list[str], figures: dict[str, Any]) -> str:
    """What a benchmark measures, as it says itself, how it was run, and what came of it: the ratios first."""
    source = Path(__file__).with_name(f"{name}.py").read_text()
    said = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].replace("\n", " ")
    rows = sorted(figures.items(), key=lambda figure: not is_ratio(figure[0]))
    lines = [f"| **{key}** | **{value}** |" if is_ratio(key) else f"| {key} | {shown(value)} |" for key, value in rows]
    return "\n".join([name, "", said, "", run(name, options), "", "| figure | value |", "|---|---|", *lines])


def run(name: str, options: list[str]) -> str:
    """How, when and on what it was measured."""
    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    return (
        f"`{shlex.join(['bin/bench', name, *options])}`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory} GB,"
        f" Python {platform.python_version()}, Linux {platform.release().split('-')[0]}."
    )


def is_ratio(name: str) -> bool:
    return name.startswith("vs_") or "_vs_" in name


def shown(value: Any) -> str:
    """A figure, or several by name."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def write(path: str, name: str, *options: str) -> None:
    figures, kept = json.load(sys.stdin), Path(path)
    kept.write_text(page(kept.read_text() if kept.exists() else "", name, list(options), figures))


if __name__ == "__main__":
    write(*sys.argv[1:])
