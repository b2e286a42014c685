"""The figures of several benchmarks as one page of documentation, from the JSON that each ended with."""

import ast
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEAD = """# Figures

Written by `bin/bench all`; `bin/bench NAME` measures one again. Each compares, in one run, with a ceiling or a rival beside it:
go by the ratios, in bold, since milliseconds and rates are those of one machine. The load comes from the same machine.

{date}, {cores} cores, {memory} GB, Python {python}, Linux {kernel}."""


def page(paths: list[Path]) -> str:
    """A Markdown page with a table for each benchmark."""
    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    about = {"cores": os.cpu_count(), "memory": memory, "python": platform.python_version()}
    head = HEAD.format(date=f"{datetime.now(UTC):%Y-%m-%d}", kernel=platform.release().split("-")[0], **about)
    return "\n\n".join([head, *(section(path.stem, json.loads(path.read_text())) for path in paths)])


def section(name: str, figures: dict[str, Any]) -> str:
    """What a benchmark measures, as it says itself, and what came of it: the ratios first."""
    source = Path(__file__).with_name(f"{name}.py").read_text()
    said = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].replace("\n", " ")
    rows = sorted(figures.items(), key=lambda figure: not is_ratio(figure[0]))
    lines = [f"| **{key}** | **{value}** |" if is_ratio(key) else f"| {key} | {shown(value)} |" for key, value in rows]
    return "\n".join([f"## {name}", "", said, "", "| figure | value |", "|---|---|", *lines])


def is_ratio(name: str) -> bool:
    return name.startswith("vs_") or "_vs_" in name


def shown(value: Any) -> str:
    """A figure, or several by name."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    print(page([Path(argument) for argument in sys.argv[1:]]))
