"""The figures of several benchmarks as one table, from the JSON that each ended with."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path


def write(paths: list[Path]) -> None:
    """Print a Markdown table of the files' figures."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| benchmark | figure | value |\n|---|---|---|")
    for path in paths:
        for name, value in json.loads(path.read_text()).items():
            print(f"| {path.stem} | {name} | {value} |")


if __name__ == "__main__":
    write([Path(argument) for argument in sys.argv[1:]])
