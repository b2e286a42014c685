"""The WSGI application that granian serves: Django behind the page cache."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

django_application = get_wsgi_application()

from cms.lib.pagecache import PageCache  # noqa: E402 - needs the settings

application = PageCache(django_application)
