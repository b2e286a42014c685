"""Celery's broker in a folder (kombu's `filesystem`), whose messages appear whole.

kombu makes a file and then fills it. A worker that looks in between finds half a message, and ends.
"""

import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel that fills a file out of sight and then gives it its name."""

    def _put(self, queue: str, message: Any, **_options: Any) -> None:  # type: ignore[override]
        folder, name = Path(self.data_folder_out), f"{monotonic_ns():020}_{uuid.uuid4()}"
        unseen = folder / f"{name}.tmp"
        try:
            unseen.write_text(dumps(message))
            unseen.rename(folder / f"{name}.{queue}.msg")
        except OSError as error:
            raise ChannelError(f"The message {name} cannot be added to {folder}.") from error


class Transport(filesystem.Transport):
    Channel = Channel


def use() -> None:
    """Have addresses that begin with filesystem:// mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
