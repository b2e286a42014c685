"""The site as granian serves it, but with each page made anew: no page cache."""

from cms import wsgi
from core.lib.gateway import Gateway

application = Gateway(wsgi.django_application)
