"""The WSGI application that granian serves: Django behind the page cache."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

django_application = get_wsgi_application()

import cms.urls  # noqa: E402, F401 - else the first reader waits for it
from core.pagecache import PageCache  # noqa: E402 - needs the settings

application = PageCache(django_application)

# What is loaded by now stays for good. Else every full collection looks through all of it, 70 ms at a time.
gc.collect()
gc.freeze()
