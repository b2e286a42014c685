"""What no log keeps: links by which whoever reads it could act in somebody's place."""

import logging
import re

CUT = "…"
# A segment of a path that is as long as a signed token, and has a capital letter, as no slug of ours has.
_TOKEN = re.compile(r"(?<=/)(?=[-\w]*[A-Z])[-\w]{16,}")


class WithoutLinks(logging.Filter):
    """Cut the tokens out of the addresses that a log line names."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        token = match.kwargs.get("token") if match else None
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(each, token) if isinstance(each, str) else each for each in record.args)
        return True


def _cut(text: str, token: object) -> str:
    return _TOKEN.sub(CUT, text.replace(token, CUT) if isinstance(token, str) and token else text)
