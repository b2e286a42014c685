"""Runs one benchmark by name on a migrated database, and prints its figures as JSON on the last line."""

import importlib
import json
import os
import sys

import django
from django.core.management import call_command


def main(name: str, *arguments: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()
    call_command("prepare", "--no-demo")
    figures = importlib.import_module(f"benchmarks.{name}").main(list(arguments))
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
