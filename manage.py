#!/usr/bin/env python
"""Django's command line. `bin/manage` runs it with the environment and database in place."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"moonpress: {error}")


if __name__ == "__main__":
    main()
