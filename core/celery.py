"""The Celery application. Tasks are doorbells: the work itself is always a row (see docs/decisions)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

app = Celery("moonpress")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
