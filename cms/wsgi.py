"""The WSGI application that granian serves: Django behind the page cache."""

import gc
import multiprocessing
import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
gc.disable()  # until all is loaded, of which nothing is garbage

django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.urls import reverse  # noqa: E402

import cms.urls  # noqa: E402, F401 - else the first reader waits for it
from articles.readership import beacons, collector  # noqa: E402
from cms.ops.processes import die_with_parent  # noqa: E402
from core import heartbeats  # noqa: E402
from core.lib import meters, statement_limits  # noqa: E402
from core.pagecache import PageCache  # noqa: E402 - needs the settings
from newsletter import sign_up_turns  # noqa: E402
from surveys import ballot_turns, survey_turns  # noqa: E402

application = PageCache(django_application)
letterboxes = {reverse("articles:beacon").encode(): beacons.take}
in_turns = ballot_turns.in_turns() | survey_turns.in_turns() | sign_up_turns.in_turns()

if multiprocessing.parent_process():  # it is served, and not only imported
    collector.start()
    meters.share(settings.VAR / "meters")
    statement_limits.keep_to(settings.WEB_STATEMENT_SECONDS)
    heartbeats.keep_recording("web", threading.Event())
    die_with_parent()  # else a web server that is killed leaves workers that go on answering, with code of long ago

# What is loaded by now stays for good. Else every full collection looks through all of it, 70 ms at a time.
gc.collect()
gc.freeze()
gc.enable()
