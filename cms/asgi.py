"""The ASGI application that granian serves: Django behind the page cache, behind a gateway that waits for the slow."""

from cms import wsgi
from core.lib.gateway import Gateway

application = Gateway(
    wsgi.application,
    at_once=wsgi.application.at_once,
    known_at_once=wsgi.application.headers_known_at_once(),
    letterboxes=wsgi.letterboxes,
    in_turns=wsgi.in_turns,
)
wsgi.application.submit = application.pool.submit
