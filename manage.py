#!/usr/bin/env python
"""Django's command line. `bin/manage` runs it with the environment and database in place."""

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    gc.disable()  # what is read at the start stays; to look through it for garbage took two fifths of the start
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError
    from psycopg.errors import UndefinedTable

    try:
        django.setup()
        gc.freeze()
        gc.enable()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"moonpress: {error}")
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        sys.exit(
            f"moonpress: The database lacks a table; run `{sys.argv[0]} prepare` first. ({error.__cause__.diag.message_primary})"
        )


if __name__ == "__main__":
    main()
