"""How connections of ours are encrypted: against the authorities that this machine trusts."""

import ssl
from functools import cache


@cache
def trusted() -> ssl.SSLContext:
    """What this process checks certificates with. Reading all authorities takes longer than some hundred letters."""
    return ssl.create_default_context()
