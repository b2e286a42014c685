"""How long a statement may take, by kind of process: a page's is given up long before a worker's."""

from typing import Any

from django.conf import settings
from django.db import connections


def keep_to(seconds: int) -> None:
    """Have PostgreSQL end statements of this process after as many seconds; 0 for never. Before the first connection.

    It is said as a connection begins, and so holds for no other behind a pooler.
    """
    for alias in settings.DATABASES:
        options: dict[str, Any] = connections.settings[alias].setdefault("OPTIONS", {})
        said = [options.get("options", ""), f"-c statement_timeout={seconds * 1000}"]
        options["options"] = " ".join(filter(None, said))
